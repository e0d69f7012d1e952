"""Orders placed elsewhere and handed over in the shop."""

import itertools
import random
from datetime import datetime, timedelta

from flows.facts import Fact
from flows.ledger import Ledger
from flows.profile import Profiles
from flows.publish import Publisher
from flows.snapshot import dump, load
from sensors.events import Event, Line, Pos, Stock
from tests.floor_runs import FLOWS, SENSORS, START

MINUTE = timedelta(minutes=1)


def _say(ticket: str, minute: float, state: str, channel: str = "pickup", units: int = 2) -> Pos:
    return Pos(
        at=START + minute * MINUTE, store="north", source="web", id=f"{ticket}.{minute}.{state}", till="web",
        transaction=ticket, state=state, channel=channel, net_minor=900, lines=[Line(sku="p", units=units)],  # type: ignore[arg-type]
    )  # fmt: skip


STORY: list[Event] = [
    Stock(at=START, store="north", source="wms", id="s", sku="p", on_hand=10),
    _say("a", 1, "open"), _say("a", 31, "completed"),
    _say("b", 2, "open", units=3),
    _say("c", 3, "open"), _say("c", 9, "voided"),
    _say("d", 4, "open", channel="store"), _say("d", 5, "completed", channel="store"),
    _say("e", 6, "open", channel="delivery"), _say("e", 16, "completed", channel="delivery"),
]  # fmt: skip


def _after(
    events: list[Event], until: datetime, publisher: Publisher | None = None
) -> dict[tuple[str, str, str], Fact]:
    north = publisher or Publisher(Ledger(Profiles(FLOWS, SENSORS).of("north")))
    facts: list[Fact] = []
    for event in events:
        north.ledger.take([event], START + 40 * MINUTE)
    for minute in range(41, 43):
        facts += north.tick(START + minute * MINUTE)
    facts += north.tick(until)
    return {(f.metric, f.subject, f.window): f for f in facts}


def test_orders_are_demand_and_work() -> None:
    """Placed, handed over and waiting orders are told by channel; a cancelled or an ordinary ticket is none."""
    facts = _after(STORY, START + 50 * MINUTE)
    value = {key: fact.value for key, fact in facts.items()}
    assert value["orders", "", "day"] == 3
    assert value["orders", "channel:pickup", "day"] == 2
    assert facts["orders", "channel:pickup", "day"].detail == {"units": 5}
    assert value["order_response", "channel:pickup", "day"] == 30 * 60
    assert value["order_response", "", "day"] == (30 + 10) / 2 * 60
    assert value["orders_waiting", "", "now"] == 1
    assert facts["orders_waiting", "channel:pickup", "now"].detail == {
        "units": 3,
        "oldest_min": 48,
    }
    assert value["transactions", "", "day"] == 3


def test_waiting_orders_hold_stock_back() -> None:
    """What an order waits for is told beside what is on hand."""
    facts = _after(STORY, START + 50 * MINUTE)
    found = facts["sku_on_hand", "sku:p", "now"]
    assert (found.value, found.detail) == (10 - 2 - 2 - 2, {"reserved": 3})


def test_order_of_arrival_and_a_restart_do_not_matter() -> None:
    """Shuffled words, with the state saved and loaded amid them, tell the same of every order."""
    plain = _after(STORY, START + 50 * MINUTE)
    wanted = {key: fact.value for key, fact in plain.items() if key[0].startswith("order")}
    for seed in range(20):
        story = list(STORY)
        random.Random(seed).shuffle(story)
        north = Publisher(Ledger(Profiles(FLOWS, SENSORS).of("north")))
        for event in story[:5]:
            north.ledger.take([event], START + 40 * MINUTE)
        north.tick(START + 40 * MINUTE)
        north = load(dump(north), Profiles(FLOWS, SENSORS).of)
        found = _after(story[5:], START + 50 * MINUTE, north)
        assert {key: found[key].value for key in wanted} == wanted


def test_an_order_nobody_comes_for_is_let_go() -> None:
    """After more than eight days an uncollected order waits no longer, and memory is bounded."""
    north = Publisher(Ledger(Profiles(FLOWS, SENSORS).of("north")))
    days = [START + timedelta(days=day) for day in range(12)]
    for number, at in enumerate(days):
        word = Pos(
            at=at, store="north", source="web", id=str(number), till="w", transaction=str(number), state="open",
            channel="pickup", lines=[Line(sku="p")],
        )  # fmt: skip
        north.ledger.take([word], at)
        facts = list(itertools.chain(north.tick(at), north.tick(at + MINUTE)))
        last = [f.value for f in facts if f.metric == "orders_waiting" and not f.subject]
        assert last[-1] == min(number + 1, 9)
    assert len(north.ledger.tickets.orders.known) == 9
