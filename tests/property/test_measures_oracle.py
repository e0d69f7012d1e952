"""Sales, till, zone and stock measures of a day against Polars over its raw events, however they arrive."""

from collections.abc import Callable
from datetime import timedelta
from itertools import combinations
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
import pytest

from floorcast.imports.events import import_table
from floorcast.imports.mapping import load_mapping
from flows.facts import Fact
from flows.profile import Profile
from sensors.events import Dwell, Pos, Queue
from sensors.simulate import SimulatedDay
from sensors.simulation.delivery import Delivery, duplicated, shuffled
from sensors.simulation.faults import NAMED
from tests.days import demo_day, demo_settings
from tests.shop_days import Shop

TICK = timedelta(minutes=15)
DAY = demo_day(21, visitors=500.0, faults=[NAMED["gateway-offline"]])
WAYS: dict[str, Callable[[SimulatedDay], list[Delivery]]] = {
    "in order": lambda day: [Delivery(event.at, event) for event in day.events],
    "a late backlog": lambda day: day.deliveries,
    "shuffled and 5 % twice": lambda day: duplicated(
        shuffled([Delivery(event.at, event) for event in day.events], 3, timedelta(minutes=10)), 4
    ),
}


def _tickets(events: list[Any]) -> pl.DataFrame:
    """Tickets that hold in the end, each once: the newest word of each number."""
    rows = [
        {
            "ticket": (e.refers_to or e.transaction) if e.state == "voided" else e.transaction,
            "at": e.at, "state": e.state, "back": e.nature == "return", "net": e.net_minor, "till": e.till,
            "discount": e.discount_minor, "associate": e.associate, "channel": e.channel,
            "tenders": [{"means": t.means, "amount": t.amount_minor} for t in e.tenders],
            "lines": [
                {"sku": x.sku, "units": x.units, "net": x.net_minor, "category": x.category} for x in e.lines
            ],
        }
        for e in events if isinstance(e, Pos) and e.state != "open"
    ]  # fmt: skip
    words = pl.DataFrame(rows, infer_schema_length=None).sort("at", maintain_order=True)
    done = (
        words.filter(pl.col("state") == "completed")
        .group_by("ticket")
        .agg(pl.col("at").min().alias("first"))
    )
    last = (
        words.group_by("ticket", maintain_order=True).last().filter(pl.col("state") == "completed")
    )
    return last.join(done, on="ticket")


def _net(frame: pl.DataFrame, *by: Any) -> dict[str, int]:
    rows = frame.group_by(*by).agg(pl.col("net").sum()).iter_rows()
    return {str(name): net for name, net in rows}


def _expected(events: list[Any]) -> dict[tuple[str, str], object]:
    """Every measure of the day, by name and subject."""
    tickets = _tickets(events)
    sales, back = tickets.filter(~pl.col("back")), tickets.filter(pl.col("back"))
    lines = (
        tickets.explode("lines")
        .unnest("lines", separator="_")
        .with_columns(net=pl.col("lines_net"))
    )
    sold = lines.filter(~pl.col("back"))
    units, net = sold["lines_units"].sum(), sales["net"].sum()
    discount = sales["discount"].sum()
    paid = tickets.explode("tenders").unnest("tenders", separator="_")
    means = {
        name: amount
        for name, amount in paid.group_by("tenders_means")
        .agg(pl.col("tenders_amount").sum())
        .iter_rows()
        if name is not None
    }
    parts = pl.col("first").dt.convert_time_zone("Asia/Shanghai").dt.hour()
    part = pl.lit(0)
    for begins in (11, 14, 17, 20):
        part = pl.when(parts >= begins).then(pl.lit(begins)).otherwise(part)
    found: dict[tuple[str, str], object] = {
        ("aur", ""): round(net / units, 6), ("returns", ""): back.height, ("returned", ""): -back["net"].sum(),
        ("discount_share", ""): round(discount / (net + discount), 6),
        ("moving_skus", ""): sold["lines_sku"].n_unique(),
        ("moving_rate", ""): round(sold["lines_sku"].n_unique() / 14, 6),
        ("channel_transactions", "channel:store"): sales.filter(pl.col("channel") == "store").height,
    }  # fmt: skip
    found |= {("till_sales", f"till:{n}"): v for n, v in _net(tickets, "till").items()}
    found |= {
        ("category_sales", f"category:{n}"): v for n, v in _net(lines, "lines_category").items()
    }
    named = tickets.filter(pl.col("associate").is_not_null())
    found |= {("associate_sales", f"associate:{n}"): v for n, v in _net(named, "associate").items()}
    found |= {
        ("daypart_sales", f"daypart:{int(n):02d}"): v
        for n, v in _net(tickets, part.alias("part")).items()
    }
    found |= {
        ("payment_share", f"tender:{n}"): round(v / sum(means.values()), 6)
        for n, v in means.items()
    }
    top = sold.group_by("lines_sku").agg(pl.col("lines_units").sum(), pl.col("net").sum())
    top = top.sort(["lines_units", "net", "lines_sku"], descending=[True, True, False])
    found |= {
        ("top_seller", f"rank:{n}"): row[1] for n, row in enumerate(top.head(10).iter_rows(), 1)
    }
    return found | _floor(events)


