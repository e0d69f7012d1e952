"""Square webhooks: ``payment.*``, ``refund.*``, ``order.*``.

A payment is announced APPROVED and again COMPLETED: one transaction, named by its order, ``open`` and then
``completed``. Square's short order notices carry no money: OPEN and CANCELED are told on, COMPLETED is left
to the payment. Several payments of one order add up while ``memory`` is kept. Amounts are in minor units and
include tax, which a payment does not state.
"""

from collections.abc import Iterable, Iterator
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sensors.adapter_memory import remember
from sensors.adapters import _money
from sensors.adapters._json import decimal, each, parse_object, sub, text
from sensors.adapters._message import Message
from sensors.adapters._tickets import means, ticket, word
from sensors.adapters._times import instant
from sensors.adapters._unreadable import UnreadableError
from sensors.events import Event, Line, Tender
from sensors.reject import Reject

NAME = "square"
COUNTS = ("sale",)
REMEMBERS = True

_PAYMENT = {
    "APPROVED": "open",
    "PENDING": "open",
    "COMPLETED": "completed",
    "CANCELED": "voided",
    "FAILED": "voided",
}
_REFUND = {
    "PENDING": "open",
    "COMPLETED": "completed",
    "APPROVED": "completed",
    "REJECTED": "voided",
    "FAILED": "voided",
}
_ORDER = {"OPEN": "open", "DRAFT": "open", "COMPLETED": "completed", "CANCELED": "voided"}


def guess(payload: bytes, topic: str) -> float:
    """By the envelope."""
    head = payload[:4096]
    return 0.95 if b'"merchant_id"' in head and b'"event_id"' in head else 0.1 * ("square" in topic)


def read(message: Message) -> Iterable[Event | Reject]:
    """One notice."""
    tree = parse_object(message.payload)
    kind = text(tree.get("type"))
    about = sub(sub(tree, "data"), "object", "$.data")
    event_id = text(tree.get("event_id"))
    if kind.startswith("payment."):
        return _payment(message, sub(about, "payment", "$.data.object"), event_id)
    if kind.startswith("refund."):
        return _refund(message, sub(about, "refund", "$.data.object"), event_id)
    if kind.startswith("order."):
        return _order(message, about, event_id)
    raise UnreadableError(f"a notice of type {kind!r} is not about a sale", "$.type")


def _payment(message: Message, payment: dict[str, Any], event_id: str) -> Iterator[Event | Reject]:
    place = "$.data.object.payment"
    state = _state(_PAYMENT, payment.get("status"), f"{place}.status")
    amount = sub(payment, "amount_money", place)
    currency = _money.code(amount.get("currency"), message.currency, place)
    net = _money.whole(amount.get("amount"), f"{place}.amount_money.amount")
    paid = _money.whole(sub(payment, "total_money", place).get("amount", net), place)
    captured = sub(sub(payment, "card_details", place), "card_payment_timeline", place).get(
        "captured_at"
    )
    changed = {"completed": captured, "voided": payment.get("updated_at")}.get(state)
    when = changed or payment.get("created_at")
    order = text(payment.get("order_id")) or text(payment.get("id"))
    tenders = _together(
        message,
        order,
        text(payment.get("id")),
        net,
        state,
        [Tender(means=means(text(payment.get("source_type"))), amount_minor=paid)],
    )
    yield ticket(
        message,
        at=instant(when, message.tz, message.received_at, f"{place}.created_at"),
        transaction=order,
        state=state,
        currency=currency,
        till=(
            text(sub(payment, "device_details", place).get("device_id")),
            text(payment.get("location_id")),
        ),
        net_minor=tenders[0],
        tenders=tenders[1],
        associate=text(payment.get("team_member_id")),
        member=text(payment.get("customer_id")),
        source=payment.get("location_id"),
        id=word(payment.get("updated_at"), event_id),
    )


def _together(
    message: Message, order: str, payment: str, net: int, state: str, tenders: list[Tender]
) -> tuple[int, list[Tender]]:
    """This payment and the order's other completed ones: a bill split over two cards is one sale."""
    if state != "completed":
        return net, tenders
    known = dict(message.memory.get(f"order|{order}", {}))
    known[payment] = (net, [(t.means, t.amount_minor) for t in tenders])
    remember(message.memory, f"order|{order}", known)
    return sum(n for n, _ in known.values()), [
        Tender(means=m, amount_minor=a) for _, paid in known.values() for m, a in paid
    ]


def _refund(message: Message, refund: dict[str, Any], event_id: str) -> Iterator[Event | Reject]:
    place = "$.data.object.refund"
    amount = sub(refund, "amount_money", place)
    money = _money.whole(amount.get("amount"), f"{place}.amount_money.amount")
    yield ticket(
        message,
        at=instant(
            refund.get("created_at"), message.tz, message.received_at, f"{place}.created_at"
        ),
        transaction=text(refund.get("id")),
        state=_state(_REFUND, refund.get("status"), f"{place}.status"),
        nature="return",
        currency=_money.code(amount.get("currency"), message.currency, place),
        till=(text(refund.get("location_id")),),
        net_minor=money,
        tenders=[
            Tender(means=means(text(refund.get("destination_type")) or "card"), amount_minor=money)
        ],
        refers_to=text(refund.get("order_id")) or text(refund.get("payment_id")),
        source=refund.get("location_id"),
        id=word(refund.get("updated_at"), event_id),
    )


def _order(message: Message, about: dict[str, Any], event_id: str) -> Iterator[Event | Reject]:
    order = next((sub(about, k, "$.data.object") for k in about if k.startswith("order")), {})
    state = _state(_ORDER, order.get("state"), "$.data.object.state")
    whole = "total_money" in order
    if state == "completed" and not whole:
        return
    total = sub(order, "total_money")
    currency = _money.code(total.get("currency"), message.currency)
    tax = _money.whole(sub(order, "total_tax_money").get("amount"))
    tip = _money.whole(sub(order, "total_tip_money").get("amount"))
    yield ticket(
        message,
        at=instant(
            {"completed": order.get("closed_at"), "voided": order.get("updated_at")}.get(state)
            or order.get("created_at")
            or order.get("updated_at"),
            message.tz,
            message.received_at,
            "$.data.object.created_at",
        ),
        transaction=text(order.get("order_id")) or text(order.get("id")),
        state=state,
        currency=currency,
        till=(text(order.get("location_id")),),
        net_minor=_money.whole(total.get("amount")) - tax - tip,
        tax_minor=tax,
        discount_minor=_money.whole(sub(order, "total_discount_money").get("amount")),
        lines=[
            _line(line, place) for place, line in each(order, "line_items", "$.data.object.order")
        ],
        member=text(order.get("customer_id")),
        source=order.get("location_id"),
        id=word(order.get("updated_at"), event_id),
    )


def _line(line: dict[str, Any], place: str) -> Line:
    def amount(key: str) -> int:
        return _money.whole(sub(line, key, place).get("amount"), place)

    units = decimal(line.get("quantity", "1"), place)
    return Line(
        sku=text(line.get("catalog_object_id")) or text(line.get("name")) or text(line.get("uid")),
        units=max(1, int(units.quantize(Decimal(1), rounding=ROUND_HALF_UP))),
        net_minor=amount("total_money") - amount("total_tax_money"),
        discount_minor=amount("total_discount_money"),
    )


def _state(states: dict[str, str], said: object, place: str) -> str:
    try:
        return states[text(said)]
    except KeyError:
        raise UnreadableError(f"status {text(said)[:40]!r} is unknown", place) from None
