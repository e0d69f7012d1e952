"""Loyverse webhooks: ``receipts.update`` and ``inventory_levels.update``.

Amounts are decimals in the store's currency and ``total_money`` includes tax. A receipt that is cancelled
later is announced again with ``cancelled_at``.
"""

from collections.abc import Iterable, Iterator
from decimal import ROUND_HALF_UP, Decimal
from functools import partial
from itertools import chain
from typing import Any

from sensors.adapters import _money, salvaged
from sensors.adapters._json import decimal, each, parse_object, text
from sensors.adapters._message import Message
from sensors.adapters._tickets import means, ticket, word
from sensors.adapters._times import instant
from sensors.adapters._unreadable import UnreadableError
from sensors.events import Event, Line, Stock, Tender
from sensors.reject import Reject

NAME = "loyverse"
COUNTS = ("sale", "level")


def guess(payload: bytes, topic: str) -> float:
    """By its receipts' fields."""
    if b'"receipt_number"' in payload or (
        b'"inventory_levels"' in payload and b'"in_stock"' in payload
    ):
        return 0.95
    return 0.1 * ("loyverse" in topic)


def read(message: Message) -> Iterable[Event | Reject]:
    """Every receipt and level of one webhook."""
    tree = parse_object(message.payload)
    if "receipt_number" in tree:
        tree = {"receipts": [tree]}
    if "receipts" not in tree and "inventory_levels" not in tree:
        raise UnreadableError("neither receipts nor inventory levels in it")
    return salvaged(
        message,
        chain(
            (
                partial(_receipt, message, receipt, place)
                for place, receipt in each(tree, "receipts")
            ),
            (
                partial(_level, message, level, place)
                for place, level in each(tree, "inventory_levels")
            ),
        ),
    )


def _receipt(message: Message, receipt: dict[str, Any], place: str) -> Iterator[Event | Reject]:
    currency = message.currency

    def money(key: str, of: dict[str, Any] = receipt) -> int:
        return _money.maybe_minor(of.get(key), currency, f"{place}.{key}")

    kind = text(receipt.get("receipt_type"))
    if kind not in ("SALE", "REFUND"):
        raise UnreadableError(f"receipt type {kind[:20]!r} is unknown", f"{place}.receipt_type")
    tax = money("total_tax")
    net = money("total_money") - tax - money("tip") - money("surcharge")
    yield ticket(
        message,
        at=instant(
            receipt.get("cancelled_at") or receipt.get("receipt_date") or receipt.get("created_at"),
            message.tz,
            message.received_at,
            f"{place}.receipt_date",
        ),
        transaction=text(receipt.get("receipt_number")),
        state="voided" if receipt.get("cancelled_at") else "completed",
        nature="return" if kind == "REFUND" else "sale",
        currency=currency,
        till=(text(receipt.get("pos_device_id")), text(receipt.get("store_id"))),
        net_minor=net,
        tax_minor=tax,
        discount_minor=money("total_discount"),
        lines=[_line(line, currency, where) for where, line in each(receipt, "line_items", place)],
        tenders=[
            Tender(
                means=means(text(p.get("type")) or text(p.get("name"))),
                amount_minor=money("money_amount", p),
            )
            for _, p in each(receipt, "payments", place)
        ],
        associate=text(receipt.get("employee_id")),
        member=text(receipt.get("customer_id")),
        refers_to=text(receipt.get("refund_for")),
        source=receipt.get("pos_device_id"),
        id=word(receipt.get("updated_at"), text(receipt.get("receipt_number"))),
    )


def _line(line: dict[str, Any], currency: str, place: str) -> Line:
    units = decimal(line.get("quantity"), f"{place}.quantity")
    tax = sum(
        _money.maybe_minor(t.get("money_amount"), currency, where)
        for where, t in each(line, "line_taxes", place)
    )
    total = _money.maybe_minor(line.get("total_money"), currency, f"{place}.total_money")
    return Line(
        sku=(text(line.get("sku")) or text(line.get("variant_id")) or text(line.get("item_name")))[
            :128
        ],
        units=max(1, int(units.quantize(Decimal(1), rounding=ROUND_HALF_UP))),
        net_minor=total - tax,
        discount_minor=_money.maybe_minor(line.get("total_discount"), currency, place),
    )


def _level(message: Message, level: dict[str, Any], place: str) -> Iterator[Event | Reject]:
    skus = message.device.options.get("skus", {})
    item = text(level.get("variant_id"))
    on_hand = decimal(level.get("in_stock"), f"{place}.in_stock")
    yield Stock(
        at=instant(level.get("updated_at"), message.tz, message.received_at, f"{place}.updated_at"),
        store=message.device.store,
        source=message.source("loyverse"),
        sku=str(skus.get(item, item)) if isinstance(skus, dict) else item,
        on_hand=int(on_hand.to_integral_value(rounding=ROUND_HALF_UP)),
    )
