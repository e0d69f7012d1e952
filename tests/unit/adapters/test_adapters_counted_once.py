"""Tills' announcements through the floor's ticket book: a sale is counted once, and returns never are."""

from itertools import permutations
from typing import Any

import pytest

from flows.tickets import Tickets
from sensors.events import Pos
from tests.unit.adapters.reading import events
from tests.unit.adapters.test_adapters_poslog import POSLOG, item, lane
from tests.unit.adapters.test_adapters_tills import shopify, square


def counted(said: list[Pos]) -> tuple[int, int, int]:
    """Sales, returns and net money that a ticket book makes of these words."""
    book = Tickets(horizon_s=86_400.0)
    sales = returns = money = 0
    for event in said:
        for ticket, sign in book.resolve(event, event.at.timestamp()):
            sales += sign * (ticket.nature == "sale")
            returns += sign * (ticket.nature == "return")
            money += sign * ticket.net_minor
    return sales, returns, money


def words(name: str, bodies: list[Any]) -> list[Pos]:
    """What a till's messages say, in order, as one device hears them."""
    memory: dict[str, Any] = {}
    return [event for body in bodies for event in events(name, body, memory=memory)]


def changed(status: str, updated: str, event: str) -> dict[str, Any]:
    """A Square notice of one payment at one time."""
    body = square(status, event=event)
    body["data"]["object"]["payment"]["updated_at"] = updated
    return body


APPROVED = changed("APPROVED", "2026-03-01T10:00:00Z", "e1")
COMPLETED = changed("COMPLETED", "2026-03-01T10:00:05Z", "e2")
AGAIN = changed("COMPLETED", "2026-03-01T10:09:00Z", "e3")


@pytest.mark.parametrize("order", list(permutations([APPROVED, COMPLETED, AGAIN, COMPLETED])))
def test_square_is_one_sale_in_any_order(order: tuple[dict[str, Any], ...]) -> None:
    """Approved, completed, completed again and redelivered, in whatever order: one sale of five dollars."""
    assert counted(words("square", list(order))) == (1, 0, 500)


def test_square_failed_refund_leaves_the_sale() -> None:
    """A refund that is announced and then fails is no return, and does not take the sale back."""
    refund = {
        "id": "RF",
        "status": "COMPLETED",
        "order_id": "O1",
        "created_at": "2026-03-01T11:00:00Z",
        "amount_money": {"amount": 500, "currency": "USD"},
    }
    notice: dict[str, Any] = {"type": "refund.updated", "data": {"object": {"refund": refund}}}
    assert counted(words("square", [COMPLETED, notice])) == (1, 1, 0)
    failed = {
        "type": "refund.updated",
        "data": {"object": {"refund": {**refund, "status": "FAILED"}}},
    }
    assert counted(words("square", [COMPLETED, notice, failed])) == (1, 0, 500)


def test_shopify_edits_replace_and_cancelling_takes_back() -> None:
    """Created, paid, edited: one sale with the last amounts, whatever came last; cancelled, none."""
    opened = shopify(financial_status="pending", updated_at="2026-03-01T10:00:00+01:00")
    paid = shopify(updated_at="2026-03-01T10:01:00+01:00")
    edited = shopify(
        updated_at="2026-03-01T12:00:00+01:00", subtotal_price="59.50", total_tax="9.50"
    )
    for order in permutations([opened, paid, edited]):
        assert counted(words("shopify", list(order))) == (1, 0, 5000)
    cancelled = shopify(
        cancelled_at="2026-03-01T13:00:00+01:00", updated_at="2026-03-01T13:00:00+01:00"
    )
    assert counted(words("shopify", [opened, paid, edited, cancelled])) == (0, 0, 0)


def test_poslog_post_void_takes_back_exactly_its_sale() -> None:
    """Of two sales and a post-void of the first, one is left; a return beside them is no sale."""
    link = '<TransactionLink ReasonCode="PostVoid"><SequenceNumber>1</SequenceNumber></TransactionLink>'
    log = POSLOG.format(
        lane(1, item("A", "9.00"))
        + lane(2, item("B", "5.00"))
        + lane(3, link + item("A", "9.00"))
        + lane(4, item("B", "5.00", kind="Return"))
    )
    assert counted(words("poslog", [log, log])) == (1, 1, 0)
