"""What the measures of one store are shown, and the facts made of what they answer."""

from datetime import datetime
from typing import Any

from msgspec import Struct

from flows.facts import Fact, State, Window
from flows.ledger import Ledger
from flows.measure import Measure, Reading, View, measures
from flows.panes import Pane
from flows.profile import instant_of

Bounds = tuple[int, int]


class Views:
    """Makes the views of one store.

    Attributes:
        memories: what its measures have learned, by the name of the memory's class.
        today: the pane of the business day that the present tick lies in.
    """

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.today: Pane | None = None
        self.memories: dict[str, Struct] = {
            measure.memory.__name__: measure.memory() for measure in measures() if measure.memory
        }
        self._tick: dict[str, Any] = {}

    def begin(self) -> None:
        """A tick begins, or its memories have learned: views share nothing yet."""
        self._tick = {}

    def of(
        self,
        window: Window,
        bounds: Bounds,
        pane: Pane,
        at: datetime,
        **more: Any,  # noqa: ANN401
    ) -> View:
        """The view of a window's pane at a tick; ``more`` as ``View`` takes it."""
        ledger = self.ledger
        return View(
            ledger.profile, window, bounds, pane, at, now=ledger.now, day=self.today,
            memories=self.memories, counters=ledger.counters, doors_heard=ledger.heard, hour=ledger.rolling["60m"].pane,
            factors=ledger.factors, clocks=ledger.clocks, tick=self._tick,
            **more,
        )  # fmt: skip

    def fact(
        self,
        measure: Measure,
        reading: Reading,
        view: View,
        state: State = "live",
        revision: int = 0,
    ) -> Fact:
        """A reading as a fact of this store."""
        value, subject, evidence, reason, detail, coverage, window, span, imputed = reading
        start, end = span or (view.start, view.end)
        return Fact(
            store=self.ledger.profile.id, metric=measure.metric, subject=subject,
            window=window or view.window, start=instant_of(start), end=instant_of(end),
            value=value, unit=measure.unit, as_of=view.at, evidence=evidence,
            coverage=view.coverage if measure.covered else coverage,
            state=imputed or state, revision=revision, newest_at=None if measure.quiet else view.pane.newest,
            reason=reason, detail=dict(detail) if detail else {},
        )  # fmt: skip
