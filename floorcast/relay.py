"""A recorded log sent on: to a broker as the devices would, or into a live log as ingest would."""

import threading
from collections.abc import Generator, Iterable, Iterator

import msgspec
import redis

from floorcast.demo import seed_log
from floorcast.errors import FloorcastError, place_of, unanswered
from floorcast.pace import Pace
from floorcast.publish import publish
from floorcast.replayed import Totals
from sensors.events import AnyEvent
from sensors.simulation.delivery import Delivery
from sensors.stream_source import connect
from sensors.streams import Entry

_lines = msgspec.json.Decoder(AnyEvent)


def to_broker(
    entries: Iterable[Entry], broker: str, totals: Totals, *, speed: float | None, stop: threading.Event
) -> int:  # fmt: skip
    """Publish every event at QoS 1 on its device's topic; returns how many. Ticks are ingest's to make."""
    return publish(_deliveries(entries, totals), broker, speed=speed, stop=stop, as_recorded=True)


def _deliveries(entries: Iterable[Entry], totals: Totals) -> Iterator[Delivery]:
    for entry in entries:
        totals.add((entry,))
        if not entry.is_tick:
            for event in _lines.decode_lines(entry.lines):
                yield Delivery(entry.received_at, event)


def to_log(
    entries: Iterator[Entry], url: str, totals: Totals, *, speed: float | None, stop: threading.Event
) -> int:  # fmt: skip
    """Append every entry under its own position, for the stages that follow the log; returns how many.

    Raises:
        FloorcastError: that log already holds something newer.
        UnavailableError: it cannot be reached.
    """
    client, newer = connect(url), ""
    paced = _paced(entries, totals, speed, stop)
    try:
        client.ping()
        together = (
            ((entry,) for entry in paced) if speed else (paced,)
        )  # one by one as they are due
        for batch in together:
            for newest in seed_log(client, iter(batch)):
                del newest
    except redis.ResponseError as error:
        newer = str(error)
    except redis.RedisError as error:
        raise unanswered("Redis", url, error) from None
    finally:
        paced.close()
        client.close()
    if newer:
        raise FloorcastError(
            f"{place_of(url)}: {newer}: its log is newer than the recording; name an empty Redis"
        )
    return totals.entries


def _paced(
    entries: Iterable[Entry], totals: Totals, speed: float | None, stop: threading.Event
) -> Generator[Entry, None, None]:
    pace = Pace(speed) if speed else None
    for entry in entries:
        while pace and not stop.is_set() and pace.due(entry.received_at):
            stop.wait(0.02)
        if stop.is_set():
            return
        totals.add((entry,))
        yield entry
