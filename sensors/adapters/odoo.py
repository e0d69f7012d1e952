"""Odoo point of sale: a ``pos.order`` as read by its API or sent by an automation's webhook.

``date_order`` has no zone and is UTC, as everything Odoo stores. Lines come as objects or as Odoo's
``[0, 0, {…}]`` commands; amounts are decimals. A negative order is a return.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sensors.adapters import _money
from sensors.adapters._json import decimal, obj, parse_object, sub, text
from sensors.adapters._message import Message
from sensors.adapters._tickets import means, ticket, word
from sensors.adapters._times import instant
from sensors.adapters._unreadable import UnreadableError
from sensors.events import Event, Line, Tender
from sensors.reject import Reject

NAME = "odoo"
COUNTS = ("sale",)

_STATES = {
    "draft": "open",
    "paid": "completed",
    "done": "completed",
    "invoiced": "completed",
    "cancel": "voided",
}


def guess(payload: bytes, topic: str) -> float:
    """By ``pos_reference`` and the order's amounts."""
    if b'"pos_reference"' in payload or (
        b'"amount_total"' in payload and b'"date_order"' in payload
    ):
        return 0.9
    return 0.1 * ("odoo" in topic)


def read(message: Message) -> Iterable[Event | Reject]:
    """One order."""
    tree = parse_object(message.payload)
    order = sub(tree, "data") or tree
    if "amount_total" not in order:
        raise UnreadableError("no amount_total: not a pos.order")
    return _order(message, order)


def _order(message: Message, order: dict[str, Any]) -> Iterator[Event | Reject]:
    currency = _money.code(
        _label(order.get("currency_id")) or None, message.currency, "$.currency_id"
    )
    total = _money.minor(order.get("amount_total"), currency, "$.amount_total")
    tax = _money.maybe_minor(order.get("amount_tax"), currency, "$.amount_tax")
    state = text(order.get("state")) or "paid"
    if state not in _STATES:
        raise UnreadableError(f"state {state[:40]!r} is unknown", "$.state")
    lines = [_line(line, currency, place) for place, line in _commands(order, "lines")]
    payments = [*_commands(order, "payment_ids"), *_commands(order, "statement_ids")]
    yield ticket(
        message,
        at=instant(order.get("date_order"), UTC, message.received_at, "$.date_order"),
        transaction=text(order.get("pos_reference"))
        or text(order.get("name"))
        or text(order.get("id")),
        state=_STATES[state],
        nature="return" if total < 0 else "sale",
        currency=currency,
        till=(_label(order.get("config_id")), _label(order.get("session_id"))),
        net_minor=total - tax,
        tax_minor=tax,
        lines=lines,
        tenders=[
            Tender(
                means=means(_label(p.get("payment_method_id")) or _label(p.get("name"))),
                amount_minor=_money.minor(p.get("amount"), currency, place),
            )
            for place, p in payments
        ],
        associate=_label(order.get("employee_id")) or _label(order.get("user_id")),
        member=_label(order.get("partner_id")),
        source=_label(order.get("config_id")) or None,
        id=word(order["write_date"], text(order.get("id"))) if order.get("write_date") else "",
    )


def _line(line: dict[str, Any], currency: str, place: str) -> Line:
    units = decimal(line.get("qty", 1), f"{place}.qty")
    whole = int(units.quantize(Decimal(1), rounding=ROUND_HALF_UP)) or (1 if units >= 0 else -1)
    return Line(
        sku=(
            text(line.get("default_code"))
            or text(line.get("barcode"))
            or _label(line.get("product_id"))
        )[:128],
        units=whole,
        net_minor=_money.maybe_minor(
            line.get("price_subtotal"), currency, f"{place}.price_subtotal"
        ),
    )


def _commands(order: dict[str, Any], key: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Sub-records: objects, ``[0, 0, object]`` commands; bare ids say nothing."""
    value = order.get(key) or []
    if not isinstance(value, list):
        raise UnreadableError("expected a list", f"$.{key}")
    for i, item in enumerate(value):
        place = f"$.{key}[{i}]"
        if isinstance(item, list) and len(item) == 3:
            yield place, obj(item[2], place)
        elif isinstance(item, dict):
            yield place, item


def _label(value: object) -> str:
    """A many-to-one field: its name of ``[id, name]``, else the id."""
    if isinstance(value, list) and value:
        return text(value[-1])
    return text(value)
