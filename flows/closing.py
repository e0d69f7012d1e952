"""Windows that have ended: told when their state turns, revised when late events change them, and learned from."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import NamedTuple

from flows.changes import Changes
from flows.facts import Fact, Window
from flows.measure import measures, measures_over
from flows.panes import Pane
from flows.spans import Span, Spans
from flows.views import Views


class Closing(NamedTuple):
    """An aligned window that has ended: as it was before late events, and whether its state turned."""

    window: Window
    span: Span
    before: Pane | None
    turned: bool


def _when(one: Closing) -> tuple[int, bool, int]:
    """In order of time, so that a day is told when its own quarters were learned and no later ones."""
    return one.span.bounds[1], one.window == "day", one.span.bounds[0]


class Closer:
    """Tells of the closed windows of one store."""

    def __init__(self, views: Views) -> None:
        self.views = views
        ledger = views.ledger
        self._spans: dict[Window, Spans] = {"quarter": ledger.quarters, "day": ledger.days}

    def tell(self, changes: Changes, at: datetime) -> Iterator[Fact]:
        """What this tick changes of windows that have ended, in order of time; memories learn from what is final.

        A tick may come late, and close a day and quarters of the next.
        """
        ended = [
            one
            for window, spans in self._spans.items()
            for one in self._closing(window, spans, changes, at)
        ]
        for one in sorted(ended, key=_when):
            yield from self._revise(one, at)
            if one.turned and one.span.state == "final":
                self._learn(one.window, one.span, at)
            self._spans[one.window].awake.add(one.span.bounds[0])

    def is_due(self, at: datetime) -> bool:
        """Whether a window may end or settle on this tick."""
        return any(spans.is_turning(at) for spans in self._spans.values())

    def rest(self) -> None:
        """Freeze what is final."""
        for spans in self._spans.values():
            spans.rest()

    def _closing(
        self, window: Window, spans: Spans, changes: Changes, at: datetime
    ) -> Iterable[Closing]:
        """Closed windows that late events changed, and those whose state turned on this tick."""
        settle_s = self.views.ledger.profile.settings.lateness.settle_s
        turned = {s.bounds[0] for s in spans.turned(at, settle_s)}
        late = bool(changes.heard) and min(changes.heard) < _oldest_live(spans)
        if not (turned or changes.before or late):
            return ()
        revised = {
            start: pane for (name, start), (_, pane) in changes.before.items() if name == window
        }
        covered = self._covered_again(spans, changes) if late else set()
        return [
            Closing(window, spans.known[start], revised.get(start), start in turned)
            for start in turned | revised.keys() | covered
            if start in spans.known
        ]

    def _covered_again(self, spans: Spans, changes: Changes) -> set[int]:
        """Closed windows whose coverage late messages may have changed: a door covers some minutes after it spoke."""
        silent = int(self.views.ledger.profile.settings.lateness.sensor_silent_s // 60)
        return {
            start
            for start, span in spans.known.items()
            if span.state != "live"
            and any(start - silent <= minute < span.bounds[1] for minute in changes.heard)
        }

    def _revise(self, one: Closing, at: datetime) -> Iterator[Fact]:
        """Its facts that differ from what was said of it before."""
        window, span, before, turned = one
        views, bounds, was_covered = self.views, span.bounds, span.coverage
        coverage = span.coverage = views.ledger.coverage(*bounds)
        view = views.of(window, bounds, span.pane, at, closed=True, coverage=coverage)
        old = views.of(window, bounds, before or span.pane, at, closed=True)
        fresher = before is not None and before.newest != span.pane.newest
        for measure in measures_over(window):
            recovered = measure.covered and coverage != was_covered
            was = {} if before is None else {r.subject: r[:3] for r in measure.read(old)}
            for reading in measure.read(view):
                name = f"{measure.metric}|{reading.subject}"
                changed = before is not None and was.get(reading.subject) != reading[:3]
                if changed or (recovered and not turned):
                    span.revisions[name] = span.revisions.get(name, 0) + 1
                if changed or recovered or turned or fresher:
                    revision = span.revisions.get(name, 0)
                    yield views.fact(measure, reading, view, span.state, revision)

    def _learn(self, window: Window, span: Span, at: datetime) -> None:
        views = self.views
        view = views.of(window, span.bounds, span.pane, at, closed=True, coverage=span.coverage)
        for measure in measures():
            if (
                measure.memory is not None
                and measure.learn is not None
                and measure.learn_over == window
            ):
                measure.learn(views.memories[measure.memory.__name__], view)


def _oldest_live(spans: Spans) -> int:
    """First minute of the oldest window that has not ended; none before it can be heard anew."""
    live = (start for start in spans.open if spans.known[start].state == "live")
    return min(live, default=1 << 62)
