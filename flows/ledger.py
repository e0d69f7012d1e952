"""Everything the floor dataflow knows of one store: its panes, its windows and what tells repeats from news.

    events ─▶ seen before? ─▶ corrections ─▶ fresh panes ─▶ (at a tick) minutes, windows, quarters, days

Pure: time comes in as the ticks' and entries' own. State is bounded: minutes for the longest trailing window, quarters
and days for ``pane_hours``, the settled ones frozen to compact bytes.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby
from operator import attrgetter

from flows.changes import Changes
from flows.clocks import Clocks
from flows.corrections import Intervals, Totals
from flows.coverage import Heard
from flows.dedup import Device, Ids
from flows.factors import Factors
from flows.facts import Window
from flows.panes import Pane
from flows.profile import Profile, instant_of, minute_of
from flows.spans import QUARTER, Rolling, Spans
from flows.tally import Tallies, contributors, run_parts
from flows.tickets import Tickets
from sensors.events import AnyEvent, Command, Event, Footfall, Pos

TRAILING: tuple[tuple[Window, int], ...] = (("15m", 15), ("60m", 60))
KEPT = 62  # minutes kept one by one: the longest trailing window and what may lie ahead of the tick
_MINUTE = timedelta(minutes=1)
_LONG_AGO = datetime.min.replace(tzinfo=UTC)
_AT = attrgetter("at")
_ADD = contributors()
_COUNTS = run_parts(Footfall)


class Ledger:
    """The state of one store."""

    def __init__(self, profile: Profile) -> None:
        settings = profile.settings
        self.profile = profile
        self.devices: dict[str, Device] = {}
        self.newest = _LONG_AGO  # event of any device
        self.ids = Ids(settings.dedup_ids, settings.dedup_horizon_h * 3600)
        self.totals, self.intervals = Totals(), Intervals()
        self.factors = Factors()
        self.tickets = Tickets(settings.dedup_horizon_h * 3600)
        self.fresh: dict[int, Pane] = {}  # by minute, since the last tick
        self.minutes: dict[int, Pane] = {}
        self.packed_minutes: dict[int, bytes] = {}  # for snapshots, until they change
        self.rolling = {window: Rolling(length, window) for window, length in TRAILING}
        self.quarters = Spans(settings.pane_hours * 60)
        self.days = Spans(settings.pane_hours * 60)
        self.now: Tallies = {}
        self.now_fresh: Tallies = {}
        self.heard = Heard()
        self._covered: dict[tuple[int, int], float | None] = {}  # by span, as of ``_covered_at``
        self._covered_at = (-1, -1)
        self.counters = {"events": 0, "repeats": 0, "too_late": 0}
        self.clocks = Clocks()
        self.silence = timedelta(seconds=settings.lateness.sensor_silent_s)
        self.minute = 0  # of the last tick
        self.unreported = 0  # events since the last published batch

    def take(  # noqa: C901, PLR0912 - the hot loop: a call per event costs a tenth of the whole
        self, events: Sequence[AnyEvent], received_at: datetime
    ) -> list[Command]:
        """Count a batch of this store's events, each once; returns its commands in order."""
        devices, admit_id, newest = self.devices, self.ids.admit, self.newest
        now_s = received_at.timestamp()
        oldest = instant_of(max(0, self.minute - self.quarters.keep))
        commands: list[Command] = []
        plain: list[Footfall] = []  # counts that need no look of their own
        repeats, ordered = 0, True
        for event in events:
            at = event.at
            device = devices.get(event.source)
            if device is None:
                device = devices[event.source] = Device(at)
            seq = event.seq
            if seq is None:
                if not admit_id(event.source + "\0" + event.id, now_s):
                    repeats += 1
                    continue
            elif seq == device.next:
                device.next = seq + 1
            elif not device.admit(seq, at, clamped=event.skew_s is not None):
                repeats += 1
                continue
            if at >= newest:
                newest = device.newest = at
            else:
                ordered = False
                if at > device.newest:  # noqa: PLR1730 - max() is a call
                    device.newest = at
            kind = type(event)
            if kind is Footfall and event.counting == "delta" and event.skew_s is None:  # type: ignore[union-attr]
                plain.append(event)  # type: ignore[arg-type]
            elif kind is Command:
                commands.append(event)  # type: ignore[arg-type]
            else:
                self._count_one(event, oldest, received_at, now_s)
        self.newest = newest
        for run in _by_minute(plain, ordered=ordered):
            self._count(run, oldest, received_at)
        for command in commands:
            self.factors.note(command, received_at, minute_of(oldest))
        counted = len(events) - repeats
        self.counters["events"] += counted
        self.counters["repeats"] += repeats
        self.unreported += counted
        return commands

    def _count_one(
        self, event: AnyEvent, oldest: datetime, received_at: datetime, now_s: float
    ) -> None:
        """Add an event that may take back or replace what others said."""
        at = event.at
        if at < oldest:
            self.counters["too_late"] += 1
        if at < received_at - self.silence or event.skew_s is not None:
            self.clocks.note(event, received_at)
        pane = self._touch(at)
        for part, sign in self._resolve(event, now_s):
            here = pane if part.at == at else self._fresh(part.at)
            for add in _ADD.get(type(part), ()):
                add(here.tallies, self.now_fresh, part, sign)

    def _count(self, run: Sequence[Footfall], oldest: datetime, received_at: datetime) -> None:
        """Add plain counts of one minute, by time."""
        newest = run[-1].at
        prompt = received_at - self.silence
        if newest - _MINUTE < prompt:  # some of them may be late
            for event in run:
                if event.at < prompt:
                    self.clocks.note(event, received_at)
        if newest < oldest:
            self.counters["too_late"] += len(run)
            return
        tallies = self._touch(newest).tallies
        for part in _COUNTS:
            part.run(tallies, self.now_fresh, run)

    def _fresh(self, at: datetime) -> Pane:
        minute = minute_of(at)
        pane = self.fresh.get(minute)
        if pane is None:
            pane = self.fresh[minute] = Pane()
        return pane

    def _touch(self, at: datetime) -> Pane:
        pane = self._fresh(at)
        if pane.newest is None or at > pane.newest:
            pane.newest = at
        return pane

    def _resolve(self, event: Event, now_s: float) -> Iterable[tuple[Event, int]]:
        if isinstance(event, Pos):
            return self.tickets.resolve(event, now_s)
        if isinstance(event, Footfall):
            if event.counting == "total":
                return self.totals.resolve(event)
            if event.counting == "interval":
                return self.intervals.resolve(event)
        return ((event, 1),)

    def absorb(self) -> Changes:
        """Merge what came since the last tick into every window it belongs to; says what changed."""
        changes = Changes()
        levels = self._absorb_levels()
        if levels:
            changes.kinds["now"] = levels
        for minute, pane in self.fresh.items():
            if self.factors:
                self.factors.correct(minute, pane)
            self._absorb_minute(minute, pane, changes)
        self.fresh = {}
        return changes

    def _absorb_levels(self) -> dict[str, set[str]]:
        if not self.now_fresh:
            return {}
        changed = {kind: set(subjects) for kind, subjects in self.now_fresh.items()}
        levels = Pane(self.now)
        levels.merge(Pane(self.now_fresh))
        self.now_fresh = {}
        return changed

    def _absorb_minute(self, minute: int, pane: Pane, changes: Changes) -> None:
        day = self.profile.day_of(minute)
        quarter = minute - minute % QUARTER
        if minute < self.minute - self.quarters.keep:
            return  # counted as too late when it came
        for door in pane.tallies.get("footfall", ()):
            self.heard.mark(door, minute)
            changes.heard.add(minute)
        for window, rolling in self.rolling.items():
            if rolling.holds(minute):
                rolling.pane.merge(pane, window=window)
                changes.note(window, pane)
        if minute > self.minute - KEPT:
            self.minutes.setdefault(minute, Pane()).merge(pane)
            self.packed_minutes.pop(minute, None)
        changes.span("quarter", self.quarters, (quarter, quarter + QUARTER), pane)
        changes.span("day", self.days, day, pane)

    def advance(self, minute: int, changes: Changes) -> bool:
        """Move the trailing windows to end with ``minute``; whether that was news."""
        if minute == self.minute:
            return False
        for window, rolling in self.rolling.items():
            for pane in rolling.advance(minute, self.minutes):
                changes.note(window, pane)
        self.minute = minute
        for old in [known for known in self.minutes if known <= minute - KEPT]:
            del self.minutes[old]
            self.packed_minutes.pop(old, None)
        self.quarters.forget(minute)
        self.days.forget(minute)
        oldest = min(
            self.days.known, default=minute
        )  # a day that may still be revised needs all its minutes
        self.heard.forget(min(oldest, minute - self.quarters.keep - 1))
        return True

    def coverage(self, start: int, end: int) -> float | None:
        """Share of the expected door minutes of [start, end) that reported, up to the last tick's minute."""
        version = self.minute, self.heard.version
        if self._covered_at != version:
            self._covered, self._covered_at = {}, version
        if (start, end) not in self._covered:
            silent = int(self.profile.settings.lateness.sensor_silent_s // 60)
            opened = self.profile.open_minutes(start)
            span = range(max(start, opened.start), min(end, opened.stop, self.minute))
            self._covered[start, end] = self.heard.share(self.profile.doors, span, silent)
        return self._covered[start, end]


def _by_minute(counts: Sequence[Footfall], *, ordered: bool) -> Iterable[Sequence[Footfall]]:
    """Counts apart by minute; ``ordered``: by time, as they mostly are."""
    if not counts:
        return ()
    if not ordered:
        counts = sorted(counts, key=_AT)
    if counts[-1].at - counts[0].at < _MINUTE and minute_of(counts[0].at) == minute_of(
        counts[-1].at
    ):
        return (counts,)
    return [list(run) for _, run in groupby(counts, lambda event: minute_of(event.at))]
