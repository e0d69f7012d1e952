"""People at the doors: visitors, groups, exits, passers-by, and how many are inside."""

from collections.abc import Iterator

from flows.facts import Evidence
from flows.footing import footing
from flows.measure import Measure, Reading, View, by_minute, ratio
from flows.tallies.footfall import DoorTally
from flows.tallies.series import DoorSeries
from sensors.corrections import Correction


def visitors(view: View) -> Iterator[Reading]:
    """People in, without staff and children, for the store and each door.

    What a silent door missed is filled in and said so: state ``imputed``, ``k`` those really counted. What a hand count
    has corrected says so too: ``k`` and ``detail.by_counter`` are what the counter said.
    """
    seen = footing(view)
    if not seen.imputed:
        yield _counted(seen.counted, view.total(DoorTally), None)
    else:
        yield _imputed(seen.visitors, seen.counted, "")
    tallies = view.of(DoorTally)
    for door in {**tallies, **seen.imputed}:
        counted = tallies[door].visitors if door in tallies else 0
        if door in seen.imputed:
            yield _imputed(counted + seen.imputed[door], counted, f"door:{door}")
        else:
            factor = view.factors.at(door, "in", view.end - 1)
            yield _counted(counted, tallies[door], factor, f"door:{door}")


def _imputed(value: int, counted: int, subject: str) -> Reading:
    return Reading(value, subject, Evidence(k=counted), "door_silent", state="imputed")


def _counted(value: int, tally: DoorTally, factor: Correction | None, subject: str = "") -> Reading:
    if not tally.more_in:
        return Reading(value, subject)
    by_counter = tally.entered - tally.children
    return Reading(value, subject, Evidence(k=by_counter), *_corrected(factor, by_counter))


def _exits(tally: DoorTally, factor: Correction | None, subject: str = "") -> Reading:
    if not tally.more_out:
        return Reading(tally.left, subject)
    evidence = Evidence(k=tally.left)
    return Reading(tally.people_out, subject, evidence, *_corrected(factor, tally.left))


def _corrected(
    factor: Correction | None, by_counter: int
) -> tuple[str, dict[str, str | int | float | None]]:
    """Reason and detail of a count that a hand count has corrected."""
    if factor is None:  # several doors, or a correction that was taken back since
        return "corrected", {"by_counter": by_counter}
    return f"corrected {factor.words}", {
        "by_counter": by_counter, "factor": factor.factor, "factor_low": factor.low, "factor_high": factor.high,
    }  # fmt: skip


def exits(view: View) -> Iterator[Reading]:
    """People counted out, without staff, for the store and each door."""
    yield _exits(view.total(DoorTally), None)
    for door, tally in view.of(DoorTally).items():
        yield _exits(tally, view.factors.at(door, "out", view.end - 1), f"door:{door}")


def groups(view: View) -> Iterator[Reading]:
    """Groups in; where only some messages tell groups, their share is extended to all. ``None`` if none tells."""
    total = view.total(DoorTally)
    whole = ratio(total.groups * total.people_in, total.grouped)
    yield Reading(
        None if whole is None else round(whole, 1),
        evidence=Evidence(n=total.entered, k=total.grouped),
        reason="" if total.grouped == total.entered else "extended",
    )


def passers_by(view: View) -> Iterator[Reading]:
    """People who walked past, where a door's sensor sees the street; unknown where none does."""
    known = _seeing(view)
    if known:
        yield Reading(sum(tally.passed for tally in known.values()))
        for door, tally in known.items():
            yield Reading(tally.passed, f"door:{door}")


def capture_rate(view: View) -> Iterator[Reading]:
    """Visitors ÷ passers-by at the doors that see the street; ``None`` while nobody passed."""
    known = _seeing(view)
    if known:
        passed = sum(tally.passed for tally in known.values())
        came = sum(tally.visitors for tally in known.values())
        yield Reading(ratio(came, passed), evidence=Evidence(n=passed, k=came))


def _seeing(view: View) -> dict[str, DoorTally]:
    seeing = {door.id for door in view.profile.store.doors if door.counts_passers}
    tallies = view.of(DoorTally)
    return {door: tally for door, tally in tallies.items() if door in seeing or tally.passed}


def occupancy(view: View) -> Iterator[Reading]:
    """People inside: Σ in − Σ out since the daily reset, not below 0; the uncorrected sum is in ``detail``.

    It is 0 from the reset on; what was left over then is the day's ``occupancy_drift``.
    """
    total, counted = _today(view)
    if counted:
        inside = total.people_in - total.people_out
        yield Reading(
            max(0, inside),
            detail={"capacity": view.profile.store.capacity, "counted": inside},
            evidence=Evidence(n=total.people_in, k=total.people_out),
        )


def occupancy_share(view: View) -> Iterator[Reading]:
    """People inside ÷ the store's limit; ``full`` from 1 on."""
    total, counted = _today(view)
    if counted:
        inside = max(0, total.people_in - total.people_out)
        limit = view.profile.store.capacity
        reason = "full" if inside >= limit else ""
        yield Reading(ratio(inside, limit), evidence=Evidence(n=limit, k=inside), reason=reason)


def _today(view: View) -> tuple[DoorTally, bool]:
    return crossings_today(view), bool(view.doors_heard)


def crossings_today(view: View) -> DoorTally:
    """Crossings of all doors in the business day so far."""
    return view.once_a_tick("traffic.today", _crossings_today)


def _crossings_today(view: View) -> DoorTally:
    total, doors = DoorTally(), view.today.tallies.get(DoorTally.kind, {})
    for door in doors.values():
        total.merge(door)
    return total


def occupancy_drift(view: View) -> Iterator[Reading]:
    """What Σ in − Σ out was when the business day ended: 0 if the counters agree."""
    total = view.total(DoorTally)
    if view.closed and view.of(DoorTally):
        inside = total.people_in - total.people_out
        yield Reading(inside, evidence=Evidence(n=total.people_in, k=total.people_out))


MEASURES = (
    *by_minute(
        Measure("visitors", "people", (DoorTally, DoorSeries), visitors, covered=True), "60m"
    ),
    Measure("exits", "people", (DoorTally,), exits, covered=True, cadence=5),
    Measure("groups", "groups", (DoorTally,), groups, covered=True, cadence=5, steady=True),
    Measure("passers_by", "people", (DoorTally,), passers_by, covered=True, cadence=5, steady=True),
    Measure(
        "capture_rate", "ratio", (DoorTally,), capture_rate, covered=True, cadence=5, steady=True
    ),
    Measure("occupancy", "people", (DoorTally,), occupancy, windows=("now",), every_minute=True),
    Measure(
        "occupancy_share",
        "ratio",
        (DoorTally,),
        occupancy_share,
        windows=("now",),
        cadence=1,
    ),
    Measure("occupancy_drift", "people", (DoorTally,), occupancy_drift, windows=("day",)),
)
