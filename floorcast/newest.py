"""The newest of each name, however many names there are: those beyond a number are put to disk, sorted, and merged."""

import threading
from collections.abc import Callable, Hashable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, Generic, TypeVar

from floorcast.runs import FAN, Runs

HELD_NAMES = 50_000
Slot = TypeVar("Slot", bound=Hashable)
Item = TypeVar("Item")


class Newest(Generic[Slot, Item]):
    """Takes items from any thread; each replaces the older one of its slot.

    Args:
        slot: of an item, cheap: what it replaces.
        name: of an item, in which they are read.
        encode, decode: an item as a line and back; most are replaced before they are written.
        held: so many are kept in memory.
    """

    def __init__(
        self, slot: Callable[[Item], Slot], name: Callable[[Item], Any], encode: Callable[[Item], bytes],
        decode: Callable[[bytes], Item], held: int = HELD_NAMES, fan: int = FAN,
    ) -> None:  # fmt: skip
        self._slot, self._name, self._encode, self._decode = slot, name, encode, decode
        self._most, self._lock = held, threading.Lock()
        self._held: dict[Slot, Item] = {}
        self._runs = Runs(lambda line: name(decode(line)), newest_only=True, fan=fan)

    def add(self, items: Mapping[Slot, Item]) -> None:
        """Take some, by slot."""
        with self._lock:
            self._held.update(items)
            if len(self._held) > self._most:
                self._runs.add(self._sorted())
                self._held = {}

    def _sorted(self) -> Iterator[bytes]:
        return map(self._encode, sorted(self._held.values(), key=self._name))

    def lines(self) -> Iterator[bytes]:
        """The newest of each as lines, by name; may be read again."""
        return self._runs.rows(self._sorted())

    def __len__(self) -> int:
        return sum(1 for _ in self.lines())

    def dump(self, path: Path) -> None:
        """Put all of it into a file."""
        with path.open("wb") as file:
            file.writelines(line + b"\n" for line in self.lines())

    def load(self, path: Path) -> None:
        """Take up what was dumped."""
        with path.open("rb") as file:
            for rows in iter(lambda: list(islice(file, 1_000)), []):
                items = (self._decode(row[:-1]) for row in rows)
                self.add({self._slot(item): item for item in items})
