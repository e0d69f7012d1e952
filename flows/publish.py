"""From a store's ledger to its facts: what changed since the last tick, once, on the tick."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, NamedTuple

from msgspec import Struct

from flows.facts import Fact, State, Window
from flows.ledger import TRAILING, Changes, Ledger
from flows.measure import (
    Measure,
    Reading,
    View,
    begun,
    due_over,
    measures,
    measures_over,
    touched_over,
)
from flows.panes import Pane
from flows.profile import instant_of, minute_of
from flows.spans import QUARTER, Span, Spans

Bounds = tuple[int, int]
Subjects = dict[str, set[str]]  # that changed, by kind of tally
Shown = tuple[tuple[object, ...], datetime | None]
Key = tuple[str, str, Window, int | None]
"""Metric, subject, window and, of what lies ahead in aligned windows, its first minute."""

Kept = tuple[int, int, list[Reading]]
"""What a steady measure said: of the window that began then, on this tick."""

SERIES_MIN = (
    5  # minutes from one reading of the open quarter to the next: it is a series' last point
)
ALIGNED: frozenset[Window] = frozenset({"quarter", "hour", "day"})


class Closing(NamedTuple):
    """An aligned window that has ended: as it was before late events, and whether its state turned."""

    window: Window
    span: Span
    before: Pane | None
    turned: bool


def _when(one: Closing) -> tuple[int, bool, int]:
    """In order of time, so that a day is told when its own quarters were learned and no later ones."""
    return one.span.bounds[1], one.window == "day", one.span.bounds[0]


class Publisher:
    """Reads the measures of one store.

    ``shown`` is what was last said under each key, forgotten each business day; it is not part of the snapshot: after
    a restart a live fact may be said once more, which is harmless since facts are absolute.
    """

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.shown: dict[Key, Shown] = {}
        self._steady: dict[tuple[str, Window], Kept] = {}
        self._ticks = 0
        self._touched: dict[Window, dict[str, int]] = {}  # by kind, the last tick it changed on
        self._due: frozenset[int] = frozenset()  # cadences that begin on this tick
        self._tick: dict[str, Any] = {}  # what the views of this tick share
        self._today: Pane | None = None  # of this tick's business day
        self.rested: set[Window] = set()  # told to be empty, of a closed shop
        self.memories: dict[str, Struct] = {
            measure.memory.__name__: measure.memory() for measure in measures() if measure.memory
        }

    def tick(self, at: datetime) -> list[Fact]:
        """Everything that changed up to this tick, as facts."""
        ledger, minute = self.ledger, minute_of(at)
        day = ledger.profile.day_of(minute)
        turned = not day[0] <= (ledger.minute or minute - 1) < day[1]  # since the last tick
        changes, before = ledger.absorb(), ledger.minute
        self._due = begun(before, minute) if ledger.advance(minute, changes) else frozenset()
        shut = bool(self._due) and not ledger.profile.is_open(minute)
        if shut and SERIES_MIN not in self._due:
            self._due = frozenset()  # nobody decides by the minute in a closed shop
        moved = bool(self._due)
        today = ledger.days.known.get(day[0])
        active, self._today = today is not None, today.pane if today else None
        self._ticks += 1
        for window, kinds in changes.kinds.items():
            self._touched.setdefault(window, {}).update(dict.fromkeys(kinds, self._ticks))
        facts: list[Fact] = []
        self._tick = {}
        closing = [
            *self._closing("quarter", ledger.quarters, changes, at),
            *self._closing("day", ledger.days, changes, at),
        ]
        closing.sort(key=_when)  # a tick may come late, and close a day and quarters of the next
        for one in closing:
            facts += self._close(one, at)
        self._tick = {}  # memories may have learned
        for window, _length in TRAILING:
            rolling, changed = ledger.rolling[window], changes.kinds.get(window, {})
            if (moved and active and not self._rests(window, shut=shut)) or changed:
                self._open(window, rolling.span, rolling.pane, changed, at, facts, moved=moved)
        if active and (moved or "day" in changes.kinds):
            changed = changes.kinds.get("day", {})
            self._open("day", day, ledger.days.at(day).pane, changed, at, facts, moved=moved)
        if active and SERIES_MIN in self._due:
            quarter = minute - minute % QUARTER, minute - minute % QUARTER + QUARTER
            pane = ledger.quarters.at(quarter).pane
            self._open("quarter", quarter, pane, None, at, facts, moved=True)
        self._levels(changes, at, facts, moved=moved)
        if turned:
            self.shown.clear()
        ledger.quarters.rest()
        ledger.days.rest()
        return facts

    def _rests(self, window: Window, *, shut: bool) -> bool:
        """Whether a closed shop's trailing window is empty and was told to be: it stays so until somebody comes."""
        if not shut or self.ledger.rolling[window].pane.tallies:
            self.rested.discard(window)
            return False
        told = window in self.rested
        self.rested.add(window)
        return told

    def _view(
        self,
        window: Window,
        bounds: Bounds,
        pane: Pane,
        at: datetime,
        **more: Any,  # noqa: ANN401
    ) -> View:
        ledger = self.ledger
        return View(
            ledger.profile, window, bounds, pane, at, now=ledger.now, day=self._today,
            memories=self.memories, counters=ledger.counters, doors_heard=ledger.heard, hour=ledger.rolling["60m"].pane,
            factors=ledger.factors, clocks=ledger.clocks, tick=self._tick,
            **more,
        )  # fmt: skip

    def _open(
        self, window: Window, bounds: Bounds, pane: Pane, changed: Subjects | None, at: datetime, facts: list[Fact],
        *, moved: bool,
    ) -> None:  # fmt: skip
        """Add what is new of an open window; ``changed`` ``None`` means any of its subjects may be."""
        touched = () if moved else touched_over(window, frozenset(changed or ()))
        if not moved and not touched:
            return
        coverage = self.ledger.coverage(*bounds)
        view = self._view(window, bounds, pane, at, changed=changed, coverage=coverage)
        if not moved:
            for measure in touched:
                self._news(measure, measure.read(view), view, facts)
            return
        for measure, kinds in due_over(window, self._due):
            if not measure.by_subject or changed is None or not kinds.isdisjoint(changed):
                self._news(measure, self._read(measure, kinds, view), view, facts)

    def _read(self, measure: Measure, kinds: frozenset[str], view: View) -> Iterable[Reading]:
        """What a measure says of a window; a steady one is not asked while nothing it reads has changed."""
        if not measure.steady:
            return measure.read(view)
        name, begins = (measure.metric, view.window), view.start if view.window in ALIGNED else 0
        kept, touched = self._steady.get(name), self._touched.get(view.window, {})
        if (
            kept is None
            or kept[0] != begins
            or any(touched.get(kind, 0) > kept[1] for kind in kinds)
        ):
            kept = self._steady[name] = begins, self._ticks, list(measure.read(view))
        return kept[2]

    def _levels(self, changes: Changes, at: datetime, facts: list[Fact], *, moved: bool) -> None:
        changed = {**changes.kinds.get("day", {}), **changes.kinds.get("now", {})}
        read = () if moved else touched_over("now", frozenset(changed))
        if not moved and not read:
            return
        minute, spoken = minute_of(at), bool(self.ledger.devices)
        view = self._view(
            "now", (minute, minute + 1), Pane(), at, changed=changed, devices=self.ledger.devices
        )
        view.pane.newest = self._today.newest if self._today else None
        if not moved:
            for measure in read:
                self._news(measure, measure.read(view), view, facts)
            return
        for measure, kinds in due_over("now", self._due):
            timed = spoken and (measure.cadence or measure.every_minute)
            if timed or not (measure.cadence or kinds.isdisjoint(changed)):
                self._news(measure, measure.read(view), view, facts)

    def _news(
        self, measure: Measure, readings: Iterable[Reading], view: View, facts: list[Fact]
    ) -> None:
        """Add what differs from what was last said; a newer event alone is told once a minute, of the store."""
        shown, metric, window = self.shown, measure.metric, view.window
        start = -1 if window == "now" else view.start
        newest = None if measure.quiet else view.pane.newest
        covered, coverage, moved = measure.covered, view.coverage, bool(self._due)
        for reading in readings:
            value, subject, evidence, reason, detail, own, ahead, span, _ = reading
            said = span or start, value, evidence, reason, coverage if covered else own, detail
            name = ahead or window
            begins = span[0] if span is not None and ahead in ALIGNED else None
            key = metric, subject, name, begins
            last = shown.get(key)
            if last is None or last[0] != said or (moved and not subject and last[1] != newest):
                shown[key] = said, newest
                facts.append(self._fact(measure, reading, view, "live", 0))

    def _closing(
        self, window: Window, spans: Spans, changes: Changes, at: datetime
    ) -> Iterable[Closing]:
        """Closed windows that late events changed, and those whose state turned on this tick."""
        turned = {
            s.bounds[0] for s in spans.turned(at, self.ledger.profile.settings.lateness.settle_s)
        }
        late = bool(changes.heard) and min(changes.heard) < self._oldest_live(spans)
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

    def _close(self, one: Closing, at: datetime) -> Iterator[Fact]:
        """Its facts; if it has become final, memories learn from it."""
        yield from self._revise(one.window, one.span, one.before, at, turned=one.turned)
        if one.turned and one.span.state == "final":
            self._learn(one.window, one.span, at)
        spans = self.ledger.quarters if one.window == "quarter" else self.ledger.days
        spans.awake.add(one.span.bounds[0])

    def _covered_again(self, spans: Spans, changes: Changes) -> set[int]:
        """Closed windows whose coverage late messages may have changed: a door covers some minutes after it spoke."""
        silent = int(self.ledger.profile.settings.lateness.sensor_silent_s // 60)
        return {
            start
            for start, span in spans.known.items()
            if span.state != "live"
            and any(start - silent <= minute < span.bounds[1] for minute in changes.heard)
        }

    @staticmethod
    def _oldest_live(spans: Spans) -> int:
        """First minute of the oldest window that has not ended; none before it can be heard anew."""
        live = (start for start in spans.open if spans.known[start].state == "live")
        return min(live, default=1 << 62)

    def _revise(
        self, window: Window, span: Span, before: Pane | None, at: datetime, *, turned: bool
    ) -> Iterator[Fact]:
        bounds, was_covered = span.bounds, span.coverage
        coverage = span.coverage = self.ledger.coverage(*bounds)
        view = self._view(window, bounds, span.pane, at, closed=True, coverage=coverage)
        old = self._view(window, bounds, before or span.pane, at, closed=True)
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
                    yield self._fact(measure, reading, view, span.state, revision)

    def _learn(self, window: Window, span: Span, at: datetime) -> None:
        view = self._view(window, span.bounds, span.pane, at, closed=True, coverage=span.coverage)
        for measure in measures():
            if (
                measure.memory is not None
                and measure.learn is not None
                and measure.learn_over == window
            ):
                measure.learn(self.memories[measure.memory.__name__], view)

    def _fact(
        self, measure: Measure, reading: Reading, view: View, state: State, revision: int
    ) -> Fact:
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
