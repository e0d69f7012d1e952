"""Whether the counts agree with one another: the store's own check, by reason."""

from collections.abc import Iterator

from flows.facts import Evidence
from flows.measure import Measure, Reading, View
from flows.measures.traffic import crossings_today
from flows.profile import minute_of
from flows.tallies.footfall import DoorTally
from flows.tallies.sales import TillTally
from flows.tallies.series import DoorSeries

TOLERANCE, LEAST = 0.05, 15  # of the day's entries, and people, by which in and out may differ
CREW_MIN = 90  # minutes before opening and after closing in which associates come and go
AT_NIGHT = 5  # people
SALES = 10  # transactions of an hour before they can be said to outnumber its visitors


def balance(view: View) -> Iterator[Reading]:
    """Σ in − Σ out of the business day; more out than in, or people left inside after closing, beyond tolerance."""
    minute = minute_of(view.at)
    total = crossings_today(view)
    if not (total.entered or total.left):
        return
    inside = total.people_in - total.people_out
    allowed = max(LEAST, TOLERANCE * max(total.people_in, total.people_out))
    opened = view.profile.open_minutes(minute)
    shut = bool(opened) and minute >= opened.stop + CREW_MIN
    reason = ""
    if inside < -allowed:
        reason = "more_out_than_in"
    elif shut and inside > allowed:
        reason = "inside_after_closing"
    evidence = Evidence(n=total.people_in, k=total.people_out, low=-allowed, high=allowed)
    yield Reading(inside, evidence=evidence, reason=reason)


def night(view: View) -> Iterator[Reading]:
    """Untagged people in while the shop is shut, beyond the time in which associates come and go."""
    minute = minute_of(view.at)
    opened = view.profile.open_minutes(minute)
    series: dict[str, DoorSeries] = view.today.tallies.get(DoorSeries.kind, {})
    if not series:
        return
    near = range(opened.start - CREW_MIN, opened.stop + CREW_MIN) if opened else range(0)
    doors = {
        door: sum(n for at, n in one.visitors.items() if at not in near)
        for door, one in series.items()
    }
    total = sum(doors.values())
    worst = max(doors, key=lambda door: doors[door])
    reason = "counts_at_night" if total > AT_NIGHT else ""
    yield Reading(total, reason=reason, detail={"door": worst} if reason else {})


def sales_beyond(view: View) -> Iterator[Reading]:
    """Transactions of the hour that outnumber its visitors: a door is missed; 0 if all is well."""
    sales, visitors = view.total(TillTally).transactions, view.total(DoorTally).visitors
    beyond = max(0, sales - visitors) if sales >= SALES else 0
    reason = "more_sales_than_visitors" if beyond else ""
    yield Reading(beyond, evidence=Evidence(n=visitors, k=sales), reason=reason)


MEASURES = (
    Measure("count_balance", "people", (DoorTally,), balance, ("now",), cadence=5),
    Measure("night_counts", "people", (DoorSeries,), night, ("now",), cadence=5),
    Measure(
        "sales_beyond_visitors",
        "transactions",
        (DoorTally, TillTally),
        sales_beyond,
        ("60m",),
        cadence=5,
    ),
)
