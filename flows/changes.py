"""What one tick found changed in a store's windows."""

from flows.facts import Window
from flows.panes import Pane
from flows.spans import Spans


class Changes:
    """What one tick found changed."""

    def __init__(self) -> None:
        self.kinds: dict[
            Window, dict[str, set[str]]
        ] = {}  # subjects by kind of open and trailing windows
        self.heard: set[int] = set()  # minutes in which a door was heard
        self.before: dict[
            tuple[Window, int], tuple[tuple[int, int], Pane]
        ] = {}  # closed spans as they were

    def note(self, window: Window, pane: Pane) -> None:
        """A window holds what this pane added."""
        known = self.kinds.setdefault(window, {})
        for kind, subjects in pane.tallies.items():
            known.setdefault(kind, set()).update(subjects)

    def span(self, window: Window, spans: Spans, bounds: tuple[int, int], pane: Pane) -> None:
        """Merge a pane into an aligned window; one that had closed is kept as it was, for its revision."""
        span = spans.at(bounds)
        if span.state == "live":
            self.note(window, pane)
        elif (window, bounds[0]) not in self.before:
            copy = Pane()
            copy.merge(span.pane)
            self.before[window, bounds[0]] = (bounds, copy)
        span.pane.merge(pane, window=window)
