"""Messages → what the log is to take: our own format, or a device's through its adapter. Total.

topic ─┬─ matches a [[sensors.devices]] filter ─▶ its adapter ─┐
       ├─ floor/v1/…  ─ as it came, or through ─▶ codec       ─┼▶ Taken: lines by partition, rejects, devices
       └─ neither                              ─▶ reject      ─┘
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

import msgspec
import structlog
from msgspec.structs import replace

from sensors import metrics
from sensors.adapter_memory import Kept, Note, Reply, field_of, sorted_out
from sensors.codec import Codec, Outcome
from sensors.device_table import DeviceTable
from sensors.events import Event
from sensors.keyspace import partition_of
from sensors.pseudonym import Pseudonym
from sensors.reject import Reject
from sensors.settings import Device, SensorsSettings
from sensors.topics import Ask, Topic, matches, parse_topic
from sensors.verbatim import Gate

_encode_lines = msgspec.json.Encoder().encode_lines
_log = structlog.get_logger("sensors.intake")
_ROUTES = 10_000  # topics whose way is remembered


class Message(NamedTuple):
    """A message as the broker handed it over.

    Attributes:
        topic: its name; ``None`` if that was not UTF-8.
        mid, session: what acknowledges it: its number on which connection; 0 at QoS 0.
    """

    topic: str | None
    payload: bytes
    mid: int = 0
    session: int = 0


class Adapter(Protocol):
    """A vendor's format: their bytes → our events, each wrong thing a reject.

    Attributes:
        remembers: whether it keeps anything of this device between messages …
        memory: … and what.
        replies: what it would have sent to devices; cleared by the intake.
    """

    remembers: bool
    memory: Kept
    replies: list[Reply]

    def decode(
        self, payload: bytes, topic: str, device: Device, received_at: datetime
    ) -> Sequence[Outcome]:
        """Must not raise."""
        ...


class Taken(NamedTuple):
    """What a batch of messages came to.

    Attributes:
        lines: newline-joined events for the log, by partition.
        events: how many those are.
        rejects: for the dead letters.
        acks: (mid, session) of the messages, to acknowledge once the log has it all.
        received_at: when.
        is_tick: whether a tick follows it.
        notes: what adapters will have to remember of these messages, written with them.
        replies: to devices, to be sent at once.
    """

    lines: dict[int, bytes]
    events: int
    rejects: list[Reject]
    acks: list[tuple[int, int]]
    received_at: datetime
    is_tick: bool = False
    notes: Sequence[Note] = ()
    replies: Sequence[Reply] = ()


class Intake:
    """Decodes batches of messages.

    Args:
        settings: stores, limits and devices.
        pseudonym: replaces members and associates.
        find: an adapter by its name; raises ``LookupError`` if there is none, so that start-up refuses.
        devices: told of everything heard.
    """

    def __init__(
        self,
        settings: SensorsSettings,
        pseudonym: Pseudonym,
        find: Callable[[str], Adapter],
        devices: DeviceTable,
    ) -> None:
        self._codec = Codec(settings, pseudonym)
        self._gate = Gate(settings.limits)
        self._partitions = {
            store.id: partition_of(store.id, settings.log.partitions) for store in settings.stores
        }
        self._devices = [(device, find(device.adapter)) for device in settings.devices]
        self._table = devices
        self._routes: dict[str, tuple[Device, Adapter] | Topic | None] = {}

    def take(self, messages: Sequence[Message], received_at: datetime) -> Taken:
        """Decode a batch received at one moment."""
        lines: defaultdict[int, list[bytes]] = defaultdict(list)
        rejects: list[Reject] = []
        events = 0
        for message in messages:
            partition, said, count = self._verbatim(message, received_at) or self._decoded(
                message, received_at, rejects
            )
            if count:
                lines[partition].append(said)
                events += count
        return Taken(
            {partition: b"\n".join(parts) for partition, parts in lines.items()},
            events,
            rejects,
            [(message.mid, message.session) for message in messages if message.mid],
            received_at,
            notes=list(self._notes()),
            replies=self._replies(),
        )

    @property
    def asks(self) -> list[Ask]:
        """What the devices have to be subscribed to."""
        return [Ask(d.match, d.store, adapter.remembers) for d, adapter in self._devices]

    def recall(self, rows: Mapping[bytes, bytes]) -> list[bytes]:
        """Give adapters back what was kept of their devices; the fields of devices no longer configured."""
        known, strange = sorted_out(rows, [(d.match, d.adapter) for d, _ in self._devices])
        for device, adapter in self._devices:
            adapter.memory = known[device.match, device.adapter]
        return strange

    def _notes(self) -> Iterable[Note]:
        """What adapters learned or forgot since the last batch."""
        for device, adapter in self._devices:
            if adapter.memory.changed:
                partition = self._partitions.get(device.store, 0)
                for key, value in adapter.memory.news():
                    yield Note(partition, field_of(device.match, device.adapter, key), value)

    def _replies(self) -> list[Reply]:
        replies: list[Reply] = []
        for _, adapter in self._devices:
            if adapter.replies:
                replies += adapter.replies
                adapter.replies.clear()
        return replies

    def _verbatim(self, message: Message, received_at: datetime) -> tuple[int, bytes, int] | None:
        """Partition, lines and number of events of a message that can go into the log as it came."""
        route = self._routes.get(message.topic or "")
        if not isinstance(route, Topic):
            return None
        partition = self._partitions.get(route.store)
        passed = (
            None if partition is None else self._gate.passed(message.payload, route, received_at)
        )
        if passed is None or partition is None:
            return None
        self._table.passed(passed, route.store, message.topic or "", received_at)
        _observe(passed.events[-1], received_at)
        return partition, passed.lines, len(passed.events)

    def _decoded(
        self, message: Message, received_at: datetime, rejects: list[Reject]
    ) -> tuple[int, bytes, int]:
        """The same of any other message, after decoding; what it cannot take is added to ``rejects``."""
        outcomes = self.decode(message.payload, message.topic, received_at)
        good: list[Event] = []
        for outcome in outcomes:
            (rejects if isinstance(outcome, Reject) else good).append(outcome)  # type: ignore[arg-type]
        if not good:
            return 0, b"", 0
        _observe(good[-1], received_at)
        # a message speaks for one store
        return self._partitions[good[0].store], _encode_lines(good)[:-1], len(good)

    def decode(self, payload: bytes, topic: str | None, received_at: datetime) -> list[Outcome]:
        """One message's events and rejects; the device table has heard of it."""
        name = topic if topic is not None else "(not UTF-8)"
        route = self._route(name)
        if isinstance(route, Topic):
            outcomes = self._codec.decode(payload, route, received_at)
        elif route is not None:
            outcomes = list(self._adapted(payload, name, *route, received_at))
        elif not payload:
            outcomes = []
        else:
            outcomes = [Reject("unknown topic", "$", name, payload)]
        adapter = (
            route[0].adapter if isinstance(route, tuple) and not isinstance(route, Topic) else ""
        )
        self._table.heard(outcomes, name, adapter, received_at)
        return outcomes

    def _route(self, name: str) -> tuple[Device, Adapter] | Topic | None:
        if name not in self._routes:
            if len(self._routes) >= _ROUTES:
                self._routes.clear()
            self._routes[name] = self._find_route(name)
        return self._routes[name]

    def _find_route(self, name: str) -> tuple[Device, Adapter] | Topic | None:
        topic = parse_topic(name)
        path = f"/{topic.tail}" if topic and topic.room == "hook" else None
        for device, adapter in self._devices:
            is_hook = device.match.startswith("/")
            if (is_hook and device.match == path) or (not is_hook and matches(device.match, name)):
                return device, adapter
        return topic if topic and topic.room not in {"hook", "alerts"} else None

    def _adapted(
        self, payload: bytes, name: str, device: Device, adapter: Adapter, received_at: datetime
    ) -> Iterable[Outcome]:
        topic = Topic(device.store, "events", device.source or name[-64:])
        if refused := self._codec.oversized(payload, topic, name):
            return [refused]
        if not payload:
            return []
        try:
            outcomes = adapter.decode(payload, name, device, received_at)
        except Exception:  # noqa: BLE001  # the message loop is this process's outermost: poison must not stop it
            _log.exception("adapter-raised", adapter=device.adapter, topic=name)
            outcomes = [Reject(f"adapter {device.adapter} failed on it", "$", name, payload)]
        return [
            self._codec.admit(outcome, topic, received_at, f"$[{index}]", name, payload)
            if isinstance(outcome, Event)
            else _placed(outcome, topic)
            for index, outcome in enumerate(outcomes)
        ]


def _observe(event: Event, received_at: datetime) -> None:
    """How long a message's last event took to come."""
    metrics.EVENT_TO_LOG_S.observe(max(0.0, (received_at - event.at).total_seconds()))


def _placed(reject: Reject, topic: Topic) -> Reject:
    """An adapter's reject with the device's store and source, where it does not say."""
    return replace(reject, store=reject.store or topic.store, source=reject.source or topic.source)
