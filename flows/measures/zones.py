"""Zones: who stays, which are hot or cold against usual, where people go next."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import pairwise
from math import sqrt

from msgspec import Struct

from flows.facts import Evidence, Window
from flows.measure import Measure, Reading, View, ratio, wilson
from flows.measures.dwell import engaged_s, stays
from flows.profile import Profile, instant_of, minute_of
from flows.tallies.dwell import ZoneTally
from flows.tallies.trail import TrailTally, ZoneVisits
from flows.tally import BETWEEN

DAYPARTS = (11, 14, 17, 20)  # local hours at which the second to fifth daypart begin
TOP = 10
KEEP = 0.85  # of what was learned, each week: half is forgotten in a good month
SURE = 8  # quarters of a cell before it is called usual
SPREAD = 2.0  # variance of zone visits ÷ their mean: people come in parties
SIGMAS = (
    4.5  # beyond this a zone is hot or cold: under one in a hundred thousand readings by chance
)
APART = 0.5  # and at least this share more or less than usual


def engagement(view: View) -> Iterator[Reading]:
    """Visits of at least the zone's engagement time ÷ its visits, with the Wilson interval."""
    for zone, some in stays(view).items():
        n, k = some.visits, some.at_least(engaged_s(view, zone))
        low, high = wilson(k, n, view.profile.z) or (None, None)
        evidence = Evidence(
            n=n, k=k, low=low and round(low, 6), high=high and round(high, 6),
            level=None if low is None else view.profile.settings.evidence_level,
        )  # fmt: skip
        yield Reading(ratio(k, n), f"zone:{zone}", evidence)


def daypart_of(profile: Profile, minute: int) -> int:
    """0 before 11:00 on the shop's clock, then 1 to 4."""
    hour = instant_of(minute).astimezone(profile.store.tz).hour
    return sum(hour >= begins for begins in DAYPARTS)


def cell_of(profile: Profile, minute: int) -> str:
    """Weekday (7: a public holiday) and daypart, as a name in a memory."""
    day = profile.date_of(minute)
    weekday = 7 if profile.calendar.is_holiday(day) else day.weekday()
    return f"{weekday}.{daypart_of(profile, minute)}"


class ZoneMemory(Struct):
    """Visits and quarters by zone and cell (weekday and daypart), forgotten at ``KEEP`` a week.

    Attributes:
        seen: ``zone ␟ cell`` → [quarters, visits], both weighted.
        week: the ISO week they were last weighted down in, as a number of days / 7.
    """

    seen: dict[str, list[float]] = {}
    week: int = 0

    def usual(self, zone: str, cell: str) -> float | None:
        r"""Visits of a quarter-hour there; any weekday's of the same daypart while its own is young.

        >>> ZoneMemory({"x\x1f0.1": [8.0, 40.0]}).usual("x", "0.1"), ZoneMemory().usual("x", "0.1")
        (5.0, None)
        """
        quarters, visits = self.seen.get(zone + BETWEEN + cell, [0.0, 0.0])
        if quarters >= SURE:
            return visits / quarters
        part = cell.partition(".")[2]
        cells = [
            self.seen.get(f"{zone}{BETWEEN}{weekday}.{part}", [0.0, 0.0]) for weekday in range(7)
        ]
        quarters = sum(cell[0] for cell in cells)
        return sum(cell[1] for cell in cells) / quarters if quarters >= SURE else None


def learn(memory: ZoneMemory, view: View) -> None:
    """Take in a final quarter within opening hours; every configured zone counts, also one that nobody visited."""
    if not view.profile.is_open(view.start):
        return
    week = view.start // (7 * 1440)
    if week != memory.week:
        keep = KEEP ** min(52, week - memory.week) if memory.week else 1.0
        memory.seen = {name: [keep * a, keep * b] for name, (a, b) in memory.seen.items()}
        memory.week = week
    seen, cell = view.of(ZoneVisits), cell_of(view.profile, view.start)
    for zone in sorted(set(view.profile.zones) | set(seen)):
        quarters, visits = memory.seen.get(zone + BETWEEN + cell, [0.0, 0.0])
        now = seen[zone].visits if zone in seen else 0
        memory.seen[zone + BETWEEN + cell] = [quarters + 1.0, visits + now]


