"""Real door counts and till tickets through the live topologies."""

import itertools
from collections import Counter
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from floorcast.imports.events import import_table
from floorcast.imports.mapping import load_mapping
from floorcast.replay import replay
from floorcast.sources import open_log
from sensors.events import Footfall
from sensors.simulation.delivery import on_time
from sensors.simulation.log_maker import log_entries
from tests.days import demo_settings

pytestmark = pytest.mark.data
SLOW = timedelta(hours=6)  # between ticks: months pass in seconds


def day_totals(table: Path, name: str, *metrics: str) -> dict[str, float]:
    """Sums over all business days of the store's facts."""
    made = import_table(table, load_mapping(name))
    sensors = msgspec.structs.replace(demo_settings().sensors, stores=made.stores)
    settings = msgspec.structs.replace(demo_settings(), sensors=sensors)
    result = replay(log_entries(on_time(made.events), tick=SLOW), settings)
    return {
        metric: sum(
            float(fact.value or 0)
            for fact in result.facts_in_order()
            if (fact.metric, fact.window, fact.subject) == (metric, "day", "")
        )
        for metric in metrics
    }


def test_calit2_replays_to_the_published_totals(real_data: Path, tmp_path: Path) -> None:
    """Fifteen weeks of a real door hold 19,597 in and 18,837 out; three of them replay to what their lines say."""
    table = real_data / "calit2" / "CalIt2.data"
    made = import_table(table, load_mapping("calit2"))
    counts = [event for event in made.events if isinstance(event, Footfall)]
    assert sum(count.entered for count in counts) == 19_597
    assert sum(count.left for count in counts) == 18_837
    lines = table.read_text(encoding="ascii").splitlines()[
        : 21 * 48 * 2
    ]  # out and in each half-hour
    begin = tmp_path / "CalIt2.data"
    begin.write_text("\n".join(lines), encoding="ascii")
    told = Counter[str]()
    for line in lines:
        flow, _day, _time, people = line.split(",")
        told["exits" if flow == "7" else "visitors"] += int(people)
    assert day_totals(begin, "calit2", "visitors", "exits") == told


def test_bakery_replays_to_the_published_totals(real_data: Path) -> None:
    """A real bakery's till: 9,531 transactions and 21,293 units, over all the floor's days."""
    totals = day_totals(
        real_data / "bakery" / "BreadBasket_DMS.csv", "bakery", "transactions", "units"
    )
    assert totals == {"transactions": 9_531, "units": 21_293}


def test_a_mapping_s_log_ticks_as_it_declares(real_data: Path) -> None:
    """The log made of a table carries its own store and the mapping's ticks."""
    log = open_log([str(real_data / "calit2" / "CalIt2.data")], demo_settings(), mapping="calit2")
    ticks = [
        entry.received_at for entry, _ in zip(log.entries, range(50), strict=False) if entry.is_tick
    ]
    assert {b - a for a, b in itertools.pairwise(ticks)} == {timedelta(minutes=30)}
    assert [store.id for store in log.settings.sensors.stores] == ["calit2"]
    assert log.accounts["rows"] == 10_080
