"""A progress bar on a terminal, nothing in a pipe: event time, rate and remaining time."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import tzinfo

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

from floorcast.replayed import Totals


class Bar:
    """Told how far the log has come; draws at most ten times a second."""

    def __init__(self, progress: Progress, size: int | None, zone: tzinfo) -> None:
        self._progress, self._zone = progress, zone
        self._task = progress.add_task("", total=size, at="–", rate="")
        self._started, self._due = time.perf_counter(), 0.0

    def show(self, totals: Totals, read: int) -> None:
        """The log has come this far, the file to this byte."""
        now = time.perf_counter()
        if now < self._due or totals.at is None:
            return
        self._due = now + 0.1
        rate = totals.events / max(1e-3, now - self._started)
        at = totals.at.astimezone(self._zone)
        self._progress.update(
            self._task, completed=read, at=f"{at:%Y-%m-%d %H:%M}", rate=f"{rate:,.0f} events/s"
        )


@contextmanager
def progress_bar(size: int | None, zone: tzinfo) -> Iterator[Bar]:
    """A bar on stderr; without a known ``size`` a spinner; silent where stderr is no terminal."""
    console = Console(stderr=True)
    columns = (
        SpinnerColumn(),
        TextColumn("{task.fields[at]}"),
        BarColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as progress:
        yield Bar(progress, size, zone)
