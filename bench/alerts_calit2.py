"""Unusual traffic at a real door: incidents of the shipped rule against CalIt2's labelled events.

Half-hours go one by one through the online filter and then, as facts, through the alert pipeline; no label is seen by
either. The filter's defaults were once chosen by these very labels, so a split-half check stands beside the whole: its
settings are chosen on the first half alone and counted on the second, which they have not seen.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path
from typing import NamedTuple

from msgspec.structs import replace

from alerts.book import Book
from alerts.memory import Memory, open_incidents
from alerts.pipeline import run
from bench.alerts_days import configured
from flows.facts import Fact, FactBatch
from flows.forecasting.unusual import UnusualTraffic
from sensors.settings import SensorsSettings

RULE = "unusual-traffic"
SLOT = timedelta(minutes=30)
SEASON = 336
GRID = {
    "begin": (0.002, 0.004, 0.008), "burst": (1.25, 1.5, 2.0), "extra": (2.0, 3.0, 5.0), "variation": (0.02, 0.05),
}  # fmt: skip
MOST = 6.0  # alarms a week


class Event(NamedTuple):
    """A labelled event of the building."""

    starts: datetime
    ends: datetime


class Door(NamedTuple):
    """The counts of people in, by slot, and what was written down."""

    slots: list[tuple[datetime, int]]
    events: list[Event]


class Score(NamedTuple):
    """How the incidents of a stretch meet the events of it."""

    events: int
    found: int
    alarms: int
    good: int
    weeks: float
    delay_min: float | None

    def __str__(self) -> str:
        recall = f"{self.found}/{self.events} = {self.found / self.events:.3f}"
        share = f"{self.good / self.alarms:.2f}" if self.alarms else "–"
        delay = "–" if self.delay_min is None else f"{self.delay_min:.0f} min"
        rate = self.alarms / self.weeks
        return f"recall {recall}, precision {share}, {rate:.1f} alarms a week, median delay {delay}"


def read(folder: Path) -> Door:
    """The door's data; the building's clock is taken as UTC."""
    slots = [
        (_at(day, time), int(count))
        for flow, day, time, count in _rows(folder / "CalIt2.data")
        if flow == "9"
    ]
    events = {
        Event(_at(day, begins), _at(day, ends))
        for day, begins, ends, *_ in _rows(folder / "CalIt2.events")
    }
    return Door(sorted(slots), sorted(events))


def _rows(path: Path) -> list[list[str]]:
    lines = path.read_text().splitlines()
    return [[cell.strip() for cell in line.split(",")] for line in lines if line.strip()]


def _at(day: str, time: str) -> datetime:
    return datetime.strptime(f"{day} {time}", "%m/%d/%y %H:%M:%S").replace(tzinfo=UTC)


def chances(door: Door, **settings: float) -> list[float]:
    """P(event) after each slot, online."""
    watch = UnusualTraffic(SEASON, **settings)
    monday = door.slots[0][0] - timedelta(days=door.slots[0][0].weekday())
    origin = monday.replace(hour=0, minute=0)
    return [watch.learn_one(int((at - origin) / SLOT), float(count)) for at, count in door.slots]


class Alarm(NamedTuple):
    """An incident: the slot whose end began it, the first slot after it, and when it fired."""

    opened: datetime
    over: datetime
    fired: datetime


def incidents(door: Door, told: Sequence[float]) -> list[Alarm]:
    """The shipped rule's incidents by the slots they stood over, each slot told when it has ended.

    Once the rule's hold has passed there is another tick, as there is each second in a shop.
    """
    settings = configured()
    (rule,) = rules = [r for r in settings.alerts.rules if r.name == RULE]
    sensors = SensorsSettings(stores=[])  # a building that is open day and night
    alerts = replace(settings.alerts, rules=rules)
    book, memory = Book(alerts, sensors, settings.flows).of("calit2"), Memory()
    made: list[Alarm] = []
    began: tuple[datetime, datetime] | None = None
    for (start, _), chance in zip(door.slots, told, strict=True):
        for batch in _told(start, chance, timedelta(seconds=rule.hold_s)):
            run(memory, batch, book)
            stands = any(i.rule == RULE and i.state == "firing" for i in open_incidents(memory))
            if stands and began is None:
                began = start, batch.at
            elif not stands and began is not None:
                made.append(Alarm(began[0], start, began[1]))
                began = None
    return made


def _told(start: datetime, chance: float, hold: timedelta) -> Iterator[FactBatch]:
    """What the floor says of a slot: its fact, and a tick after the hold."""
    end = start + SLOT
    fact = Fact(
        store="calit2", metric="unusual_traffic", window="now", start=start, end=end, value=chance, unit="ratio",
        as_of=end, newest_at=end,
    )  # fmt: skip
    for at, facts in ((end, [fact]), (end + hold, [])):
        position = f"{int(at.timestamp() * 1000)}-0"
        yield FactBatch(store="calit2", partition=0, position=position, at=at, facts=facts)


def score(door: Door, fired: Sequence[Alarm], since: datetime, until: datetime) -> Score:
    """Incidents against events within [since, until): an event is found by an incident that stood over a slot of it.

    The delay runs from the event's beginning until the incident fires; people who come before an event begins make it
    negative.
    """
    events = [e for e in door.events if since <= e.starts < until]
    alarms = [a for a in fired if since <= a.opened < until]
    waits = [[a.fired - e.starts for a in fired if _meets(a, e)] for e in events]
    found = sorted(min(wait) for wait in waits if wait)
    good = sum(any(_meets(a, e) for e in door.events) for a in alarms)
    delay = found[len(found) // 2].total_seconds() / 60 if found else None
    weeks = (until - since) / timedelta(weeks=1)
    return Score(len(events), len(found), len(alarms), good, weeks, delay)


def _meets(alarm: Alarm, event: Event) -> bool:
    """A slot is the event's when starts ≤ slot ≤ ends."""
    return alarm.opened <= event.ends and alarm.over > event.starts


