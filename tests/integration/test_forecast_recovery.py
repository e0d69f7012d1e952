"""Forecasts after kill -9, restarts and other numbers of workers are those of a run that nothing disturbed."""

import signal
import subprocess
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
import redis

from flows.facts import Fact, FactBatch, FactKey
from flows.keyspace import facts_key
from sensors.events import Event, Footfall, Line, Pos
from sensors.keyspace import partition_of
from sensors.streams import Entry, Position
from tests.floor_process import append, last_minutes, reached, start
from tests.floor_runs import START, floor_batches, newest
from tests.ingest_process import wait_for
from tests.servers import RedisServer

STORES = ("north", "south")
QUARTERS = 29 * 4  # from 21:00 on a Monday to 02:00 on Wednesday
LEARNED = ("_forecast", "forecast_state", "unusual_traffic", "forecast_error")
_line = msgspec.json.Decoder(FactBatch).decode
_encode = msgspec.json.Encoder().encode


def _events(store: str, quarter: int) -> list[Event]:
    """A quarter's people and a ticket; more by day, each store at its own size."""
    at = START + timedelta(minutes=15 * quarter + 4)
    people = 8 + 5 * STORES.index(store) + (quarter * 7) % 5 + (20 if 8 <= at.hour < 20 else 0)
    name = f"{store}-{quarter}"
    return [
        Footfall(at=at, store=store, source="cam", id=name, door="a", entered=people),
        Footfall(at=at, store=store, source="cam-b", id=name, door="b", entered=people // 4),
        Pos(
            at=at, store=store, source="till", id=name, till="1", transaction=name, net_minor=900,
            lines=[Line(sku="p", units=1 + quarter % 3, net_minor=900)],
        ),
    ]  # fmt: skip


def _log() -> list[Entry]:
    """The stores' log: each quarter's events, then a tick five minutes after its end."""
    entries = []
    for quarter in range(QUARTERS):
        at = START + timedelta(minutes=15 * quarter + 20)
        ms = round(at.timestamp() * 1000)
        for partition in sorted({partition_of(store, 16) for store in STORES}):
            told = [
                event
                for store in STORES
                if partition_of(store, 16) == partition
                for event in _events(store, quarter)
            ]
            entries.append(Entry(partition, Position(ms, 0), at, b"\n".join(map(_encode, told))))
            entries.append(Entry(partition, Position(ms, 1), at, b""))
    return entries


def _forecasts(batches: list[FactBatch]) -> dict[FactKey, Fact]:
    """What holds of everything that was learned; a restarted floor may say it once more."""
    return {
        key: msgspec.structs.replace(fact, as_of=START)
        for key, fact in newest(batches).items()
        if fact.metric.endswith(LEARNED)
    }


def _said(client: "redis.Redis") -> list[FactBatch]:
    return [
        _line(line)
        for partition in sorted({partition_of(store, 16) for store in STORES})
        for _, fields in client.xrange(facts_key(partition))  # type: ignore[union-attr]
        for line in fields[b"e"].splitlines()
    ]


def _end(process: subprocess.Popen[bytes], how: signal.Signals) -> None:
    process.send_signal(how)
    assert process.wait(30) == (0 if how == signal.SIGTERM else -signal.SIGKILL)


@pytest.mark.servers
@pytest.mark.timeout(600)  # three starts of a floor, and a day's log twice
def test_forecasts_after_a_kill_and_two_rescales_are_an_undisturbed_runs(
    redis_server: RedisServer, tmp_path: Path
) -> None:
    """One worker killed with -9, four workers, one again: every forecast, interval, state and reason is equal."""
    entries = _log()
    share = len(entries) // 3
    with redis_server.client() as client:
        for part, (workers, how) in enumerate(
            ((1, signal.SIGKILL), (4, signal.SIGTERM), (1, signal.SIGTERM))
        ):
            process = start(redis_server, tmp_path, workers)
            some = entries[part * share : (part + 1) * share if part < 2 else None]
            append(client, some)
            ticks = last_minutes(some)
            last = {store: ticks[partition_of(store, 16)].position for store in STORES}
            wait_for(lambda last=last: reached(client, last), within_s=120, what="the share")  # type: ignore[misc]
            _end(process, how)
        expected, held = _forecasts(floor_batches(entries)), _forecasts(_said(client))
    assert {key.metric for key in expected} >= {
        "visitors_forecast",
        "net_sales_forecast",
        "forecast_state",
    }
    assert len(expected) > 300
    assert {key: held.get(key) for key in expected} == expected
