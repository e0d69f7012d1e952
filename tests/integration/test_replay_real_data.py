"""Real door counts and till tickets through the live topologies."""

import itertools
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from floorcast.imports.events import import_table
from floorcast.imports.mapping import load_mapping
from floorcast.replay import replay
from floorcast.sources import open_log
from sensors.events import AnyEvent, Pos
from sensors.settings import Store
from sensors.simulation.delivery import on_time
from sensors.simulation.log_maker import log_entries
from tests.days import demo_settings

pytestmark = pytest.mark.data
SLOW = timedelta(hours=6)  # between ticks: months pass in seconds


def day_totals(table: Path, name: str, *metrics: str) -> dict[str, float]:
    """Sums over all business days of the store's facts."""
    made = import_table(table, load_mapping(name))
    return sums_of(made.events, made.stores, *metrics)


def sums_of(events: Sequence[AnyEvent], stores: list[Store], *metrics: str) -> dict[str, float]:
    """Events replayed: sums over all stores and business days of the facts."""
    sensors = msgspec.structs.replace(demo_settings().sensors, stores=stores)
    settings = msgspec.structs.replace(demo_settings(), sensors=sensors)
    result = replay(log_entries(on_time(events), tick=SLOW), settings)
    return {
        metric: sum(
            float(fact.value or 0)
            for fact in result.facts_in_order()
            if (fact.metric, fact.window, fact.subject) == (metric, "day", "")
        )
        for metric in metrics
    }


def test_calit2_replays_to_the_published_totals(real_data: Path) -> None:
    """Fifteen weeks of a real door: 19,597 in and 18,837 out, over all the floor's days."""
    totals = day_totals(real_data / "calit2" / "CalIt2.data", "calit2", "visitors", "exits")
    assert totals == {"visitors": 19_597, "exits": 18_837}


def test_bakery_replays_to_the_published_totals(real_data: Path) -> None:
    """A real bakery's till: 9,531 transactions and 21,293 units, over all the floor's days."""
    totals = day_totals(
        real_data / "bakery" / "BreadBasket_DMS.csv", "bakery", "transactions", "units"
    )
    assert totals == {"transactions": 9_531, "units": 21_293}


def tickets_of(events: Sequence[AnyEvent]) -> dict[str, float]:
    """What tickets add up to by themselves."""
    tickets = [event for event in events if isinstance(event, Pos)]
    return {
        "transactions": sum(ticket.nature == "sale" for ticket in tickets),
        "returns": sum(ticket.nature == "return" for ticket in tickets),
        "net_sales": sum(ticket.net_minor for ticket in tickets),
    }


def test_online_retail_replays_to_the_sums_of_its_lines(real_data: Path) -> None:
    """The first thousand invoices, cancellations among them: the floor's days add up to them, to the penny."""
    path = real_data / "online_retail" / "online_retail.csv.xz"
    made = import_table(path, load_mapping("online_retail"))
    first = made.events[:1_000]
    wanted = tickets_of(first)
    assert wanted["returns"] > 50
    assert sums_of(first, made.stores, *wanted) == wanted


def test_complete_journey_replays_to_the_sums_of_its_lines(real_data: Path) -> None:
    """Three of the 457 stores over ten days of baskets: their days add up to the baskets, store by store kept apart."""
    path = real_data / "complete_journey" / "transactions.parquet"
    made = import_table(path, load_mapping("complete_journey"))
    busiest = {store for store, _ in Counter(event.store for event in made.events).most_common(3)}
    end = made.events[0].at + timedelta(days=10)
    some = [event for event in made.events if event.store in busiest and event.at < end]
    wanted = tickets_of(some)
    assert wanted["transactions"] > 50
    stores = [store for store in made.stores if store.id in busiest]
    assert sums_of(some, stores, *wanted) == wanted


def test_a_mapping_s_log_ticks_as_it_declares(real_data: Path) -> None:
    """The log made of a table carries its own store and the mapping's ticks."""
    log = open_log([str(real_data / "calit2" / "CalIt2.data")], demo_settings(), mapping="calit2")
    ticks = [
        entry.received_at for entry, _ in zip(log.entries, range(50), strict=False) if entry.is_tick
    ]
    assert {b - a for a, b in itertools.pairwise(ticks)} == {timedelta(minutes=30)}
    assert [store.id for store in log.settings.sensors.stores] == ["calit2"]
    assert log.accounts["rows"] == 10_080
