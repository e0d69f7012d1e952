"""Visitors by door and visits by zone, to come: parts of the store's visitors, learned by hours."""

import pickle
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache, partial

from msgspec import Struct

from flows.facts import Evidence, Window
from flows.forecasting.calendar import day_number
from flows.forecasting.shares import HOURS, PartForecaster
from flows.measure import Measure, Reading, View
from flows.measures.forecast import VISITORS, visitors_of
from flows.outlook import COVERED
from flows.outlook_ahead import Upcoming, days_ahead, just_learned, upcoming
from flows.outlook_readings import Detail
from flows.panes import Squeezed, squeeze, unsqueeze
from flows.profile import Profile, instant_of, minute_of
from flows.spans import QUARTER
from flows.tallies.footfall import DoorTally
from flows.tallies.trail import ZoneVisits

HOUR = 60
LEVEL = 0.95
Parts = dict[str, PartForecaster]


class PartsMemory(Struct):
    """The parts' models as bytes, and the hour that is being added up.

    Attributes:
        state: ``PartForecaster`` by subject, pickled and compressed.
        hour, parts: first minute of the hour and its quarters so far; ``sums`` by subject, the whole's under ``""``.
        said: what was forecast of the whole for hours to come, by their first minute.
        taught_at: the minute in which they learned last.
    """

    state: Squeezed = b""
    hour: int = 0
    parts: int = 0
    sums: dict[str, float] = {}
    said: dict[int, float] = {}
    taught_at: int = 0


@lru_cache(maxsize=256)
def parts_of(state: bytes) -> Parts:
    """The models, to look at only."""
    found: Parts = pickle.loads(unsqueeze(state))  # noqa: S301  our own recovery state, as bytewax itself keeps it
    return found


def _amounts(view: View) -> dict[str, float]:
    """A quarter's count of every configured part, and of the whole."""
    doors, zones = view.of(DoorTally), view.of(ZoneVisits)
    found = {f"door:{d}": float(doors[d].visitors if d in doors else 0) for d in view.profile.doors}
    found |= {f"zone:{z}": float(zones[z].visits if z in zones else 0) for z in view.profile.zones}
    return {**found, "": visitors_of(view)}


def _step_of(profile: Profile, minute: int) -> int:
    local = instant_of(minute).astimezone(profile.store.tz)
    return day_number(local.date()) * HOURS + local.hour


def learn(memory: PartsMemory, view: View) -> None:
    """Take in a final quarter; the hour is learned when its open quarters are, and the next ones' whole is noted."""
    profile = view.profile
    hour = view.start - instant_of(view.start).astimezone(profile.store.tz).minute
    if memory.hour != hour:
        memory.hour, memory.parts, memory.sums = hour, 0, {}
    opened = profile.open_minutes(view.start)
    quarters = [
        q for q in range(hour, hour + HOUR, QUARTER)
        if not profile.store.hours or opened.start <= q < opened.stop
    ]  # fmt: skip
    if view.start not in quarters:
        return
    poor = view.coverage is not None and view.coverage < COVERED
    memory.parts += -len(quarters) if poor else 1
    for subject, count in _amounts(view).items():
        memory.sums[subject] = memory.sums.get(subject, 0.0) + count
    if view.start == quarters[-1]:
        if memory.parts == len(quarters):
            _teach(memory, view, hour)
        ahead = upcoming(view, VISITORS)
        starts = range(hour + HOUR, hour + 3 * HOUR, HOUR)
        said = {start: ahead.over(start, start + HOUR) for start in starts}
        memory.said = {start: told.value for start, told in said.items() if told is not None}


def _teach(memory: PartsMemory, view: View, hour: int) -> None:
    models: Parts = pickle.loads(unsqueeze(memory.state)) if memory.state else {}  # noqa: S301  our own recovery state
    whole, step = memory.sums[""], _step_of(view.profile, hour)
    holiday = view.profile.calendar.is_holiday(
        instant_of(hour).astimezone(view.profile.store.tz).date()
    )
    for subject, count in memory.sums.items():
        if subject:
            model = models.setdefault(subject, PartForecaster())
            model.learn(step, count, whole=whole, said=memory.said.get(hour), holiday=holiday)
    memory.state = squeeze(pickle.dumps(models, protocol=pickle.HIGHEST_PROTOCOL))
    memory.taught_at = minute_of(view.at)


