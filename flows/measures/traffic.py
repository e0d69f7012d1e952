"""People at the doors: visitors, exits, passers-by, and how many are inside."""

from collections.abc import Iterator

from flows.facts import Evidence
from flows.measure import Measure, Reading, View
from flows.tallies.footfall import DoorTally


def visitors(view: View) -> Iterator[Reading]:
    """People counted in, without staff and children, for the store and each door."""
    yield Reading(view.total(DoorTally).visitors)
    for door, tally in view.of(DoorTally).items():
        yield Reading(tally.visitors, f"door:{door}")


def exits(view: View) -> Iterator[Reading]:
    """People counted out, without staff, for the store and each door."""
    yield Reading(view.total(DoorTally).left)
    for door, tally in view.of(DoorTally).items():
        yield Reading(tally.left, f"door:{door}")


def passers_by(view: View) -> Iterator[Reading]:
    """People who walked past, where a door's sensor sees the street; unknown where none does."""
    seeing = {door.id for door in view.profile.store.doors if door.counts_passers}
    tallies = view.of(DoorTally)
    known = {door: tally for door, tally in tallies.items() if door in seeing or tally.passed}
    if known:
        yield Reading(sum(tally.passed for tally in known.values()))
        for door, tally in known.items():
            yield Reading(tally.passed, f"door:{door}")


def occupancy(view: View) -> Iterator[Reading]:
    """People inside: Σ in − Σ out since the daily reset, not below 0; the uncorrected sum is in ``detail``."""
    day = View(view.profile, "day", (view.start, view.end), view.today, view.at)
    total = day.total(DoorTally)
    inside = total.entered - total.left
    if day.of(DoorTally):
        yield Reading(
            max(0, inside),
            detail={"capacity": view.profile.store.capacity, "counted": inside},
            evidence=Evidence(n=total.entered, k=total.left),
        )


def occupancy_drift(view: View) -> Iterator[Reading]:
    """What Σ in − Σ out was when the business day ended: 0 if the counters agree."""
    total = view.total(DoorTally)
    if view.closed and view.of(DoorTally):
        inside = total.entered - total.left
        yield Reading(inside, evidence=Evidence(n=total.entered, k=total.left))


MEASURES = (
    Measure("visitors", "people", (DoorTally,), visitors, covered=True),
    Measure("exits", "people", (DoorTally,), exits, covered=True),
    Measure("passers_by", "people", (DoorTally,), passers_by, covered=True),
    Measure("occupancy", "people", (DoorTally,), occupancy, windows=("now",)),
    Measure("occupancy_drift", "people", (DoorTally,), occupancy_drift, windows=("day",)),
)
