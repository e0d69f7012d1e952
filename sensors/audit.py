"""A hand count beside a sensor's: by how much the sensor is wrong, and how surely. Pure.

Somebody stands at a door for some minutes and counts; the sensor has counted n in the same minutes. The factor is
m ÷ n, by which the sensor's counts are to be multiplied. Given m + n, and if both were independent Poisson counts, m
is binomial with p = r ÷ (1 + r) for a true ratio r; the Wilson interval of p (Wilson 1927) turned back by
r = p ÷ (1 − p) bounds r. (Przyborowski & Wilenski 1940; Brown, Cai & DasGupta 2001 for Wilson's coverage.)

Hand and sensor watch the same people, so their counts go together and the true interval is narrower: this one errs on
the safe side. A factor is worth applying only where its interval leaves out 1.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from math import sqrt
from statistics import NormalDist
from typing import NamedTuple

from sensors.corrections import LEVEL, Direction
from sensors.events import Footfall

LEAST = 20  # people by hand: fewer say nothing worth keeping


class Factor(NamedTuple):
    """What a hand count says.

    Attributes:
        value: hand ÷ sensor, to multiply the sensor's counts by; ``None`` if the sensor counted nobody.
        low, high: its confidence interval; ``high`` is ``None`` where it has no bound.
    """

    value: float | None
    low: float
    high: float | None

    @property
    def is_certain(self) -> bool:
        """Whether the sensor is wrong beyond chance."""
        return self.low > 1 or (self.high is not None and self.high < 1)


def factor(by_hand: int, by_sensor: int, level: float = LEVEL) -> Factor:
    """The correction factor of two counts of the same minutes; raises ``ValueError`` without anybody at all.

    >>> found = factor(100, 80)
    >>> found.value, round(found.low, 2), round(found.high, 2)
    (1.25, 0.93, 1.68)
    >>> factor(400, 300).is_certain, factor(40, 30).is_certain
    (True, False)
    """
    total = by_hand + by_sensor
    if by_hand < 0 or by_sensor < 0 or not total:
        raise ValueError("nobody was counted")
    z = NormalDist().inv_cdf(0.5 + level / 2)
    share = by_hand / total
    centre = share + z * z / (2 * total)
    spread = z * sqrt(share * (1 - share) / total + z * z / (4 * total * total))
    low, high = ((centre + sign * spread) / (1 + z * z / total) for sign in (-1, 1))
    return Factor(
        by_hand / by_sensor if by_sensor else None,
        max(0.0, low / (1 - low)),
        high / (1 - high) if by_sensor else None,
    )


def counted(
    events: Iterable[Footfall], door: str, direction: Direction, begin: datetime, end: datetime
) -> int:
    """People a door's sensors counted in [begin, end), each event once; of intervals the share within it, rounded.

    Running totals give the difference of the last before ``end`` and the last before ``begin``, per sensor; one that
    falls back has been reset and counts from there.
    """
    people = 0.0
    seen: set[tuple[str, str]] = set()
    totals: dict[str, list[tuple[datetime, int]]] = {}
    for event in events:
        if event.door != door or event.staff or (event.source, event.id) in seen:
            continue
        seen.add((event.source, event.id))
        number = event.entered if direction == "in" else event.left
        if event.counting == "total":
            totals.setdefault(event.source, []).append((event.at, number))
        else:
            people += number * _share(event, begin, end)
    return round(people) + sum(_grown(sorted(said), begin, end) for said in totals.values())


def _share(event: Footfall, begin: datetime, end: datetime) -> float:
    """How much of an event lies within: an instant all or nothing, an interval by its overlap."""
    if event.counting == "delta" or not event.interval_s:
        return float(begin <= event.at < end)
    length = timedelta(seconds=event.interval_s)
    overlap = min(event.at, end) - max(event.at - length, begin)
    return max(0.0, overlap / length)


def _grown(said: list[tuple[datetime, int]], begin: datetime, end: datetime) -> int:
    grown, last = 0, None
    for at, total in said:
        if at >= end:
            break
        if last is not None and at >= begin:
            grown += total - last if total >= last else total
        last = total
    return grown
