"""MQTT topics as types, version 1.

floor/v1/{store}/events/{source}   what a gateway says          floor/v1/{store}/plan       what is known to come
floor/v1/{store}/status/{source}   online, offline, last will   floor/v1/{store}/commands   what people did
floor/v1/{store}/hook/{path}       a webhook's body, verified   floor/v1/{store}/alerts     out, retained
"""

from collections.abc import Sequence
from typing import Literal, NamedTuple

from sensors.events import Command, Event, Plan, Status

ROOT = "floor/v1"
Room = Literal["events", "status", "plan", "commands", "hook", "alerts"]

_WITH_TAIL: tuple[Room, ...] = ("events", "status", "hook")
_WITHOUT_TAIL: tuple[Room, ...] = ("plan", "commands", "alerts")
_OWN = tuple(f"{ROOT}/+/{room}" for room in ("plan", "commands", "events/+", "status/+"))


class Topic(NamedTuple):
    """One of Floorcast's own topics.

    Attributes:
        store: the store's id; not checked against the configuration here.
        room: what it carries.
        tail: the device's id for ``events`` and ``status``, the path for ``hook``, else empty.
    """

    store: str
    room: Room
    tail: str = ""

    def __str__(self) -> str:
        return f"{ROOT}/{self.store}/{self.room}" + (f"/{self.tail}" if self.tail else "")

    @property
    def source(self) -> str:
        """The device that speaks on it; plans and commands speak for themselves."""
        return self.tail if self.room in {"events", "status"} else self.room


def parse_topic(name: str) -> Topic | None:
    """The topic behind a name; ``None`` if it is not one of ours.

    >>> parse_topic("floor/v1/riverside/events/door-1")
    Topic(store='riverside', room='events', tail='door-1')
    >>> parse_topic("floor/v1/riverside/plan"), parse_topic("zigbee2mqtt/door")
    (Topic(store='riverside', room='plan', tail=''), None)
    """
    parts = name.split("/", 4)
    if len(parts) < 4 or parts[:2] != ["floor", "v1"] or not parts[2]:
        return None
    for room in _WITHOUT_TAIL:
        if parts[3:] == [room]:
            return Topic(parts[2], room)
    for room in _WITH_TAIL:
        if len(parts) == 5 and parts[3] == room and parts[4]:
            return Topic(parts[2], room, parts[4]) if _one_level(room, parts[4]) else None
    return None


def _one_level(room: Room, tail: str) -> bool:
    return room == "hook" or "/" not in tail


def topic_of(event: Event) -> Topic:
    """Where a gateway publishes this event; ``store`` and, but for plans and commands, ``source`` must be set."""
    match event:
        case Command():
            return Topic(event.store, "commands")
        case Plan():
            return Topic(event.store, "plan")
        case Status():
            return Topic(event.store, "status", event.source)
        case _:
            return Topic(event.store, "events", event.source)


def matches(topic_filter: str, name: str) -> bool:
    """Whether an MQTT topic filter covers a topic name (MQTT 5, 4.7).

    >>> matches("a/+/c", "a/b/c"), matches("a/#", "a"), matches("+/b", "$SYS/b")
    (True, True, False)
    """
    wanted, parts = topic_filter.split("/"), name.split("/")
    if name.startswith("$") and wanted[0] in {"+", "#"}:
        return False
    for index, level in enumerate(wanted):
        if level == "#":
            return True
        if index >= len(parts) or level not in {"+", parts[index]}:
            return False
    return len(wanted) == len(parts)


class Ask(NamedTuple):
    """What a configured device has to be subscribed to.

    Attributes:
        match: its topic filter, or a webhook path beginning with ``/``.
        store: its store, in whose ``hook`` room such a path arrives.
        is_ordered: its messages explain one another, so one reader has to have them all.
    """

    match: str
    store: str
    is_ordered: bool = False

    @property
    def filter(self) -> str:
        """The topic filter."""
        return str(Topic(self.store, "hook", self.match[1:])) if self.is_hook else self.match

    @property
    def is_hook(self) -> bool:
        """Whether it comes by a webhook."""
        return self.match.startswith("/")


def subscriptions(asks: Sequence[Ask]) -> list[str]:
    """The filters an ingest alone subscribes to: our own rooms and every device's, each once."""
    devices = [ask.filter for ask in asks if not ask.is_hook]
    return list(dict.fromkeys([*_OWN, f"{ROOT}/+/hook/#", *devices]))


def divided(asks: Sequence[Ask], group: str) -> tuple[list[str], list[str]]:
    """What several ingests of a ``group`` divide among them, and what one of them has to hear alone.

    A filter that could cover a topic of one heard alone is heard alone as well, so that no message comes by both.
    """
    filters = dict.fromkeys([*_OWN, *(ask.filter for ask in asks)])
    alone = [ask.filter for ask in asks if ask.is_ordered]
    for one in alone:  # grows while it is gone through
        alone += [f for f in filters if f not in alone and overlap(f, one)]
    return [f"$share/{group}/{f}" for f in filters if f not in alone], list(dict.fromkeys(alone))


def overlap(one: str, other: str) -> bool:
    """Whether some topic is covered by both filters.

    >>> overlap("a/+/c", "a/b/#"), overlap("a/#", "a"), overlap("a/+", "a/b/c")
    (True, True, False)
    """
    levels, others = one.split("/"), other.split("/")
    for index in range(max(len(levels), len(others))):
        pair = {*levels[index : index + 1], *others[index : index + 1]}
        if "#" in pair:
            return True
        if index >= min(len(levels), len(others)) or (len(pair) > 1 and "+" not in pair):
            return False
    return True