def forecast(view: View, kind: str) -> Iterator[Reading]:
    """Next hour, rest of the day, the day and seven days of each door or zone; told when they have learned.

    Args:
        view: of the present tick.
        kind: ``door`` or ``zone``.
    """
    memory, minute = view.memory(PartsMemory), minute_of(view.at)
    if not memory.state or not just_learned(view, memory.taught_at):
        return
    slots = upcoming(view, VISITORS)
    seen = _seen(view, kind)
    for subject, model in parts_of(memory.state).items():
        if subject.startswith(kind + ":"):
            detail = _detail(model)
            near = _over(view.profile, model, slots, minute, minute + HOUR)
            end = slots.end if slots else minute
            left = _over(view.profile, model, slots, minute, end)
            yield _reading(model, near, slots, "next60m", (minute, minute + HOUR), subject, detail)
            yield _reading(
                model, left, slots, "rest", (minute, max(end, minute + 1)), subject, detail
            )
            whole = view.profile.day_of(minute)
            yield _reading(
                model, left, slots, "day", whole, subject, detail, seen.get(subject, 0.0)
            )
            yield from _days(view, model, subject)


def _seen(view: View, kind: str) -> dict[str, float]:
    """Today's count so far by subject; zone visits are counted in quarters, so their day is its dwell visits."""
    if kind == "door":
        doors: Mapping[str, DoorTally] = view.today.tallies.get(DoorTally.kind, {})
        return {f"door:{name}": float(door.visitors) for name, door in doors.items()}
    zones = view.today.tallies.get("dwell", {})
    return {f"zone:{name}": float(zone.visits) for name, zone in zones.items()}


def _over(profile: Profile, model: PartForecaster, slots: Upcoming, start: int, end: int) -> float:
    """A part's sum over [start, end), hour by hour of the whole's quarters."""
    total, begin = 0.0, start
    while begin < end:
        local = instant_of(begin).astimezone(profile.store.tz)
        until = min(end, begin + HOUR - local.minute)
        whole = slots.over(begin, until)
        if whole is not None:
            length = HOUR / (until - begin)
            said = model.say(_step_of(profile, begin), whole.value * length)
            total += (said or 0.0) / length
        begin = until
    return total


def _reading(
    model: PartForecaster, value: float, slots: Upcoming, window: Window, span: tuple[int, int],
    subject: str, detail: Detail, seen: float = 0.0,
) -> Reading:  # fmt: skip
    whole = slots.over(*span)
    band = whole.band(LEVEL) if whole is not None and whole.value > 0 else None
    if window == "next60m" and value > 0:
        own = next(b for b in model.bands.around(value, 0) if b.level == LEVEL)
        low, high = own.low, own.high
    else:
        spread = (band.high - band.low) / 2 / whole.value if band and whole else 0.0
        low, high = model.around(value, spread) if value > 0 else (0.0, 0.0)
    evidence = Evidence(low=round(seen + low, 1), high=round(seen + high, 1), level=LEVEL)
    return Reading(round(seen + value, 1), subject, evidence, detail=detail, window=window, span=span)  # fmt: skip


def _days(view: View, model: PartForecaster, subject: str) -> Iterator[Reading]:
    """The seven days after today: the whole's day × the part's share of all hours."""
    total = float(model.whole.sum())
    share = float(model.own.sum()) / total if total else 0.0
    for bounds, told in days_ahead(view, VISITORS):
        band, value = told.band(LEVEL), told.value * share
        spread = (band.high - band.low) / 2 / told.value if band and told.value else 0.0
        low, high = model.around(value, spread) if value else (0.0, 0.0)
        evidence = Evidence(low=round(low, 1), high=round(high, 1), level=LEVEL)
        yield Reading(round(value, 1), subject, evidence, window="day", span=bounds)


def _detail(model: PartForecaster) -> Detail:
    governor, coverage = model.governor, model.bands.conformal.coverage()
    error, reference = governor.wape(), governor.baseline_wape()
    back = governor.champion == governor.baseline
    return {
        "champion": governor.champion, "challenger": governor.model if back else governor.baseline,
        "error": None if error is None else round(error, 4),
        "baseline_error": None if reference is None else round(reference, 4),
        "coverage80": None if coverage is None else round(coverage, 3),
    }  # fmt: skip


def _read(kind: str) -> Callable[[View], Iterator[Reading]]:
    return partial(forecast, kind=kind)


MEASURES = (
    Measure(
        "door_visitors_forecast", "people", (), _read("door"), ("now",),
        cadence=5, quiet=True, memory=PartsMemory, learn=learn,
    ),
    Measure("zone_visits_forecast", "people", (), _read("zone"), ("now",), cadence=5, quiet=True),
)  # fmt: skip
