"""A roster proposal for a week: which shifts, for whom, against the need by hour. An integer programme for HiGHS.

    min  Σ shortage_h·w_h + ε·Σ hours        (set covering with shortages, Dantzig 1954)
    s.t. Σ_{shifts s covering h} x_{p,s} + shortage_h ≥ need_h      for every hour h
         at most one shift a day, hours within the contract          for every person p

Shortage in a power hour weighs more. The result is a proposal: people decide.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import highspy
import numpy as np


class Person(NamedTuple):
    """Who can work: contract hours a week and the days (0 is Monday) available."""

    name: str
    most_h: int
    days: frozenset[int] = frozenset(range(7))


class Shift(NamedTuple):
    """A stretch of work on a day, in whole hours; ``ends`` is exclusive."""

    day: int
    begins: int
    ends: int

    @property
    def hours(self) -> int:
        """Its length."""
        return self.ends - self.begins


class Roster(NamedTuple):
    """The proposal: shifts by person, and associate hours that stay uncovered."""

    shifts: dict[str, list[Shift]]
    short_h: float
    optimal: bool  # false: the time limit ended the search


def shifts_of(opens: int, closes: int, lengths: Sequence[int] = (4, 6, 8)) -> list[Shift]:
    """Every shift of the lengths within opening hours, on each day of the week.

    >>> len(shifts_of(9, 21, (8,)))
    35
    """
    return [
        Shift(day, begins, begins + length)
        for day in range(7)
        for length in lengths
        for begins in range(opens, closes - length + 1)
    ]


def propose(
    need: Mapping[tuple[int, int], int], people: Sequence[Person], shifts: Sequence[Shift], *,
    power: frozenset[tuple[int, int]] = frozenset(), limit_s: float = 10.0,
) -> Roster:  # fmt: skip
    """The roster that leaves the least need uncovered, and among those the one with the fewest hours.

    Args:
        need: associates by (day, hour).
        people: who can work, with contract hours and days.
        shifts: the stretches of work to choose from.
        power: the hours whose shortage counts three times.
        limit_s: the search ends then with the best found; the answer says so.

    Raises:
        ValueError: no roster at all was found in the time given.
    """
    pairs = [
        (p, s)
        for p, person in enumerate(people)
        for s, shift in enumerate(shifts)
        if shift.day in person.days
    ]
    hours = sorted(need)
    solver = highspy.Highs()  # type: ignore[no-untyped-call]
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("time_limit", limit_s)
    solver.setOptionValue("random_seed", 1)
    _columns(solver, pairs, shifts, hours, power)
    _rows(solver, pairs, shifts, people, need, hours)
    solver.run()
    info = solver.getInfo()
    if info.primal_solution_status != highspy.SolutionStatus.kSolutionStatusFeasible:
        raise ValueError(
            "no roster found in the time given: allow more time or fewer kinds of shift"
        )
    values = solver.getSolution().col_value
    chosen: dict[str, list[Shift]] = {person.name: [] for person in people}
    for i, (p, s) in enumerate(pairs):
        if values[i] > 0.5:
            chosen[people[p].name].append(shifts[s])
    short = float(sum(values[len(pairs) :]))
    optimal = solver.getModelStatus() == highspy.HighsModelStatus.kOptimal
    return Roster(chosen, round(short, 6), optimal)


def _columns(
    solver: highspy.Highs, pairs: Sequence[tuple[int, int]], shifts: Sequence[Shift],
    hours: Sequence[tuple[int, int]], power: frozenset[tuple[int, int]],
) -> None:  # fmt: skip
    """One binary per person and shift, one shortage per hour."""
    for i, (_, s) in enumerate(pairs):
        solver.addVar(0.0, 1.0)
        solver.changeColCost(i, 0.001 * shifts[s].hours)
        solver.changeColIntegrality(i, highspy.HighsVarType.kInteger)
    for i, hour in enumerate(hours, start=len(pairs)):
        solver.addVar(0.0, highspy.kHighsInf)
        solver.changeColCost(i, 3.0 if hour in power else 1.0)


def _rows(
    solver: highspy.Highs, pairs: Sequence[tuple[int, int]], shifts: Sequence[Shift],
    people: Sequence[Person], need: Mapping[tuple[int, int], int], hours: Sequence[tuple[int, int]],
) -> None:  # fmt: skip
    """Cover each hour; one shift a day and contract hours for each person."""
    for h, (day, hour) in enumerate(hours):
        covers = [
            i for i, (_, s) in enumerate(pairs)
            if shifts[s].day == day and shifts[s].begins <= hour < shifts[s].ends
        ]  # fmt: skip
        _add(solver, [*covers, len(pairs) + h], None, need[day, hour], highspy.kHighsInf)
    for p, person in enumerate(people):
        own = [i for i, (q, _) in enumerate(pairs) if q == p]
        _add(solver, own, [float(shifts[pairs[i][1]].hours) for i in own], 0.0, person.most_h)
        for day in range(7):
            today = [i for i in own if shifts[pairs[i][1]].day == day]
            _add(solver, today, None, 0.0, 1.0)


def _add(
    solver: highspy.Highs, columns: Sequence[int], weights: Sequence[float] | None, low: float, high: float
) -> None:  # fmt: skip
    values = np.ones(len(columns)) if weights is None else np.array(weights)
    solver.addRow(low, high, len(columns), np.array(columns, dtype=np.int32), values)