def tuned(door: Door, since: datetime, until: datetime) -> dict[str, float]:
    """The settings that find most events of a stretch at no more than ``MOST`` alarms a week, then raise least."""
    best: tuple[tuple[float, ...], dict[str, float]] | None = None
    for values in product(*GRID.values()):
        settings = dict(zip(GRID, values, strict=True))
        got = score(door, incidents(door, chances(door, **settings)), since, until)
        over = max(0.0, got.alarms / got.weeks - MOST)
        rank = (over, -got.found, got.alarms)
        if best is None or rank < best[0]:
            best = (rank, settings)
    assert best is not None
    return best[1]


def report(folder: Path) -> None:
    """Print the whole, the split halves, and what the other alarms are."""
    door = read(folder)
    first, last = door.slots[0][0], door.slots[-1][0] + SLOT
    middle = first + (last - first) / 2
    fired = incidents(door, chances(door))
    print(
        f"\nunusual traffic at CalIt2's door, half-hours, online: {len(door.events)} labelled events"
    )
    print(f"  shipped settings, all weeks          {score(door, fired, first, last)}")
    print(f"  shipped settings, second half        {score(door, fired, middle, last)}")
    chosen = tuned(door, first, middle)
    unseen = incidents(door, chances(door, **chosen))
    print(f"  chosen on the first half: {', '.join(f'{k} {v:g}' for k, v in chosen.items())}")
    print(f"    first half, chosen on              {score(door, unseen, first, middle)}")
    print(f"    second half, not seen              {score(door, unseen, middle, last)}")
    _others(door, [a.opened for a in fired if not any(_meets(a, e) for e in door.events)])


def _others(door: Door, others: Sequence[datetime]) -> None:
    """Describe alarms without a label: how far above the usual of their weekday and half-hour they were."""
    by_slot: dict[tuple[int, int, int], list[int]] = {}
    for at, count in door.slots:
        by_slot.setdefault((at.weekday(), at.hour, at.minute), []).append(count)
    counts = dict(door.slots)
    ratios, weekend, learning = [], 0, 0
    for start in others:
        usual = sorted(by_slot[start.weekday(), start.hour, start.minute])
        ratios.append(counts[start] / max(1.0, float(usual[len(usual) // 2])))
        weekend += start.weekday() >= 5
        learning += start < door.slots[0][0] + timedelta(weeks=2)
    ratios.sort()
    early = sum(at.hour < 7 or at.hour >= 19 for at in others)
    middle = ratios[len(ratios) // 2] if ratios else 0.0
    print(
        f"  {len(others)} incidents without a label: {learning} in the first two weeks, while the usual is learned; "
        f"{weekend} at weekends, {early} before 7 or after 19 h;\n"
        f"    {sum(r >= 2 for r in ratios)} with at least twice the median of their weekday and half-hour "
        f"(median of all {middle:.1f} times)"
    )


if __name__ == "__main__":
    report(Path("../shared/data/calit2"))
