"""Two simulated days and moments of the second, with what follows from their raw events, for oracles."""

from datetime import datetime, timedelta
from functools import cache
from typing import Any

import polars as pl

from flows.facts import Fact
from flows.snapshot import dump, load
from sensors.events import Footfall, Pos
from sensors.simulation.delivery import Delivery
from tests.days import DAY, demo_day, demo_settings, demo_store
from tests.shop_days import Key, Shop

TICK, QUARTER, HOUR = timedelta(minutes=15), timedelta(minutes=15), timedelta(hours=1)
LATE = timedelta(minutes=10)
PAST = demo_day(41, day=DAY - timedelta(days=7), visitors=2_300.0)
TODAY = demo_day(42, visitors=700.0)
MOMENTS = (11, 13, 16, 20)  # o'clock
PROFILE = demo_settings().flows.benchmark_of(demo_store().id).conversion
OPENS, CLOSES = (
    time.hour * 3600.0
    for time in next((h.opens, h.closes) for h in demo_store().hours if "fri" in h.days)
)
KEEP = 0.85  # of what zones taught, a week later
CATEGORIES = {zone.id: zone.categories for zone in demo_store().zones}


@cache
def lived() -> tuple[bytes, dict[Key, list[Fact]]]:
    """The first day, lived through once: the store's state and all that was said."""
    shop = Shop()
    shop.run([(e.at, e) for e in PAST.events], PAST.day.end + HOUR, TICK)
    return dump(shop.publisher, exact=True), shop.facts


def second_day() -> Shop:
    """A shop after the first day."""
    shop, (state, facts) = Shop(), lived()
    shop.publisher = load(state, lambda _: shop.publisher.ledger.profile)
    shop.facts |= {key: list(said) for key, said in facts.items()}
    return shop


def backlog(arrivals: list[Delivery], until: datetime) -> list[Delivery]:
    """The doors' counts of two hours come together, an hour before the moment."""
    return [
        Delivery(until - HOUR, d.event)
        if isinstance(d.event, Footfall) and until - 3 * HOUR <= d.event.at < until - HOUR
        else d
        for d in arrivals
    ]


def live_on(shop: Shop, arrivals: list[Delivery], at: datetime, until: datetime) -> None:
    """Let the shop take what arrives, a tick at a time."""
    while at < until:
        before, at = at, at + TICK
        shop.publisher.ledger.take(
            [
                d.event
                for d in arrivals
                if before <= d.received_at < at or at == until == d.received_at
            ],
            at,
        )
        shop.keep(shop.publisher.tick(at))


class Past:
    """What the first day taught."""

    doors = pl.DataFrame(
        [(e.at, e.entered - (e.children or 0)) for e in PAST.events if isinstance(e, Footfall) and not e.staff],
        schema={"at": pl.Datetime("us", "UTC"), "n": pl.Int64}, orient="row",
    )  # fmt: skip
    opened = (PAST.day.at(OPENS), PAST.day.at(CLOSES))

    @classmethod
    def open_visitors(cls) -> int:
        """Visitors of the opening hours."""
        return int(cls.doors.filter(pl.col("at").is_between(*cls.opened, closed="left"))["n"].sum())

    @classmethod
    def open_sales(cls) -> list[tuple[datetime, Pos]]:
        """Sales of the opening hours, with when each was first completed."""
        every = tickets_of(PAST.events, PAST.day.end)
        return [
            (at, t) for at, t in every if t.nature == "sale" and cls.opened[0] <= at < cls.opened[1]
        ]


def tickets_of(events: list[Any], until: datetime) -> list[tuple[datetime, Pos]]:
    """Tickets that hold by then, each with when it was first completed."""
    words: dict[str, list[Pos]] = {}
    for e in events:
        if isinstance(e, Pos) and e.state != "open" and e.at < until:
            name = (e.refers_to or e.transaction) if e.state == "voided" else e.transaction
            words.setdefault(name, []).append(e)
    return [
        (min(e.at for e in said if e.state == "completed"), said[-1])
        for said in words.values()
        if said[-1].state == "completed"
    ]


def visitors_in(events: list[Any], start: datetime, end: datetime) -> int:
    """Visitors of a stretch of time, as counted."""
    return sum(
        e.entered - (e.children or 0)
        for e in events
        if isinstance(e, Footfall) and not e.staff and start <= e.at < end
    )


def hour_before(at: datetime) -> datetime:
    """The first minute of the trailing hour that ends with the tick's own minute."""
    return at - timedelta(minutes=59)


def sales_between(start: datetime, end: datetime) -> list[Pos]:
    """Today's sales of a stretch of time that hold at its end."""
    every = tickets_of(TODAY.events, end)
    return [ticket for at, ticket in every if start <= at and ticket.nature == "sale"]


def value_of(
    facts: dict[tuple[str, str, str], Fact], metric: str, subject: str = "", window: str = "now"
) -> Any:
    """A fact's value at a moment."""
    return facts[metric, subject, window].value