def heat(view: View) -> Iterator[Reading]:
    """Visits of the last hour ÷ usual for weekday and daypart; ``hot`` or ``cold`` beyond chance.

    Chance: counts of parties scatter with ``SPREAD`` times their mean (quasi-Poisson), compared as square roots, which
    have nearly constant scatter (Bartlett 1936): z = 2·(√k − √m) ÷ √SPREAD.
    """
    minute = minute_of(view.at)
    opened = view.profile.open_minutes(minute)
    if view.profile.store.hours and not (opened.start + 60 <= minute < opened.stop):
        return
    memory, here = view.memory(ZoneMemory), stays(view)
    cells = [cell_of(view.profile, quarter) for quarter in range(view.start, view.end, 15)]
    for zone in sorted(set(view.profile.zones) | set(here)):
        known = {cell: memory.usual(zone, cell) for cell in set(cells)}
        usual = [known[cell] for cell in cells]
        mean = sum(u for u in usual if u is not None)
        if not mean or None in usual:
            continue
        k = here[zone].visits if zone in here else 0
        z = 2 * (sqrt(k) - sqrt(mean)) / sqrt(SPREAD)
        reason = "hot" if z > SIGMAS and k > (1 + APART) * mean else ""
        reason = "cold" if z < -SIGMAS and k < (1 - APART) * mean else reason
        yield Reading(round(k / mean, 3), f"zone:{zone}", Evidence(n=round(mean, 1), k=k), reason)


Steps = tuple[Counter[tuple[str, str]], Counter[str], Mapping[str, set[str]]]


def _steps(view: View) -> Steps:
    trail = view.of(TrailTally).get("")
    return steps(trail.seen if trail else {})


def steps(seen: dict[str, int]) -> Steps:
    r"""Moves between zones, the moves out of each zone, and the tracks seen in each.

    >>> steps({"t1\x1f1000\x1fa": 1, "t1\x1f2000\x1fb": 1, "t2\x1f1500\x1fa": 1})[0]
    Counter({('a', 'b'): 1})
    """
    paths: defaultdict[str, list[tuple[int, str]]] = defaultdict(list)
    tracks: defaultdict[str, set[str]] = defaultdict(set)
    for name, count in seen.items():
        if count > 0:
            track, stop = _read(name)
            paths[track].append(stop)
            tracks[stop[1]].add(track)
    moves: Counter[tuple[str, str]] = Counter()
    for path in paths.values():
        if len(path) > 1:
            path.sort()
            moves.update((a, b) for (_, a), (_, b) in pairwise(path) if a != b)
    out: Counter[str] = Counter()
    for (origin, _), count in moves.items():
        out[origin] += count
    return moves, out, tracks


@lru_cache(16_384)  # a visit is looked at each minute for an hour
def _read(name: str) -> tuple[str, tuple[int, str]]:
    """A visit's track, and its end in epoch milliseconds with its zone."""
    track, at, zone = name.split(BETWEEN)
    return track, (int(at), zone)


def paths(view: View) -> Iterator[Reading]:
    """The ``TOP`` moves from zone to zone of the last hour; value: share of those who left the first zone."""
    moves, out, _ = view.once("zones.steps", _steps)
    ranked = sorted(moves.items(), key=lambda move: (-move[1], move[0]))[:TOP]
    for rank in range(1, TOP + 1):
        if rank > len(ranked):
            yield Reading(None, f"rank:{rank}")
            continue
        (origin, to), count = ranked[rank - 1]
        yield Reading(
            ratio(count, out[origin]), f"rank:{rank}", Evidence(n=out[origin], k=count),
            detail={"from": origin, "to": to},
        )  # fmt: skip


def uniques(view: View) -> Iterator[Reading]:
    """Distinct tracks seen in each zone in the last hour; exact. One person may have several tracks."""
    tracks = view.once("zones.steps", _steps)[2]
    for zone in sorted(set(view.profile.zones) | set(tracks)):
        yield Reading(len(tracks.get(zone, ())), f"zone:{zone}")


_HOUR: tuple[Window, ...] = ("60m",)
MEASURES = (
    Measure("zone_engagement", "ratio", (ZoneTally,), engagement, ("60m", "day"), cadence=5, steady=True),
    Measure(
        "zone_heat", "ratio", (ZoneTally,), heat, _HOUR, cadence=5, memory=ZoneMemory, learn=learn
    ),
    Measure("zone_path", "ratio", (TrailTally,), paths, _HOUR, cadence=15, steady=True),
    Measure("zone_uniques", "people", (TrailTally,), uniques, _HOUR, cadence=15, steady=True),
)  # fmt: skip
