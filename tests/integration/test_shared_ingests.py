"""Several ingests of one shared subscription: what they may divide they divide, what has an order keeps it."""

import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest
from msgspec.structs import replace

from flows.ledger import Ledger
from flows.profile import Profiles
from flows.publish import Publisher
from flows.settings import FlowsSettings
from sensors.adapter_memory import field_of
from sensors.clock import SystemClock
from sensors.event_log import read
from sensors.events import AnyEvent, Dwell, Footfall
from sensors.keyspace import claim_key, memory_key, partition_of
from sensors.settings import Broker, Device, SensorsSettings
from tests.ingest_cases import TOPIC, settings
from tests.ingest_process import Gateway, Ingest, logged, wait_for
from tests.servers import Mosquitto, RedisServer

pytestmark = pytest.mark.servers
P = partition_of("riverside", 16)
CLAIM = claim_key("shop")
FRIGATE = Device(match="frigate/#", adapter="frigate", store="riverside", zones={"promo": "promo"})
VISITS = 40
LINES = msgspec.json.Decoder(AnyEvent)
BEGAN = round(SystemClock().now().timestamp()) - 3600


class Shop(NamedTuple):
    """Two ingests of one group, a gateway, and the log they write."""

    ingests: dict[bytes, Ingest]
    gateway: Gateway
    redis: Any
    settings: SensorsSettings

    @property
    def holder(self) -> bytes:
        """Who hears the cameras."""
        name: bytes = self.redis.get(CLAIM)
        return name


@pytest.fixture
def shop(mosquitto: Mosquitto, redis_server: RedisServer, tmp_path: Path) -> Iterator[Shop]:
    """Both connected."""
    made = [
        replace(
            settings(
                url=redis_server.url,
                folder=str(tmp_path),
                broker=Broker(
                    host="127.0.0.1", port=mosquitto.port, shared_group="shop", client_id=name
                ),
            ),
            devices=[FRIGATE],
        )
        for name in ("a", "b")
    ]
    with Ingest(made[0], tmp_path, "a") as a, Ingest(made[1], tmp_path, "b") as b:
        for ingest in (a, b):
            wait_for(lambda ingest=ingest: "mqtt-subscribed" in ingest.said)  # type: ignore[misc]
        wait_for(
            lambda: (a.said + b.said).count("mqtt-subscribed") == 3, what="the group's session"
        )
        with Gateway(mosquitto.port) as gateway:
            yield Shop({b"a": a, b"b": b}, gateway, redis_server.client(), made[0])


def camera(kind: str, visit: int, seconds: float, *zones: str) -> tuple[str, bytes]:
    """A tracked person, so many seconds after it was seen first."""
    after = {
        "id": f"v{visit}", "camera": "c", "label": "person", "frame_time": BEGAN + seconds,
        "end_time": BEGAN + seconds, "current_zones": zones,
    }  # fmt: skip
    return "frigate/events", json.dumps({"type": kind, "after": after}).encode()


def counter(number: int, total: int) -> tuple[str, bytes]:
    """Our own format: a running total, ten seconds after the one before."""
    at = datetime.fromtimestamp(BEGAN + 10 * number, UTC).isoformat()
    event = {"kind": "footfall", "at": at, "door": "main", "entered": total, "counting": "total",
             "seq": number, "id": str(number)}  # fmt: skip
    return TOPIC, json.dumps(event).encode()


def visitors(shop: Shop) -> int:
    """What the floor makes of the log."""
    publisher = Publisher(Ledger(Profiles(FlowsSettings(), shop.settings).of("riverside")))
    entries = [entry for entry in read(shop.redis, P) if not entry.is_tick]
    for entry in entries:
        publisher.ledger.take(LINES.decode_lines(entry.lines), entry.received_at)
    told = publisher.tick(entries[-1].received_at)
    quarters = [f for f in told if (f.metric, f.window, f.subject) == ("visitors", "quarter", "")]
    return sum(int(fact.value or 0) for fact in quarters)


def dwells(client: Any) -> list[float]:
    """Every finished visit, in seconds."""
    return sorted(e.dwell_s for e in logged(client) if isinstance(e, Dwell))


def test_what_has_an_order_keeps_it_and_the_rest_is_divided(shop: Shop) -> None:
    """Every visit is begun and ended at one ingest; running totals, whoever takes them, come to what was counted."""
    totals = [*range(0, 3 * VISITS, 3), *range(2, 2 * VISITS + 2, 2)]  # restarted half way
    for visit in range(VISITS):
        shop.gateway.send([camera("new", visit, visit, "promo"), counter(visit, totals[visit])])
    for visit in range(VISITS):
        number = VISITS + visit
        shop.gateway.send([camera("end", visit, 2 * visit + 60), counter(number, totals[number])])
    wait_for(lambda: len(dwells(shop.redis)) == VISITS, what="every visit")
    wait_for(lambda: len(logged(shop.redis)) == 3 * VISITS)
    assert dwells(shop.redis) == [visit + 60.0 for visit in range(VISITS)]
    counted = [event.id for event in logged(shop.redis) if isinstance(event, Footfall)]
    assert Counter(counted) == Counter(map(str, range(2 * VISITS)))
    assert visitors(shop) == totals[VISITS - 1] + totals[-1]
    assert shop.redis.xlen(f"dead:{{{P}}}") == 0


def test_another_ingest_goes_on_where_the_killed_one_was(shop: Shop) -> None:
    """Killed with people in its zones, its claim lapses; the other ends their visits, also what came between."""
    shop.gateway.send([camera("new", visit, visit, "promo") for visit in range(VISITS)])
    begun = {field_of("frigate/#", "frigate", f"visit|v{n}|promo").encode() for n in range(VISITS)}
    wait_for(lambda: begun <= set(shop.redis.hkeys(memory_key(P))), what="all are remembered")
    gone = shop.holder
    shop.ingests[gone].kill()
    shop.gateway.send([camera("end", visit, 2 * visit + 60) for visit in range(VISITS)])
    wait_for(lambda: shop.gateway.acknowledged == 2 * VISITS)
    assert dwells(shop.redis) == []
    shop.redis.delete(CLAIM)  # as after its lease
    wait_for(lambda: len(dwells(shop.redis)) == VISITS, what="every visit")
    assert dwells(shop.redis) == [visit + 60.0 for visit in range(VISITS)]
    assert shop.holder not in {gone, None}
    shop.ingests[gone].start().connected(3 if gone == b"a" else 2)
    shop.gateway.send([camera("new", 99, 0, "promo"), camera("end", 99, 5)])
    wait_for(lambda: len(dwells(shop.redis)) == VISITS + 1)
    assert shop.ingests[gone].said.count("claim-won") == 1
