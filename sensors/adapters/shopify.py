"""Shopify webhooks: orders, refunds, inventory levels; bare as sent, or wrapped as the Admin API returns them.

An order is one transaction however often it is created, paid and updated; it is ``completed`` once paid and
dated by when it was placed, so that every later notice says the same. Prices are decimals; where they
include tax it is taken out.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from sensors.adapters import _money
from sensors.adapters._json import count, decimal, each, parse_object, sub, text
from sensors.adapters._message import Message
from sensors.adapters._tickets import means, ticket, word
from sensors.adapters._times import instant
from sensors.adapters._unreadable import UnreadableError
from sensors.events import Event, Line, Stock, Tender
from sensors.reject import Reject

NAME = "shopify"
COUNTS = ("sale", "level")

_PAID = {"paid", "partially_refunded", "refunded"}
_OPEN = {"pending", "authorized", "partially_paid", "expired", ""}


def guess(payload: bytes, topic: str) -> float:
    """By the fields only its orders, refunds and levels have."""
    if b'"financial_status"' in payload or b'"refund_line_items"' in payload:
        return 0.95
    if b'"inventory_item_id"' in payload and b'"available"' in payload:
        return 0.9
    return 0.1 * ("shopify" in topic)


def read(message: Message) -> Iterable[Event | Reject]:
    """One webhook."""
    tree = parse_object(message.payload)
    for key in ("order", "refund", "inventory_level"):
        if isinstance(tree.get(key), dict):
            tree = tree[key]
            break
    if "refund_line_items" in tree:
        return _refund(message, tree)
    if "financial_status" in tree or "line_items" in tree:
        return _order(message, tree)
    if "inventory_item_id" in tree:
        return _level(message, tree)
    raise UnreadableError("neither an order, a refund nor an inventory level")


def _order(message: Message, order: dict[str, Any]) -> Iterator[Event | Reject]:
    if order.get("test") is True:
        raise UnreadableError("a test order is not a sale", "$.test")
    currency = _money.code(order.get("currency"), message.currency, "$.currency")
    tax = _money.maybe_minor(order.get("total_tax"), currency, "$.total_tax")
    included = order.get("taxes_included") is True
    net = _money.minor(order.get("subtotal_price"), currency, "$.subtotal_price") - tax * included
    lines = [_line(line, currency, place) for place, line in each(order, "line_items")]
    if included and (gross := sum(line.net_minor for line in lines)):
        for line, share in zip(
            lines, _money.prorated([x.net_minor for x in lines], gross - tax), strict=True
        ):
            line.net_minor = share
    state, when = _state(order)
    paid = _money.maybe_minor(order.get("total_price"), currency, "$.total_price")
    gateways = order.get("payment_gateway_names")
    gateway = gateways[0] if isinstance(gateways, list) and gateways else order.get("gateway")
    yield ticket(
        message,
        at=instant(when, message.tz, message.received_at, "$.created_at"),
        transaction=text(order.get("id")),
        state=state,
        currency=currency,
        till=(
            text(order.get("device_id")),
            text(order.get("location_id")),
            text(order.get("source_name")),
        ),
        net_minor=net,
        tax_minor=tax,
        discount_minor=_money.maybe_minor(
            order.get("total_discounts"), currency, "$.total_discounts"
        ),
        lines=lines,
        tenders=[Tender(means=means(text(gateway)), amount_minor=paid)]
        if state == "completed"
        else [],
        associate=text(order.get("user_id")),
        member=text(sub(order, "customer").get("id")),
        channel=_channel(order),
        source="shopify",
        id=word(_updated(message, order), text(order.get("id"))),
    )


def _state(order: dict[str, Any]) -> tuple[str, object]:
    """Whether it is paid, open or taken back, and when it became so."""
    status = text(order.get("financial_status"))
    if order.get("cancelled_at") or status == "voided":
        return "voided", order.get("cancelled_at") or order.get("updated_at")
    if status in _PAID:
        return "completed", order.get("processed_at") or order.get("created_at")
    if status in _OPEN:
        return "open", order.get("created_at")
    raise UnreadableError(f"financial status {status[:40]!r} is unknown", "$.financial_status")


def _updated(message: Message, order: dict[str, Any]) -> str:
    """When the order was last changed, in UTC so that it sorts."""
    said = order.get("updated_at")
    if said is None:
        return ""
    return instant(said, message.tz, message.received_at, "$.updated_at").isoformat()


def _line(line: dict[str, Any], currency: str, place: str) -> Line:
    units = count(line.get("quantity"), f"{place}.quantity")
    off = sum(
        _money.maybe_minor(d.get("amount"), currency, where)
        for where, d in each(line, "discount_allocations", place)
    ) or _money.maybe_minor(line.get("total_discount"), currency, f"{place}.total_discount")
    price = decimal(line.get("price"), f"{place}.price") * units
    return Line(
        sku=_sku(line),
        units=units,
        net_minor=_money.minor(price, currency, f"{place}.price") - off,
        discount_minor=off,
    )


def _sku(line: dict[str, Any]) -> str:
    return (text(line.get("sku")) or text(line.get("variant_id")) or text(line.get("title")))[:128]


def _channel(order: dict[str, Any]) -> str:
    if text(order.get("source_name")) in ("pos", ""):
        return "store"
    shipping = " ".join(
        f"{text(s.get('code'))} {text(s.get('title'))}".lower()
        for _, s in each(order, "shipping_lines")
    )
    return "pickup" if "pickup" in shipping or "pick up" in shipping else "delivery"


def _refund(message: Message, refund: dict[str, Any]) -> Iterator[Event | Reject]:
    paid = [t for _, t in each(refund, "transactions") if t.get("kind") in ("refund", "void")]
    currency = _money.code(
        next((t.get("currency") for t in paid if t.get("currency")), None), message.currency
    )
    returned = [
        _returned(item, currency, place) for place, item in each(refund, "refund_line_items")
    ]
    lines, tax = [line for line, _ in returned], sum(t for _, t in returned)
    done = all(text(t.get("status")) in ("success", "") for t in paid)
    yield ticket(
        message,
        at=instant(
            refund.get("processed_at") or refund.get("created_at"),
            message.tz,
            message.received_at,
            "$.created_at",
        ),
        transaction=f"refund-{text(refund.get('id'))}",
        state="completed" if done else "open",
        nature="return",
        currency=currency,
        till=next(
            (
                (text(t.get("device_id")), text(t.get("location_id")), text(t.get("source_name")))
                for t in paid
            ),
            (),
        ),
        net_minor=sum(line.net_minor for line in lines),
        tax_minor=tax,
        lines=lines,
        tenders=[
            Tender(
                means=means(text(t.get("gateway"))),
                amount_minor=_money.minor(t.get("amount"), currency),
            )
            for t in paid
        ],
        associate=text(refund.get("user_id")),
        refers_to=text(refund.get("order_id")),
        source="shopify",
    )


def _returned(item: dict[str, Any], currency: str, place: str) -> tuple[Line, int]:
    """One refunded line and its tax; older notices state neither and their sale's line does."""
    sold = sub(item, "line_item", place)
    units = count(item.get("quantity"), f"{place}.quantity")
    net = item.get("subtotal")
    if net is None:
        net = decimal(sold.get("price"), place) * units
    tax = _money.maybe_minor(item.get("total_tax"), currency, place) or sum(
        _money.maybe_minor(t.get("price"), currency, where)
        for where, t in each(sold, "tax_lines", place)
    )
    return Line(sku=_sku(sold), units=units, net_minor=_money.minor(net, currency, place)), tax


def _level(message: Message, level: dict[str, Any]) -> Iterator[Event | Reject]:
    skus = message.device.options.get("skus", {})
    item = text(level.get("inventory_item_id"))
    if level.get("available") is None:
        return  # not stocked here
    on_hand = decimal(level["available"], "$.available")
    if on_hand != on_hand.to_integral_value():
        raise UnreadableError("expected a whole number of units", "$.available")
    yield Stock(
        at=instant(level.get("updated_at"), message.tz, message.received_at, "$.updated_at"),
        store=message.device.store,
        source=message.source("shopify"),
        sku=str(skus.get(item, item)) if isinstance(skus, dict) else item,
        on_hand=int(on_hand),
    )
