"""Associates: who is on the floor, which tills are manned, and their own walks through the doors."""

from random import Random
from typing import NamedTuple

from sensors.settings import Store
from sensors.simulation.calendar import Day, busyness
from sensors.simulation.checkout import Span

FORGOTTEN = 0.06  # associates who come without their tag


class Walk(NamedTuple):
    """An associate crosses a door; untagged, the counter takes them for a customer."""

    at: float
    door: str
    inward: bool
    tagged: bool


class Shift(NamedTuple):
    """An associate on the floor within ``span``."""

    associate: str
    span: Span


def roster(store: Store, day: Day) -> list[Shift]:
    """An early and a late shift that overlap by two hours around the middle of the day."""
    if not day.open_s:
        return []
    each = max(2, len(store.tills) + len(store.zones) // 3)
    middle = day.opens_s + day.open_s / 2
    early = (day.opens_s - 1200, min(middle + 3600, day.closes_s + 900))
    late = (max(middle - 3600, day.opens_s - 1200), day.closes_s + 900)
    spans = [early] * each + [late] * each
    return [Shift(f"a{n:02d}", span) for n, span in enumerate(spans, 1)]


def staff_walks(rng: Random, store: Store, shifts: list[Shift]) -> list[Walk]:
    """Each associate comes, goes out for a break and comes back, and goes; in and out always balance."""
    walks = []
    for shift in shifts:
        tagged = rng.random() >= FORGOTTEN
        start, end = shift.span
        pause = rng.uniform(start + 0.35 * (end - start), start + 0.6 * (end - start))
        back = pause + rng.uniform(900, 1800)
        for at, inward in ((start, True), (pause, False), (back, True), (end, False)):
            crossed = at + rng.uniform(-240, 240)
            walks.append(Walk(crossed, rng.choice(store.doors).id, inward, tagged))
    return walks


def errands(rng: Random, door: str, span: Span, crossings: int) -> list[Walk]:
    """Untagged associates who go out of a door and come back within two minutes."""
    walks = []
    for _ in range(crossings):
        out = rng.uniform(*span)
        walks.append(Walk(out, door, inward=False, tagged=False))
        walks.append(Walk(out + rng.uniform(20, 120), door, inward=True, tagged=False))
    return walks


def manned(
    store: Store, day: Day, customers: float, mean_s: float, closed: list[tuple[Span, int]]
) -> dict[str, list[Span]]:
    """Spans in which each till is manned: at least two and enough for a load of 0.55, fewer where ``closed`` says.

    Judged each half-hour; ``customers`` over the day, ``mean_s`` seconds of service each.
    """
    steps = max(1, int(day.open_s // 1800))
    shape = [busyness((n + 0.5) / steps) for n in range(steps)]
    spans: dict[str, list[Span]] = {till.id: [] for till in store.tills}
    for n, weight in enumerate(shape):
        start = day.opens_s + n * 1800
        end = day.closes_s + 5400 if n == steps - 1 else start + 1800
        load = customers * weight / sum(shape) * mean_s / 1800
        needed = max(2, -int(-load // 0.55))
        for (begins, ends), most in closed:
            if begins < end and start < ends:
                needed = min(needed, most)
        for till in store.tills[:needed]:
            spans[till.id].append((start, end))
    return spans
