"""Vendors' bytes → our events: one adapter a file, found by its ``NAME``, chosen per topic in the configuration.

```
bytes ─▶ named adapter ─▶ drafts ─▶ sum lines of one door ─▶ check against the contract ─▶ events, rejects
```

An adapter module holds four names and nothing else is edited to add one:

* ``NAME``: what ``[[sensors.devices]] adapter`` says;
* ``COUNTS``: what its counts mean (``Meaning``), for people choosing one;
* ``guess(payload, topic) -> float``: how sure it is that the bytes are its vendor's, 0 to 1;
* ``read(message) -> Iterable[Event | Reject]``: raises ``UnreadableError`` for what it cannot read.

One that uses ``message.memory`` says so with ``REMEMBERS = True``: of several ingests one then hears its devices.

``Adapter.decode`` is total: whatever the bytes are, it returns events and rejects and never raises.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Literal, NamedTuple, TypeGuard, get_args

import msgspec
from msgspec import structs

from sensors.adapter_memory import Kept, Memory, Reply
from sensors.adapters._message import Message
from sensors.adapters._unreadable import UnreadableError
from sensors.events import AnyEvent, Event, Footfall
from sensors.reject import Reject
from sensors.settings import Device, Store

Meaning = Literal["delta", "interval", "total", "level", "sale"]
"""What an adapter's numbers mean: people since the last message, people within a stated interval, a running
total, how many there are now, or a till's tickets."""

CERTAIN = 0.5
"""The least ``guess`` that is acted on."""

_ENCODER = msgspec.json.Encoder()
_DECODER: msgspec.json.Decoder[AnyEvent] = msgspec.json.Decoder(AnyEvent)


class Adapter(NamedTuple):
    """One vendor's format."""

    name: str
    counts: tuple[Meaning, ...]
    guess: Callable[[bytes, str], float]
    read: Callable[[Message], Iterable[Event | Reject]]
    remembers: bool = False

    def decode(
        self,
        payload: bytes,
        topic: str,
        device: Device,
        received_at: datetime,
        *,
        store: Store | None = None,
        memory: Memory | None = None,
        replies: list[Reply] | None = None,
    ) -> list[Event | Reject]:
        """What one message says: events of the contract, and a reject for every part that is not one.

        An empty payload (a retained message deleted) says nothing.

        Args:
            payload: the vendor's bytes, as received.
            topic: MQTT topic or webhook path.
            device: the matching ``[[sensors.devices]]``.
            received_at: aware time of receipt; the event's time where the vendor sends none.
            store: the device's store, for its time zone and currency.
            memory: a dict the caller keeps for this device between messages (Frigate's open visits,
                Sparkplug's aliases); without it only what one message says by itself is understood.
            replies: takes what is to be sent to devices.
        """
        if not payload:
            return []
        kept: Memory = {} if memory is None else memory
        said: list[Reply] = [] if replies is None else replies
        message = Message(payload, topic, device, received_at, store, kept, said)
        drafts: list[Event | Reject] = []
        try:
            drafts.extend(self.read(message))
        except UnreadableError as error:
            drafts.append(message.reject(error))
        return folded(checked(message, draft) for draft in summed(drafts))


def salvaged(
    message: Message, parts: Iterable[Callable[[], Iterable[Event | Reject]]]
) -> Iterator[Event | Reject]:
    """Every readable part of a message, and a reject for each of the others."""
    for part in parts:
        try:
            yield from list(part())
        except UnreadableError as error:
            yield message.reject(error)


def summed(drafts: Iterable[Event | Reject]) -> list[Event | Reject]:
    """Lines that lead to one door as one event: a second total or interval would replace the first."""
    out: list[Event | Reject] = []
    place: dict[tuple[object, ...], int] = {}
    for draft in drafts:
        if not isinstance(draft, Footfall) or draft.counting == "delta":
            out.append(draft)
            continue
        key = (draft.source, draft.door, draft.at, draft.counting, draft.interval_s, draft.staff)
        if (i := place.get(key)) is None:
            place[key] = len(out)
            out.append(draft)
        else:
            out[i] = _plus(out[i], draft)
    return out


