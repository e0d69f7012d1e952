"""Associates on the floor, the customers each has, and whether they are there when the week's busiest hours are."""

from collections.abc import Iterator

from msgspec import Struct

from flows.facts import Evidence
from flows.footing import footing
from flows.measure import Measure, Reading, View, ratio
from flows.measures.traffic import crossings_today
from flows.profile import Profile, instant_of, minute_of
from flows.tallies.footfall import DoorTally
from flows.tallies.levels import StaffLevel
from flows.tallies.roster import Roster
from flows.tallies.shifts import ShiftSeries

POWER_HOURS = 20  # of the week
FADE = 0.9  # of an hour's weight a week
WEEKS = 2.0  # faded weeks before the busiest hours are called learned


def present(view: View) -> int | None:
    """Associates on the floor now: by this business day's newest badges, else the number last told, else the roster.

    ``None`` if none has spoken of today.
    """
    since = instant_of(view.profile.day_of(minute_of(view.at))[0])
    today = {name: level for name, level in view.of(StaffLevel).items() if level.at >= since}
    badges = [level.on_floor for name, level in today.items() if name]
    if badges:
        return sum(badges)
    if "" in today:
        return today[""].on_floor
    planned = rostered(view)
    return None if planned is None else round(planned)


def roster(view: View) -> Roster | None:
    """The roster, if it has a shift in the view's business day."""
    known = view.of(Roster).get("")
    start, end = view.profile.day_of(minute_of(view.at))
    return known if known is not None and known.hours(start * 60, end * 60) > 0 else None


def rostered(view: View) -> float | None:
    """Associates the roster has on the floor now; ``None`` if it says nothing of today."""
    known = roster(view)
    return None if known is None else known.at(int(view.at.timestamp()))


def labour_hours(view: View) -> float | None:
    """Associate hours in the window up to now: by badges, else told numbers, else the roster; ``None`` without any."""
    pane = view.pane if view.window == "day" else view.today
    series: dict[str, ShiftSeries] = pane.tallies.get(ShiftSeries.kind, {})
    badges = [one for name, one in series.items() if name]
    known = badges or list(series.values())
    end = min(view.end * 60, int(view.at.timestamp()))
    if not known:
        planned = view.of(Roster).get("")
        return (planned.hours(view.start * 60, end) or None) if planned is not None else None
    return sum(one.hours(view.start * 60, end) for one in known)


def on_floor(view: View) -> Iterator[Reading]:
    """Associates on the floor now; ``detail.rostered`` how many are to be."""
    people, planned = present(view), rostered(view)
    if people is not None:
        yield Reading(people, detail={} if planned is None else {"rostered": round(planned, 3)})


def star_now(view: View) -> Iterator[Reading]:
    """Customers inside ÷ associates on the floor; ``None`` with nobody on the floor."""
    people = present(view)
    if people is None or not view.today.tallies.get(DoorTally.kind):
        return
    total = crossings_today(view)
    inside = max(0, total.people_in - total.people_out)
    reason = "" if people else "nobody_on_floor"
    yield Reading(ratio(inside, people), evidence=Evidence(n=people, k=inside), reason=reason)


def star(view: View) -> Iterator[Reading]:
    """STAR: visitors ÷ sales-floor labour hours of the window."""
    hours, seen = labour_hours(view), footing(view)
    if hours is not None:
        evidence = Evidence(n=round(hours, 2), k=seen.visitors)
        yield Reading(
            ratio(seen.visitors, hours),
            evidence=evidence,
            state="imputed" if seen.imputed else None,
        )


class HoursMemory(Struct):
    """Visitors and labour by hour of the week, of earlier days; today's wait until the day is over.

    Attributes:
        weeks: faded number of weeks in which each hour (weekday × 24 + hour) was seen.
    """

    day: int = 0
    today: dict[int, float] = {}
    visitors: dict[int, float] = {}
    weeks: dict[int, float] = {}

    def turn(self, day: int) -> None:
        """Begin a business day."""
        if day == self.day:
            return
        for hour, people in self.today.items():
            self.visitors[hour] = round(FADE * self.visitors.get(hour, 0.0) + people, 3)
            self.weeks[hour] = round(FADE * self.weeks.get(hour, 0.0) + 1, 3)
        self.day, self.today = day, {}

    def usual(self, hour: int) -> float:
        """Usual visitors of an hour of the week."""
        weeks = self.weeks.get(hour, 0.0)
        return self.visitors.get(hour, 0.0) / weeks if weeks else 0.0

    def busiest(self) -> list[int]:
        """The power hours, the busiest first; fewer where fewer hours are known.

        >>> HoursMemory(visitors={12: 90.0, 13: 50.0}, weeks={12: 1.0, 13: 1.0}).busiest()
        [12, 13]
        """
        known = sorted(self.weeks, key=lambda hour: (-self.usual(hour), hour))
        return known[:POWER_HOURS]


