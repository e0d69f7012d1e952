"""Windows of panes: trailing ones that slide by the minute, and aligned ones that open, settle and become final."""

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from math import inf

from flows.facts import State, Window
from flows.frozen import freeze, thaw
from flows.panes import Pane
from flows.tally import kinds

QUARTER = 15  # minutes


class Rolling:
    """The trailing ``length`` whole minutes up to and with the present one, kept as a running sum.

    A minute that enters is added and one that leaves is taken back, so a tick costs what changed, not the window.
    With a ``window``, of the kinds that are kept for it alone.
    """

    def __init__(self, length: int, window: Window | None = None) -> None:
        self.length, self.window = length, window
        self.last = -1  # the present minute
        self.pane = Pane()

    @property
    def span(self) -> tuple[int, int]:
        """First minute, and the one after the last."""
        return self.last - self.length + 1, self.last + 1

    def holds(self, minute: int) -> bool:
        """Whether a minute lies within it."""
        return self.last - self.length < minute <= self.last

    def advance(self, minute: int, minutes: Mapping[int, Pane]) -> list[Pane]:
        """Slide to end with ``minute``; returns the panes that entered or left.

        ``minutes`` must hold every minute since its present start.
        """
        if not 0 <= minute - self.last < self.length:
            before = self.pane
            self.pane, self.last = Pane(), minute
            entered = [minutes[known] for known in range(*self.span) if known in minutes]
            for pane in entered:
                self.pane.merge(pane, window=self.window)
            return [before, *entered]
        old_start = self.span[0]
        entered = [minutes[known] for known in range(self.last + 1, minute + 1) if known in minutes]
        self.last = minute
        for pane in entered:
            self.pane.merge(pane, window=self.window)
        left = [minutes[known] for known in range(old_start, self.span[0]) if known in minutes]
        for pane in left:
            self.pane.merge(pane, -1, self.window)
        for kind in {kind for pane in left for kind in pane.tallies if self._rebuilds(kind)}:
            inside = [minutes[known] for known in range(*self.span) if known in minutes]
            self.pane.rebuild(kind, inside)
        heard = (minutes[known].newest for known in range(*self.span) if known in minutes)
        self.pane.newest = max(filter(None, heard), default=None)
        return entered + left

    def _rebuilds(self, kind: str) -> bool:
        """Whether what left can only be taken back by adding up the rest again."""
        cls = kinds()[kind]
        return not cls.invertible and (self.window is None or self.window in cls.windows)


class Span:
    """One aligned window of a store: its pane, its state, and how often each fact was revised after it closed."""

    __slots__ = ("_frozen", "_pane", "bounds", "coverage", "revisions", "state")

    def __init__(self, bounds: tuple[int, int], frozen: bytes = b"") -> None:
        self.bounds = bounds
        self.state: State = "live"
        self.revisions: dict[str, int] = {}
        self.coverage: float | None = None  # as last published
        self._frozen = frozen
        self._pane: Pane | None = None if frozen else Pane()

    @property
    def pane(self) -> Pane:
        """Its pane, thawed if it was frozen."""
        if self._pane is None:
            self._pane = thaw(self._frozen)
        self._frozen = b""
        return self._pane

    def frozen(self, *, forget: bool = False) -> bytes:
        """Its pane as bytes; ``forget`` drops the live one until it is asked for again."""
        frozen = self._frozen or freeze(self.pane)
        if forget:
            self._frozen, self._pane = frozen, None
        return frozen

    def turns_s(self, settle_s: float) -> float:
        """When its state changes next, in epoch seconds."""
        return self.bounds[1] * 60 + (0.0 if self.state == "live" else settle_s)

    def state_at(self, at: datetime, settle_s: float) -> State:
        """Live until it ends, settling while the devices' declared lateness lasts, then final."""
        past = at.timestamp() - self.bounds[1] * 60
        return "live" if past < 0 else "settling" if past < settle_s else "final"


@cache
def learned_once() -> frozenset[str]:
    """The kinds of tally that are kept for quarters alone: no window shows them, memories learn from them."""
    return frozenset(name for name, cls in kinds().items() if cls.windows == {"quarter"})


class Spans:
    """The aligned windows of one kind, bounded to ``keep`` minutes back."""

    def __init__(self, keep: int) -> None:
        self.keep = keep
        self.known: dict[int, Span] = {}  # by first minute
        self.open: set[int] = set()  # not yet final
        self.awake: set[int] = set()  # whose pane is live
        self._turns_s = 0.0  # no state changes before this instant, in epoch seconds
        self._forgets = 0  # nothing is to be dropped up to this minute

    def at(self, bounds: tuple[int, int]) -> Span:
        """The window with these bounds, made when it is not there yet."""
        span = self.known.get(bounds[0])
        if span is None:
            span = self.known[bounds[0]] = Span(bounds)
            self.open.add(bounds[0])
            self._turns_s = 0.0
            self._forgets = min(self._forgets, bounds[1] + self.keep)
        self.awake.add(bounds[0])
        return span

    def is_turning(self, at: datetime) -> bool:
        """Whether a state may change with this tick."""
        return at.timestamp() >= self._turns_s

    def turned(self, at: datetime, settle_s: float) -> list[Span]:
        """Windows whose state changes with this tick, oldest first; the change is made."""
        turned: list[Span] = []
        if not self.is_turning(at):
            return turned
        for start in sorted(self.open):
            span = self.known[start]
            state = span.state_at(at, settle_s)
            if state != span.state:
                span.state = state
                turned.append(span)
            if state == "final":
                self.open.discard(start)
        self._turns_s = min(
            (self.known[start].turns_s(settle_s) for start in self.open), default=inf
        )
        return turned

    def rest(self) -> None:
        """Freeze what is final, without what only memories learn from: they have."""
        for start in self.awake - self.open:
            if start in self.known:
                span = self.known[start]
                for kind in learned_once():
                    span.pane.tallies.pop(kind, None)
                span.frozen(forget=True)
        self.awake &= self.open

    def forget(self, minute: int) -> None:
        """Drop what ended more than ``keep`` before this minute."""
        if minute <= self._forgets:
            return
        for start in [
            start for start, span in self.known.items() if span.bounds[1] < minute - self.keep
        ]:
            del self.known[start]
            self.open.discard(start)
            self.awake.discard(start)
        ends = (span.bounds[1] + self.keep for span in self.known.values())
        self._forgets = min(ends, default=0)
