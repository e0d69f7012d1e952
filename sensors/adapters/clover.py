"""Clover orders: the order as its API returns it, and the webhook notice that only names it.

Amounts are integers in minor units, times milliseconds. A notice (``O:`` objects) has no content: the sale
is told on as ``open`` until the order itself is sent. A refunded line or payment is a return.
"""

from collections.abc import Iterable, Iterator
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sensors.adapters import _money
from sensors.adapters._json import decimal, each, obj, parse_object, sub, text
from sensors.adapters._message import Message
from sensors.adapters._tickets import means, ticket, word
from sensors.adapters._times import instant
from sensors.adapters._unreadable import UnreadableError
from sensors.events import Event, Line, Tender
from sensors.reject import Reject

NAME = "clover"
COUNTS = ("sale",)


def guess(payload: bytes, topic: str) -> float:
    """By the notice's envelope, or an order's line items."""
    if b'"merchants"' in payload and b'"objectId"' in payload:
        return 0.95
    if b'"lineItems"' in payload and (
        b'"paymentState"' in payload or b'"clientCreatedTime"' in payload
    ):
        return 0.9
    return 0.1 * ("clover" in topic)


def read(message: Message) -> Iterable[Event | Reject]:
    """One notice or order."""
    tree = parse_object(message.payload)
    if "merchants" in tree:
        return _notice(message, tree)
    if "lineItems" in tree or "payments" in tree:
        return _order(message, tree)
    raise UnreadableError("neither a Clover notice nor an order")


def _notice(message: Message, tree: dict[str, Any]) -> Iterator[Event | Reject]:
    merchants = sub(tree, "merchants")
    for merchant in merchants:
        for place, change in each(merchants, merchant, "$.merchants"):
            kind, _, number = text(change.get("objectId")).partition(":")
            if kind != "O" or not number:
                continue
            yield ticket(
                message,
                at=instant(change.get("ts"), message.tz, message.received_at, f"{place}.ts"),
                transaction=number,
                state="voided" if change.get("type") == "DELETE" else "open",
                currency=message.currency,
                till=(merchant,),
                source=merchant,
            )


def _order(message: Message, order: dict[str, Any]) -> Iterator[Event | Reject]:
    currency = _money.code(order.get("currency"), message.currency, "$.currency")
    paid = [
        p
        for _, p in each(sub(order, "payments"), "elements")
        if text(p.get("result")) in ("", "SUCCESS")
    ]
    tax = sum(_money.whole(p.get("taxAmount"), "$.payments") for p in paid)
    amount = sum(_money.whole(p.get("amount"), "$.payments") for p in paid)
    lines = [
        _line(item, place)
        for place, item in each(sub(order, "lineItems"), "elements", "$.lineItems")
        if item.get("refunded") is not True and item.get("exchanged") is not True
    ]
    total = _money.whole(order.get("total"), "$.total")
    state = text(order.get("paymentState")) or text(order.get("payType"))
    done = state in ("PAID", "PARTIALLY_REFUNDED", "REFUNDED") or (bool(paid) and amount >= total)
    yield ticket(
        message,
        at=instant(
            order.get("clientCreatedTime") or order.get("createdTime"),
            message.tz,
            message.received_at,
            "$.createdTime",
        ),
        transaction=text(order.get("id")),
        state="completed" if done else "open",
        currency=currency,
        till=(text(sub(order, "device").get("id")),),
        net_minor=(amount or total) - tax,
        tax_minor=tax,
        discount_minor=sum(line.discount_minor for line in lines),
        lines=lines,
        tenders=[
            Tender(
                means=means(text(sub(p, "tender").get("label"))),
                amount_minor=_money.whole(p.get("amount")),
            )
            for p in paid
        ],
        associate=text(sub(order, "employee").get("id")),
        source=text(sub(order, "device").get("id")) or None,
        id=word(order.get("modifiedTime"), text(order.get("id"))),
    )
    for place, refund in each(sub(order, "refunds"), "elements", "$.refunds"):
        yield _refund(message, order, refund, currency, place)


def _refund(
    message: Message, order: dict[str, Any], refund: dict[str, Any], currency: str, place: str
) -> Event:
    tax = _money.whole(refund.get("taxAmount"), place)
    return ticket(
        message,
        at=instant(
            refund.get("createdTime"), message.tz, message.received_at, f"{place}.createdTime"
        ),
        transaction=f"refund-{text(refund.get('id'))}",
        state="completed",
        nature="return",
        currency=currency,
        till=(text(sub(order, "device").get("id")),),
        net_minor=_money.whole(refund.get("amount"), place) - tax,
        tax_minor=tax,
        refers_to=text(order.get("id")),
    )


def _line(item: dict[str, Any], place: str) -> Line:
    quantity = item.get("unitQty")  # thousandths of a unit; absent where sold by the piece
    units = Decimal(1) if quantity is None else decimal(quantity, place) / 1000
    off = -sum(
        _money.whole(d.get("amount"), where)
        for where, d in each(sub(item, "discounts", place), "elements")
    )
    price = (_money.whole(item.get("price"), f"{place}.price") * units).quantize(
        Decimal(1), ROUND_HALF_UP
    )
    return Line(
        sku=(
            text(item.get("itemCode"))
            or text(obj(item.get("item") or {}).get("id"))
            or text(item.get("name"))
        )[:128],
        units=max(1, int(units.quantize(Decimal(1), ROUND_HALF_UP))),
        net_minor=int(price) - off,
        discount_minor=off,
    )
