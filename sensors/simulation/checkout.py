"""The tills: one line, c tills, first come first served (M/M/c when arrivals and services are exponential)."""

from collections.abc import Iterable, Mapping, Sequence
from random import Random
from typing import NamedTuple

Span = tuple[float, float]


class Turn(NamedTuple):
    """One customer at the tills, in seconds of the day.

    ``ended`` equals ``started`` for a customer who gave up the line at that moment.
    """

    customer: int
    till: str
    arrived: float
    started: float
    ended: float
    gave_up: bool

    @property
    def wait_s(self) -> float:
        """Seconds in line."""
        return self.started - self.arrived


class Arrival(NamedTuple):
    """A customer joins the line at ``at`` with ``service_s`` of work and ``patience_s`` to wait."""

    customer: int
    at: float
    service_s: float
    patience_s: float


def serve(arrivals: Iterable[Arrival], tills: Mapping[str, Sequence[Span]]) -> list[Turn]:
    """Serve the line in order of arrival; a till takes a new customer only within its manned spans.

    Each customer goes to the till that can start first. Somebody whose wait would exceed their patience
    leaves the line when it runs out and takes no till's time. A customer whom no till can ever take gives
    up at once.
    """
    free = dict.fromkeys(tills, 0.0)
    turns: list[Turn] = []
    for who, at, service_s, patience_s in sorted(arrivals, key=lambda a: (a.at, a.customer)):
        starts = [(_next_open(tills[name], max(at, free[name])), name) for name in tills]
        start, till = min(((s, n) for s, n in starts if s is not None), default=(at, ""))
        if not till or start - at > patience_s:
            gone = at + patience_s if till else at
            turns.append(Turn(who, till or next(iter(tills), ""), at, gone, gone, gave_up=True))
            continue
        free[till] = start + service_s
        turns.append(Turn(who, till, at, start, start + service_s, gave_up=False))
    return turns


def _next_open(spans: Sequence[Span], at: float) -> float | None:
    """The first moment from ``at`` on within the spans; ``None`` after the last."""
    for opens, closes in spans:
        if at < closes:
            return max(at, opens)
    return None


class Level(NamedTuple):
    """The line at one till after a change; what it counts is what happened since the last one."""

    at: float
    till: str
    length: int
    wait_s: float | None
    service_s: float | None
    served: int
    abandoned: int


def line_levels(turns: Sequence[Turn]) -> list[Level]:
    """How the lines went: joined, began, ended, gave up. ``length`` counts those waiting, not served."""
    steps: list[tuple[float, int, int, str, Turn]] = []
    for turn in turns:
        steps.append((turn.arrived, 0, turn.customer, "joined", turn))
        if turn.gave_up:
            steps.append((turn.started, 1, turn.customer, "gave up", turn))
        else:
            steps.append((turn.started, 1, turn.customer, "began", turn))
            steps.append((turn.ended, 2, turn.customer, "ended", turn))
    steps.sort(key=lambda step: step[:3])
    lengths: dict[str, int] = {}
    levels = []
    for at, _, _, what, turn in steps:
        change = {"joined": 1, "began": -1, "gave up": -1, "ended": 0}[what]
        length = lengths[turn.till] = lengths.get(turn.till, 0) + change
        levels.append(
            Level(
                at,
                turn.till,
                length,
                round(turn.wait_s, 1) if what == "began" else None,
                round(turn.ended - turn.started, 1) if what == "ended" else None,
                int(what == "ended"),
                int(what == "gave up"),
            )
        )
    return levels


def service_time(rng: Random, mean_s: float) -> float:
    """An exponential service time in seconds."""
    return rng.expovariate(1.0 / mean_s)
