"""What the ingest tests share: a shop, its settings, and a message's outcome."""

from datetime import UTC, datetime, time

from sensors.codec import Codec, Outcome
from sensors.pseudonym import Pseudonym
from sensors.settings import (
    Broker,
    Door,
    Hours,
    Limits,
    Log,
    Redis,
    SensorsSettings,
    Store,
    Text,
)
from sensors.topics import parse_topic

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
TOPIC = "floor/v1/riverside/events/door-1"


def shop(store: str) -> Store:
    """A small shop that never closes."""
    name = Text(en=store, zh=store)
    return Store(
        id=store,
        name=name,
        timezone="Asia/Shanghai",
        capacity=100,
        doors=[Door(id="main", name=name)],
        hours=[Hours(days=["mon"], opens=time(9), closes=time(22))],
    )


def settings(
    *,
    port: int = 1883,
    url: str = "",
    folder: str = ".floorcast",
    log: Log | None = None,
    limits: Limits | None = None,
    broker: Broker | None = None,
) -> SensorsSettings:
    """Two shops behind one broker."""
    return SensorsSettings(
        broker=broker or Broker(host="127.0.0.1", port=port),
        redis=Redis(url=url, embedded_dir=folder),
        log=log or Log(),
        limits=limits or Limits(),
        stores=[shop("riverside"), shop("hillside")],
    )


CODEC = Codec(settings(), Pseudonym(b"k" * 32))


def decode(payload: bytes, topic: str = TOPIC, at: datetime = NOW) -> list[Outcome]:
    """A message's outcomes by the shop's codec."""
    parsed = parse_topic(topic)
    assert parsed is not None
    return CODEC.decode(payload, parsed, at)
