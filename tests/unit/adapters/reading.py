"""Short words for the adapters' tests: a device, a shop's clock, one message decoded."""

from datetime import UTC, datetime, time
from typing import Any

import msgspec

from sensors.adapters import adapter
from sensors.events import Event
from sensors.reject import Reject
from sensors.settings import Device, Hours, Store, Text

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def shop(timezone: str = "Europe/Berlin", currency: str = "EUR") -> Store:
    """A shop whose clock and money are these."""
    return Store(
        id="shop",
        name=Text(en="Shop", zh="店"),
        timezone=timezone,
        currency=currency,
        hours=[Hours(days=["mon"], opens=time(9), closes=time(18))],
        capacity=100,
        doors=[],
    )


def device(name: str, **options: Any) -> Device:
    """A device of that adapter at the shop's main door."""
    return Device(**{"match": "#", "adapter": name, "store": "shop", "door": "main", **options})


def outcomes(
    name: str,
    payload: bytes | str | dict[str, Any] | list[Any],
    *,
    topic: str = "t",
    memory: dict[str, Any] | None = None,
    store: Store | None = None,
    now: datetime = NOW,
    **options: Any,
) -> list[Event | Reject]:
    """Everything one message says."""
    if isinstance(payload, dict | list):
        payload = msgspec.json.encode(payload)
    raw = payload.encode() if isinstance(payload, str) else payload
    of = device(name, **options)
    return adapter(name).decode(raw, topic, of, now, store=store or shop(), memory=memory)


def events(name: str, payload: bytes | str | dict[str, Any] | list[Any], **how: Any) -> list[Any]:
    """The events of one message that must hold no reject."""
    said = outcomes(name, payload, **how)
    assert not [s for s in said if isinstance(s, Reject)], said
    return said


def only(name: str, payload: bytes | str | dict[str, Any] | list[Any], **how: Any) -> Any:
    """The one event of a message."""
    said = events(name, payload, **how)
    assert len(said) == 1, said
    return said[0]


def reason(name: str, payload: bytes | str | dict[str, Any] | list[Any], **how: Any) -> str:
    """The one reject's reason of a message."""
    rejects = [s.reason for s in outcomes(name, payload, **how) if isinstance(s, Reject)]
    assert len(rejects) == 1, rejects
    return rejects[0]


def utc(*parts: int) -> datetime:
    """An instant."""
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc,arg-type]
