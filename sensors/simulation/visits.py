"""Parties: who comes in, through which door, which zones they stay in and whether they buy."""

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from sensors.settings import Store, Zone
from sensors.simulation.calendar import Day, arrival_times
from sensors.simulation.draw import around, poisson, stream

SIZES = ((1, 0.62), (2, 0.26), (3, 0.08), (4, 0.04))
CHILD = 0.5  # a party of three or more brings a child
RETURNING = 0.02  # parties that come to bring something back
VISITORS_PER_PARTY = sum(n * p for n, p in SIZES) - CHILD * sum(p for n, p in SIZES if n >= 3)
PASSAGES = {"entrance", "tills", "fitting"}  # zones nobody browses


@dataclass(slots=True)
class ZoneStay:
    """A stay in a zone, in seconds of the day."""

    zone: str
    began: float
    ended: float


@dataclass(slots=True)
class Party:
    """People who came together; ``ready`` is when they have seen enough, in seconds of the day."""

    number: int
    size: int
    children: int
    door_in: str
    door_out: str
    entered: float
    ready: float
    purpose: str  # "buy", "return" or "look"
    stays: list[ZoneStay] = field(default_factory=list)

    @property
    def grown_ups(self) -> int:
        """Those of them who are visitors."""
        return self.size - self.children


def parties(
    seed: int, store: Store, day: Day, people: float, chance: Callable[[float], float]
) -> list[Party]:
    """Everybody who comes in, by time of arrival. ``chance`` is a party's chance to buy by its arrival.

    Each party draws from a stream of its own, so that one that buys or not leaves all others as they were.
    """
    rng = stream(seed, store.id, day.date.isoformat(), "arrivals")
    times = arrival_times(rng, day, poisson(rng, people / VISITORS_PER_PARTY))
    return [
        _party(
            stream(seed, store.id, day.date.isoformat(), "party", str(n)), store, n, at, chance(at)
        )
        for n, at in enumerate(times)
    ]


def _party(rng: Random, store: Store, number: int, at: float, buys: float) -> Party:
    size = rng.choices([n for n, _ in SIZES], [p for _, p in SIZES])[0]
    children = int(size >= 3 and rng.random() < CHILD)
    door = _door(rng, store)
    out = door if rng.random() < 0.8 else _door(rng, store)
    fate = rng.random()
    purpose = "buy" if fate < buys else "return" if fate > 1.0 - RETURNING else "look"
    stays = _walk(rng, store, at, purpose)
    ready = (stays[-1].ended if stays else at + around(rng, 240.0, 0.6)) + rng.uniform(2, 15)
    return Party(number, size, children, door, out, at, ready, purpose, stays)


def _door(rng: Random, store: Store) -> str:
    """The first door takes 65 in 100, the others share the rest."""
    first, *others = (door.id for door in store.doors)
    return first if not others or rng.random() < 0.65 else rng.choice(others)


def _walk(rng: Random, store: Store, entered: float, purpose: str) -> list[ZoneStay]:
    """The zones they stay in, one after the other; a third of the moves pass through a further zone."""
    by_id = {zone.id: zone for zone in store.zones if not zone.staff_only}
    browsed = [zone for zone in by_id.values() if zone.id not in PASSAGES]
    route: list[Zone] = [by_id["entrance"]] if "entrance" in by_id else []
    if purpose != "return" and browsed:
        route += rng.sample(browsed, min(len(browsed), 1 + poisson(rng, 1.6)))
    if purpose == "buy" and "fitting" in by_id and rng.random() < 0.45:
        route.append(by_id["fitting"])
    stays: list[ZoneStay] = []
    clock = entered + rng.uniform(2, 8)
    for zone in route:
        if browsed and rng.random() < 0.3:
            clock = _stay(stays, rng.choice(browsed).id, clock, rng.uniform(4, 25))
        clock = _stay(stays, zone.id, clock, around(rng, zone.usual_dwell_s or 120.0, 0.7))
        clock += rng.uniform(1, 12)
    return stays


def _stay(stays: list[ZoneStay], zone: str, began: float, dwell_s: float) -> float:
    stays.append(ZoneStay(zone, began, began + dwell_s))
    return began + dwell_s