def folded(drafts: Iterable[Event | Reject]) -> list[Event | Reject]:
    """A message's rejects as one dead letter with every reason, after its events."""
    events: list[Event | Reject] = []
    rejects: list[Reject] = []
    for draft in drafts:
        (rejects if isinstance(draft, Reject) else events).append(draft)  # type: ignore[arg-type]
    if rejects:
        reasons = "; ".join(dict.fromkeys(r.reason for r in rejects))
        events.append(structs.replace(rejects[0], reason=reasons[:500]))
    return events


def checked(message: Message, draft: Event | Reject) -> Event | Reject:
    """The draft if it keeps the contract's bounds, else a reject that names the field."""
    if isinstance(draft, Reject):
        return draft
    try:
        _DECODER.decode(_ENCODER.encode(draft))
    except (msgspec.ValidationError, msgspec.DecodeError, UnicodeError, OverflowError) as error:
        return message.reject(UnreadableError(f"outside the contract: {error}"))
    return draft


def adapters() -> Mapping[str, Adapter]:
    """Every adapter by name."""
    return _discovered()


def adapter(name: str) -> Adapter:
    """The adapter of this name; raises ``KeyError`` naming those there are."""
    try:
        return adapters()[name]
    except KeyError:
        raise KeyError(f"no adapter {name!r}; there are: {', '.join(sorted(adapters()))}") from None


class Bound:
    """An adapter with the memory of one configured device and the stores it may belong to.

    Attributes:
        remembers: whether it uses its memory.
        memory: replaced at start by what was kept; see ``sensors.adapter_memory``.
        replies: to devices; whoever sends them clears it.
    """

    def __init__(self, kind: Adapter, stores: Mapping[str, Store]) -> None:
        self.kind = kind
        self._stores = stores
        self.remembers = kind.remembers
        self.memory = Kept()
        self.replies: list[Reply] = []

    def decode(
        self, payload: bytes, topic: str, device: Device, received_at: datetime
    ) -> list[Event | Reject]:
        """As ``Adapter.decode``."""
        store = self._stores.get(device.store)
        return self.kind.decode(
            payload,
            topic,
            device,
            received_at,
            store=store,
            memory=self.memory,
            replies=self.replies,
        )


def finder(stores: Iterable[Store]) -> Callable[[str], Bound]:
    """How ingest finds the adapter of each of its devices: one ``Bound`` a call, knowing the stores' clocks.

    What it returns raises ``KeyError`` for a name there is no adapter of.
    """
    by_id = {store.id: store for store in stores}
    return lambda name: Bound(adapter(name), by_id)


def find(name: str) -> Bound:
    """An adapter for one device whose local times are UTC unless it names its ``timezone``."""
    return Bound(adapter(name), {})


def guessed(payload: bytes, topic: str) -> str | None:
    """The adapter most sure of these bytes; ``None`` where none is sure enough."""
    if not payload:
        return None
    best = max(adapters().values(), key=lambda a: (a.guess(payload, topic), a.name))
    return best.name if best.guess(payload, topic) >= CERTAIN else None


@cache
def _discovered() -> dict[str, Adapter]:
    found: dict[str, Adapter] = {}
    for module_info in iter_modules(__path__):
        if module_info.name.startswith("_"):
            continue
        module = import_module(f"{__name__}.{module_info.name}")
        counts: tuple[Meaning, ...] = module.COUNTS
        if not all(_is_meaning(c) for c in counts) or module.NAME in found:
            raise ImportError(f"adapter {module_info.name}: NAME or COUNTS is wrong")
        remembers: bool = getattr(module, "REMEMBERS", False)
        found[module.NAME] = Adapter(module.NAME, counts, module.guess, module.read, remembers)
    return found


def _is_meaning(value: str) -> TypeGuard[Meaning]:
    return value in get_args(Meaning)


def _plus(one: Event | Reject, two: Footfall) -> Event | Reject:
    if not isinstance(one, Footfall):
        return one
    one.entered += two.entered
    one.left += two.left
    one.passed += two.passed
    one.groups = _sum(one.groups, two.groups)
    one.children = _sum(one.children, two.children)
    return one


def _sum(one: int | None, two: int | None) -> int | None:
    return two if one is None else one if two is None else one + two
