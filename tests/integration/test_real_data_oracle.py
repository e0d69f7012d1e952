"""Real door counts and tickets as event streams through the live topology, against DuckDB over the tables' lines."""

import lzma
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path

import msgspec
import polars as pl
import pytest

from floorcast.imports.events import Imported, import_table
from floorcast.imports.mapping import load_mapping
from sensors.simulation.delivery import Delivery, duplicated, on_time, shuffled
from sensors.simulation.log_maker import log_entries
from tests.days import demo_settings
from tests.floor_runs import floor_batches, newest
from tests.table_oracle import Values, expected, expected_doors

pytestmark = pytest.mark.data
TICK = timedelta(hours=3)
LINES = 6_000  # of the invoices: five days in December
LATE = timedelta(seconds=90)
DAY = timedelta(days=1)
Arrive = Callable[[Sequence[Delivery]], list[Delivery]]


def _backlog(deliveries: Sequence[Delivery]) -> list[Delivery]:
    """Every seventh ticket arrives a day after it was rung up: its business day is final by then."""
    held = [
        Delivery(d.received_at + DAY, d.event) if number % 7 == 0 else d
        for number, d in enumerate(deliveries)
    ]
    return sorted(held, key=lambda delivery: delivery.received_at)


WAYS: dict[str, Arrive] = {
    "in order": list,
    "shuffled, 5 % twice": lambda some: duplicated(shuffled(some, 3, LATE), 4),
    "a late backlog": _backlog,
}


def _invoices(data: Path, folder: Path) -> Path:
    """The first lines of the invoices, cancellations among them."""
    with lzma.open(data / "online_retail" / "online_retail.csv.xz", "rt", encoding="utf-8") as file:
        (folder / "online_retail.csv").write_text("".join(islice(file, LINES)), encoding="utf-8")
    return folder / "online_retail.csv"


def _baskets(data: Path, folder: Path) -> Path:
    """Four days of two of the 457 stores."""
    lines = pl.scan_parquet(data / "complete_journey" / "transactions.parquet").filter(
        pl.col("store_id").is_in([367, 406]) & (pl.col("transaction_timestamp") < pl.datetime(2017, 1, 5))
    )  # fmt: skip
    lines.collect().write_parquet(folder / "complete_journey.parquet")
    return folder / "complete_journey.parquet"


def _bread(data: Path, folder: Path) -> Path:
    """The first days of a bakery's till."""
    return _head(data / "bakery" / "BreadBasket_DMS.csv", 700, folder)


def _door(data: Path, folder: Path) -> Path:
    """The first eight days of a building's door."""
    return _head(data / "calit2" / "CalIt2.data", 8 * 2 * 48, folder)


def _head(source: Path, lines: int, folder: Path) -> Path:
    with source.open(encoding="utf-8") as file:
        (folder / source.name).write_text("".join(islice(file, lines)), encoding="utf-8")
    return folder / source.name


TABLES = {
    "online_retail": _invoices,
    "complete_journey": _baskets,
    "bakery": _bread,
    "calit2": _door,
}


@pytest.fixture(scope="module", params=TABLES)
def table(
    request: pytest.FixtureRequest, real_data: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Imported, Values]:
    """A bounded part of a table as events, and what its lines add up to."""
    path = TABLES[request.param](real_data, tmp_path_factory.mktemp("table"))
    wanted = expected_doors(path) if request.param == "calit2" else expected(request.param, path)
    return import_table(path, load_mapping(request.param)), wanted


@pytest.mark.parametrize("way", WAYS)
def test_every_day_equals_the_tables_lines(table: tuple[Imported, Values], way: str) -> None:
    """However tickets arrive, every store's days are what SQL finds in the table's lines, exactly; members nearly."""
    made, wanted = table
    found = _days(made, WAYS[way](on_time(made.events)))
    assert len(wanted) > 20
    for key, value in wanted.items():
        if key[2] != "members":
            assert found[key] == value, key
        elif way != "a late backlog":  # members are learned when a quarter is final, not later
            assert found.get(key, 0) == pytest.approx(value, rel=0.05), key
    named = {(metric, subject) for _, _, metric, subject in wanted}
    untold = {
        key for key, value in found.items() if key[2:] in named and key not in wanted and value
    }
    assert not untold


def _days(made: Imported, deliveries: list[Delivery]) -> Values:
    """The final facts of every store's days, from the live dataflow."""
    sensors = msgspec.structs.replace(demo_settings().sensors, stores=made.stores)
    zones = {store.id: store.tz for store in made.stores}
    end = deliveries[-1].received_at + 2 * DAY
    entries = list(log_entries(deliveries, tick=TICK, end=end))

    def day(store: str, at: datetime) -> str:
        return at.astimezone(zones[store]).date().isoformat()

    facts = newest(floor_batches(entries, demo_settings().flows, sensors, batch_size=50))
    return {
        (f.store, day(f.store, f.start), f.metric, f.subject): f.value
        for f in facts.values()
        if f.window == "day" and f.state == "final" and not isinstance(f.value, str)
    }  # fmt: skip
