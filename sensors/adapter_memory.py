"""What adapters keep between the messages of a device, and what they answer to a device. Pure.

Kept values travel with the events they belong to: they are written beside the log before the message is acknowledged,
and an ingest that starts takes them up again. A message that comes twice because the first was never acknowledged
meets either the memory before it or the one after it; adapters say nothing new then that the log would count twice.
"""

from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from typing import Any, NamedTuple

import msgspec

Memory = MutableMapping[str, Any]
"""One configured device's; values are what msgpack can hold: text, numbers, instants, and dicts of these."""

MOST = 4096  # entries of a device's memory
FORM = "form|"  # entries that say in which form a source is heard; the last to be forgotten

_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder().decode


class Note(NamedTuple):
    """A change of what is kept.

    Attributes:
        partition: of the device's store.
        field: the device and the entry; see ``field_of``.
        value: packed; ``None``: forgotten.
    """

    partition: int
    field: str
    value: bytes | None


class Reply(NamedTuple):
    """A message to a device, for the broker."""

    topic: str
    payload: bytes


class Kept(dict[str, Any]):
    r"""A memory that knows what changed in it; entries are replaced, never changed inside.

    >>> kept = Kept(); kept["a"] = 1; kept["b"] = 2; _ = kept.pop("a")
    >>> list(kept.news())
    [('a', None), ('b', b'\x02')]
    >>> list(kept.news())
    []
    """

    def __init__(self, known: Mapping[str, bytes] | None = None) -> None:
        super().__init__({key: _unpack(value) for key, value in (known or {}).items()})
        self.changed: set[str] = set()

    def __setitem__(self, key: str, value: Any) -> None:  # noqa: ANN401
        if key not in self or self[key] != value:
            self.changed.add(key)
        super().__setitem__(key, value)

    def __delitem__(self, key: str) -> None:
        super().__delitem__(key)
        self.changed.add(key)

    def pop(self, key: str, *default: Any) -> Any:  # noqa: ANN401
        """As a dict's."""
        if key in self:
            self.changed.add(key)
        return super().pop(key, *default)

    def news(self) -> Iterator[tuple[str, bytes | None]]:
        """What changed since the last call, packed; ``None`` where it was forgotten."""
        changed, self.changed = sorted(self.changed), set()
        for key in changed:
            yield key, _pack(self[key]) if key in self else None


def remember(memory: Memory, key: str, value: object, limit: int = MOST) -> None:
    """Keep ``value``; beyond ``limit`` entries the oldest is forgotten, so memory cannot grow."""
    memory[key] = value
    while len(memory) > limit:
        del memory[next((k for k in memory if not k.startswith(FORM)), next(iter(memory)))]


def field_of(match: str, adapter: str, key: str) -> str:
    """The field under which an entry of a configured device is kept."""
    return f"{match}\t{adapter}\t{key}"


def sorted_out(
    rows: Mapping[bytes, bytes], devices: Iterable[tuple[str, str]]
) -> tuple[dict[tuple[str, str], Kept], list[bytes]]:
    """What was kept, by (match, adapter) of the ``devices``, and the fields of those that are none of them."""
    known: dict[tuple[str, str], dict[str, bytes]] = {device: {} for device in devices}
    strange: list[bytes] = []
    for field, value in sorted(rows.items()):
        match, adapter, key = [*field.decode().split("\t", 2), "", ""][:3]
        if (match, adapter) in known:
            known[match, adapter][key] = value
        else:
            strange.append(field)
    return {device: Kept(entries) for device, entries in known.items()}, strange
