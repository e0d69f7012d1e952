"""``floorcast top``: the stages in a terminal, for somebody on SSH."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, tzinfo
from typing import ClassVar

from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import DataTable, Footer, Static

from floorcast.errors import UnavailableError
from floorcast.pulse import Pulse

Read = Callable[[], Pulse]


class TopApp(App[None]):
    """Rates, lag, stores and open incidents, read again every ``every_s`` seconds.

    Args:
        read: gives the present; what it raises as ``UnavailableError`` is shown, and it is asked again.
        zone: of the times shown.
    """

    TITLE = "floorcast top"
    CSS = """
    #head { height: auto; padding: 0 1; }
    DataTable { height: 1fr; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q", "quit", "Quit"),
        Binding("r", "refresh_now", "Read now"),
        Binding("space", "pause", "Pause"),
    ]

    def __init__(self, read: Read, *, every_s: float = 1.0, zone: tzinfo = UTC) -> None:
        super().__init__()
        self._read, self._every_s, self._zone = read, every_s, zone
        self._before: tuple[float, Pulse] | None = None
        self._paused = False

    def compose(self) -> ComposeResult:
        """A head line and two tables."""
        yield Static("…", id="head", markup=False)
        yield DataTable(id="stores", cursor_type="none")
        yield DataTable(id="incidents", cursor_type="none")
        yield Footer()

    def on_mount(self) -> None:
        """Name the columns and begin to read."""
        stores = ("store", "last facts", "in shop", "visitors", "conversion 60m", "wait", "open")
        self.query_one("#stores", DataTable).add_columns(*stores)
        incidents = ("since", "state", "store", "rule", "subject", "at risk", "owner")
        self.query_one("#incidents", DataTable).add_columns(*incidents)
        self.action_refresh_now()
        self.set_interval(self._every_s, self._tick)

    def _tick(self) -> None:
        if not self._paused:
            self.action_refresh_now()

    def action_pause(self) -> None:
        """Hold the picture, or go on."""
        self._paused = not self._paused

    def action_refresh_now(self) -> None:
        """Read and show."""
        try:
            pulse = self._read()
        except UnavailableError as error:
            self.query_one("#head", Static).update(f"{error}; trying again")
            return
        now = time.monotonic()
        self.query_one("#head", Static).update(head(pulse, self._before, now, self._zone))
        self._before = (now, pulse)
        self._fill("stores", store_rows(pulse, self._zone))
        self._fill("incidents", incident_rows(pulse, self._zone))

    def _fill(self, name: str, rows: list[tuple[str, ...]]) -> None:
        table = self.query_one(f"#{name}", DataTable)
        seen = table.scroll_y  # clear() goes back to the first row
        table.clear()
        for row in rows:
            table.add_row(*row)
        table.scroll_to(y=seen, animate=False)


def head(pulse: Pulse, before: tuple[float, Pulse] | None, now: float, zone: tzinfo) -> str:
    """Rates since the pulse before, and memory; under it each stage's lag; – for what is not known."""
    rates = ["–", "–"]
    if before and now > before[0]:
        for n, field in enumerate(("entries", "facts")):
            gained = getattr(pulse, field) - getattr(before[1], field)
            rates[n] = f"{gained / (now - before[0]):,.1f}"
    lags = ", ".join(f"{name} {_s(lag)}" for name, lag in pulse.lag_s.items())
    return (
        f"log {_clock(pulse.newest_at, zone)}  {rates[0]} entries/s  {rates[1]} fact entries/s  "
        f"rejects {pulse.dead:,}  Redis {pulse.memory_mb:,.0f} MB\nbehind: {lags}"
    )


def store_rows(pulse: Pulse, zone: tzinfo) -> list[tuple[str, ...]]:
    """A row a store, the one with most open incidents first."""
    rows: list[tuple[str, ...]] = []
    for store in sorted(pulse.stores, key=lambda store: (-store.open_incidents, store.store)):
        numbers = store.numbers
        conversion = numbers.get("conversion")
        rows.append(
            (
                store.store, _clock(store.at, zone), _n(numbers.get("occupancy")),
                _n(numbers.get("visitors")),
                "–" if conversion is None else f"{conversion:.1%}",
                _s(numbers.get("queue_wait")), str(store.open_incidents),
            )
        )  # fmt: skip
    return rows


def incident_rows(pulse: Pulse, zone: tzinfo) -> list[tuple[str, ...]]:
    """A row an open incident, the dearest first."""
    return [
        (
            _clock(i.opened_at, zone), i.state, i.store, i.rule, i.subject or "–",
            "–" if i.at_risk_minor is None else f"{i.at_risk_minor / 100:,.2f}", i.owner or "–",
        )
        for i in pulse.incidents
    ]  # fmt: skip


def _clock(at: datetime | None, zone: tzinfo) -> str:
    return f"{at.astimezone(zone):%H:%M:%S}" if at else "–"


def _n(value: float | None) -> str:
    return "–" if value is None else f"{value:,.0f}"


def _s(value: float | None) -> str:
    return "–" if value is None else f"{value:,.1f} s"
