"""From a store's ledger to its facts: what changed since the last tick, once, on the tick."""

from collections.abc import Iterable
from datetime import datetime

from flows.cadence import begun, due_over, told_at_once, touched_over
from flows.changes import Changes
from flows.closing import Closer
from flows.facts import Fact, Window
from flows.ledger import TRAILING, Ledger
from flows.measure import Measure, Reading, View
from flows.panes import Pane
from flows.profile import minute_of
from flows.spans import QUARTER
from flows.views import Bounds, Views

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
        self.rested: set[Window] = set()  # told to be empty, of a closed shop
        self._views = Views(ledger)
        self._closer = Closer(self._views)
        self.memories = self._views.memories

    def tick(self, at: datetime) -> list[Fact]:
        """Everything that changed up to this tick, as facts."""
        ledger, minute = self.ledger, minute_of(at)
        if minute == ledger.minute and self._can_wait(at):
            return []
        day = ledger.profile.day_of(minute)
        turned = not day[0] <= (ledger.minute or minute - 1) < day[1]  # since the last tick
        changes, before = ledger.absorb(), ledger.minute
        self._due = begun(before, minute) if ledger.advance(minute, changes) else frozenset()
        shut = bool(self._due) and not ledger.profile.is_open(minute)
        if shut and SERIES_MIN not in self._due:
            self._due = frozenset()  # nobody decides by the minute in a closed shop
        moved = bool(self._due)
        today = ledger.days.known.get(day[0])
        active, self._views.today = today is not None, today.pane if today else None
        self._ticks += 1
        for window, kinds in changes.kinds.items():
            self._touched.setdefault(window, {}).update(dict.fromkeys(kinds, self._ticks))
        self._views.begin()
        facts = list(self._closer.tell(changes, at))
        self._views.begin()  # memories may have learned
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
        self._closer.rest()
        return facts

    def _can_wait(self, at: datetime) -> bool:
        """Whether what came is as well counted on a later tick, the next minute's at the latest.

        It is where nothing of it is told at once, no window turns, and none that has closed is to be revised: mostly
        a device says that it lives, or a zone that somebody stays.
        """
        ledger, told = self.ledger, told_at_once()
        if self._closer.is_due(at) or not told.isdisjoint(ledger.now_fresh):
            return False
        day = ledger.profile.day_of(ledger.minute)
        oldest = max(day[0], ledger.minute - ledger.minute % QUARTER)
        return all(
            minute >= oldest and told.isdisjoint(pane.tallies)
            for minute, pane in ledger.fresh.items()
        )

    def _rests(self, window: Window, *, shut: bool) -> bool:
        """Whether a closed shop's trailing window is empty and was told to be: it stays so until somebody comes."""
        if not shut or self.ledger.rolling[window].pane.tallies:
            self.rested.discard(window)
            return False
        told = window in self.rested
        self.rested.add(window)
        return told

    def _open(
        self, window: Window, bounds: Bounds, pane: Pane, changed: Subjects | None, at: datetime, facts: list[Fact],
        *, moved: bool,
    ) -> None:  # fmt: skip
        """Add what is new of an open window; ``changed`` ``None`` means any of its subjects may be."""
        touched = () if moved else touched_over(window, frozenset(changed or ()))
        if not moved and not touched:
            return
        coverage = self.ledger.coverage(*bounds)
        view = self._views.of(window, bounds, pane, at, changed=changed, coverage=coverage)
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
        view = self._views.of(
            "now", (minute, minute + 1), Pane(), at, changed=changed, devices=self.ledger.devices
        )
        view.pane.newest = self._views.today.newest if self._views.today else None
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
                facts.append(self._views.fact(measure, reading, view))