def _floor(events: list[Any]) -> dict[tuple[str, str], object]:
    """Lines and zones."""
    line = pl.DataFrame(
        [(e.till, e.served, e.abandoned, e.wait_s, e.service_s) for e in events if isinstance(e, Queue)],
        schema=["till", "served", "gone", "wait", "service"], orient="row", infer_schema_length=None,
    )  # fmt: skip
    dwell = pl.DataFrame(
        [(e.zone, e.dwell_s) for e in events if isinstance(e, Dwell) and not e.staff],
        schema=["zone", "s"], orient="row",
    )  # fmt: skip
    found: dict[tuple[str, str], object] = {}
    for subject, rows in (("", line), *((f"till:{k[0]}", f) for k, f in line.group_by("till"))):
        gone, served = rows["gone"].sum(), rows["served"].sum()
        found["queue_abandonment", subject] = round(gone / (gone + served), 6)
        found["queue_wait_mean", subject] = pytest.approx(rows["wait"].mean(), abs=1e-3)
        found["service_rate", subject] = pytest.approx(3600 / rows["service"].mean(), rel=1e-6)
    for (zone,), rows in dwell.group_by("zone"):
        engaged = rows.filter(pl.col("s").round(0, mode="half_to_even") >= 30).height
        found["zone_engagement", f"zone:{zone}"] = round(engaged / rows.height, 6)
    return found


@pytest.mark.parametrize("way", WAYS)
def test_a_day_equals_the_batch(way: str) -> None:
    """Every measure's final day equals Polars over the raw events: in order, late, shuffled and repeated."""
    shop = Shop()
    shop.run(
        [(d.received_at, d.event) for d in WAYS[way](DAY)], DAY.day.end + timedelta(hours=1), TICK
    )
    final: dict[tuple[str, str], Fact] = {
        (metric, subject): facts[-1]
        for (metric, subject, window), facts in shop.facts.items()
        if window == "day"
    }
    expected = _expected(DAY.events)
    assert len(expected) > 50
    assert {key: final[key].value for key in expected} == expected
    assert {final[key].state for key in expected} == {"final"}
    untold = {
        (metric, subject)
        for (metric, subject), fact in final.items()
        if metric in {name for name, _ in expected}
        and (metric, subject) not in expected
        and fact.value
    }
    assert not untold


@pytest.mark.data
def test_a_bakerys_baskets_equal_the_batch(real_data: Path) -> None:
    """Of a real bakery's last weeks support and lift of the top pairs equal Polars over its tickets, exactly."""
    mapping = load_mapping("bakery")
    made = import_table(real_data / "bakery" / "BreadBasket_DMS.csv", mapping)
    settings = demo_settings()
    events = [e for e in made.events if isinstance(e, Pos)][-3_000:]
    shop = Shop(
        Profile(
            made.stores[0],
            settings.flows,
            msgspec.structs.replace(settings.sensors, stores=made.stores),
        )
    )
    shop.run([(e.at, e) for e in events], events[-1].at + timedelta(hours=30), timedelta(hours=3))
    generation = 28 * 1440 * 60
    newest = max(int(e.at.timestamp()) // generation for e in events)
    kept = [e for e in events if int(e.at.timestamp()) // generation >= newest - 1]
    rows = [
        (e.transaction, line.sku)
        for e in kept
        if e.nature == "sale"
        for line in e.lines
        if line.units > 0
    ]
    frame = pl.DataFrame(rows, schema=["ticket", "sku"], orient="row").unique()
    single = dict(frame.group_by("sku").len().iter_rows())
    baskets = frame.group_by("ticket").agg(pl.col("sku").sort())["sku"].to_list()
    assert max(map(len, baskets)) <= 24
    pairs = pl.Series(
        [f"{a}\x1f{b}" for basket in baskets for a, b in combinations(basket, 2)]
    ).value_counts(name="n")
    count, tickets = dict(pairs.iter_rows()), sum(e.nature == "sale" for e in kept)
    checked = 0
    for rank in range(1, 11):
        fact = shop.last("basket_pair", f"rank:{rank}")
        first, second = str(fact.detail["first"]), str(fact.detail["second"])
        both = count[f"{first}\x1f{second}"]
        assert (fact.evidence.n, fact.evidence.k, fact.detail["error"]) == (tickets, both, 0)
        assert fact.value == round(both * tickets / (single[first] * single[second]), 3)
        checked += 1
    assert checked == 10
