"""The terminal view, driven by textual's pilot."""

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from msgspec.structs import replace
from textual.widgets import DataTable, Static

from alerts.incident import Incident
from floorcast.errors import UnavailableError
from floorcast.pulse import Pulse, StorePulse
from floorcast.top import TopApp, head

AT = datetime(2026, 11, 22, 7, 30, tzinfo=UTC)
INCIDENT = Incident(
    id="a/queue-long/till:2/x", store="a", rule="queue-long", subject="till:2", severity="act",
    state="firing", opened_at=AT, updated_at=AT, metric="queue_length", window="now", value=8.0,
    threshold=6.0, at_risk_minor=123_400,
)  # fmt: skip


def pulse(entries: int = 1_000, incidents: tuple[Incident, ...] = (INCIDENT,)) -> Pulse:
    numbers = {"occupancy": 41.0, "visitors": 512.0, "conversion": 0.214, "queue_wait": None}
    stores = [StorePulse("b", None, {}, 0), StorePulse("a", AT, numbers, len(incidents))]
    lag = {"floor": 0.4, "alert": None}
    return Pulse(entries, 10, 3, AT, lag, stores, list(incidents), 12.0)


class Shop:
    """What the app reads; the test changes it."""

    def __init__(self) -> None:
        self.now: Pulse | None = pulse()
        self.reads = 0

    def read(self) -> Pulse:
        self.reads += 1
        if self.now is None:
            raise UnavailableError("redis://x: refused")
        return self.now


def cells(app: TopApp, name: str) -> list[list[str]]:
    table = app.query_one(f"#{name}", DataTable)
    return [[str(cell) for cell in table.get_row_at(n)] for n in range(table.row_count)]


def test_stores_incidents_and_loss_of_redis_are_shown() -> None:
    """Stores come with most trouble first, unknown is –, an incident that ends goes, and a lost Redis is said."""

    async def scene() -> None:
        shop = Shop()
        app = TopApp(shop.read, every_s=3_600, zone=UTC)
        async with app.run_test() as pilot:
            assert cells(app, "stores") == [
                ["a", "07:30:00", "41", "512", "21.4%", "–", "1"],
                ["b", "–", "–", "–", "–", "–", "0"],
            ]
            assert cells(app, "incidents") == [
                ["07:30:00", "firing", "a", "queue-long", "till:2", "1,234.00", "–"]
            ]
            shop.now = pulse(incidents=())
            await pilot.press("r")
            assert cells(app, "incidents") == []
            shop.now = None
            await pilot.press("r")
            assert "refused" in str(app.query_one("#head", Static).render())
            shop.now = pulse()
            await pilot.press("r")
            assert "rejects 3" in str(app.query_one("#head", Static).render())
            await pilot.press("q")
        assert app.return_code == 0

    run_apart(scene())


def test_a_paused_view_does_not_read_and_goes_on_when_told() -> None:
    """Space holds the picture until it is pressed again."""

    async def scene() -> None:
        shop = Shop()
        app = TopApp(shop.read, every_s=3_600, zone=UTC)
        async with app.run_test() as pilot:
            reads = shop.reads
            await pilot.press("space")
            app._tick()
            assert shop.reads == reads
            await pilot.press("space")
            app._tick()
            assert shop.reads == reads + 1

    run_apart(scene())


def test_who_looks_further_down_stays_there() -> None:
    """A table that is read again is still scrolled to where somebody had scrolled it."""

    async def scene() -> None:
        shop = Shop()
        shop.now = pulse(incidents=tuple(replace(INCIDENT, id=f"i{n}") for n in range(40)))
        app = TopApp(shop.read, every_s=3_600, zone=UTC)
        async with app.run_test(size=(80, 24)) as pilot:
            table = app.query_one("#incidents", DataTable)
            table.scroll_to(y=12, animate=False)
            await pilot.pause()
            await pilot.press("r")
            await pilot.pause()
            assert table.scroll_y == 12

    run_apart(scene())


def run_apart(scene: Coroutine[None, None, None]) -> None:
    """In a thread of its own: a browser test of this process may have left an event loop running in this one."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, scene).result()


def test_rates_are_of_the_time_between_two_looks() -> None:
    """500 more entries in two seconds are 250 a second; the first look knows no rate."""
    assert "– entries/s" in head(pulse(), None, 0.0, UTC)
    said = head(pulse(entries=1_500), (10.0, pulse()), 12.0, UTC)
    assert "250.0 entries/s" in said
    assert "floor 0.4 s, alert –" in said
    assert (AT + timedelta(0)).strftime("%H:%M:%S") in said