def _hour_of(profile: Profile, minute: int) -> int:
    """Hour of the week in the store's time, by business day: weekday × 24 + hour."""
    local = instant_of(minute).astimezone(profile.store.tz)
    return profile.date_of(minute).weekday() * 24 + local.hour


def learn(memory: HoursMemory, view: View) -> None:
    """Add a final quarter's visitors to its hour."""
    memory.turn(view.profile.day_of(view.start)[0])
    people = view.total(DoorTally).visitors
    if people:
        hour = _hour_of(view.profile, view.start)
        memory.today[hour] = memory.today.get(hour, 0.0) + people


def power_hours(view: View) -> Iterator[Reading]:
    """Whether this is one of the 20 busiest hours of the week (1) or not (0), and which of today's hours are.

    ``None`` until every hour of a week has been seen twice; ``detail.share`` is their share of the week's visitors.
    """
    memory = view.memory(HoursMemory)
    busiest = memory.busiest()
    learned = bool(memory.weeks) and len({hour // 24 for hour in memory.weeks}) == 7
    known = learned and max(memory.weeks.values()) >= WEEKS - 0.1
    hour = _hour_of(view.profile, minute_of(view.at))
    whole = sum(memory.usual(one) for one in memory.weeks)
    today = sorted(one % 24 for one in busiest if one // 24 == hour // 24)
    yield Reading(
        int(hour in busiest) if known else None,
        evidence=Evidence(n=len(memory.weeks)),
        reason="learned" if known else "learning",
        detail={
            "today": " ".join(map(str, today)),
            "share": ratio(sum(memory.usual(one) for one in busiest), whole),
        }
        if known
        else {},
    )


def peak_coverage(view: View) -> Iterator[Reading]:
    """Labour hours in today's power hours ÷ hours needed: usual visitors of them ÷ ``star_target``.

    ``scheduled``: the roster's hours in all of today's power hours. Without a roster, ``worked``: the hours worked in
    those that have passed.
    """
    memory, profile = view.memory(HoursMemory), view.profile
    if not memory.weeks:
        return
    planned = roster(view)
    series: dict[str, ShiftSeries] = view.today.tallies.get(ShiftSeries.kind, {})
    badges = [one for name, one in series.items() if name] or list(series.values())
    if planned is None and not badges:
        return
    now, (start, end) = minute_of(view.at), profile.day_of(minute_of(view.at))
    busiest = set(memory.busiest())
    worked = needed = 0.0
    for minute in range(start + (-start) % 60, end if planned else min(end, now), 60):
        hour = _hour_of(profile, minute)
        if hour in busiest:
            until = min(minute + 60, end if planned else now)
            sources = [planned] if planned else badges
            worked += sum(one.hours(minute * 60, until * 60) for one in sources)
            needed += memory.usual(hour) / profile.settings.star_target * (until - minute) / 60
    if needed:
        yield Reading(
            ratio(worked, needed), evidence=Evidence(n=round(needed, 2), k=round(worked, 2)),
            reason="scheduled" if planned else "worked",
        )  # fmt: skip


MEASURES = (
    Measure("staff_on_floor", "associates", (StaffLevel, Roster), on_floor, ("now",), every_minute=True),
    Measure("star_now", "ratio", (StaffLevel,), star_now, ("now",), every_minute=True),
    Measure("star", "per_hour", (), star, ("60m", "day"), covered=True, cadence=5),
    Measure(
        "power_hour", "score", (), power_hours, ("now",),
        cadence=5, memory=HoursMemory, learn=learn,
    ),
    Measure("peak_coverage", "ratio", (), peak_coverage, ("now",), cadence=5),
)  # fmt: skip
