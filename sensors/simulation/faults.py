"""Causes planted in a simulated day. Times are the store's local time of day."""

from dataclasses import dataclass
from datetime import time


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Something that goes wrong at ``at`` for ``minutes``."""

    at: time
    minutes: float = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversionDrop(Fault):
    """People who come in then buy ``factor`` times as often as usual."""

    factor: float = 0.35


@dataclass(frozen=True, slots=True, kw_only=True)
class DoorStuck(Fault):
    """A door's counter says it is alive and counts nobody; ``door`` empty means the first."""

    door: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShelfEmpty(Fault):
    """A SKU's stock is gone and is not replenished for ``minutes``; ``sku`` empty means the first ranged."""

    sku: str = ""
    minutes: float = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TillsClosed(Fault):
    """Only ``open_tills`` tills are manned and each customer takes ``slower`` times as long: a line grows."""

    open_tills: int = 1
    slower: float = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffAtDoor(Fault):
    """Untagged associates walk out and in through a door ``crossings`` times."""

    door: str = ""
    crossings: int = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayOffline(Fault):
    """What doors and cameras say is held back and arrives as a backlog; tills have a line of their own."""

    minutes: float = 180.0


NAMED: dict[str, Fault] = {
    "conversion-drop": ConversionDrop(at=time(10, 30)),
    "door-stuck": DoorStuck(at=time(11), minutes=90),
    "shelf-empty": ShelfEmpty(at=time(14)),
    "till-queue": TillsClosed(at=time(17)),
    "staff-at-door": StaffAtDoor(at=time(15)),
    "gateway-offline": GatewayOffline(at=time(13)),
}
"""Faults the command line can plant by name."""
