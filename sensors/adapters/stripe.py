"""Stripe Terminal webhooks: ``charge.*`` events of card-present payments.

Named by its payment intent, a charge is ``open`` while only authorised and ``completed`` once captured. A
refund is dated and sized by what changed, so a second partial refund is a return of its own. Amounts are in
Stripe's minor units: as ISO 4217's, but two decimals for ISK and UGX.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from sensors.adapters import _money
from sensors.adapters._json import each, parse_object, sub, text
from sensors.adapters._message import Message
from sensors.adapters._tickets import means, ticket
from sensors.adapters._times import instant
from sensors.adapters._unreadable import UnreadableError
from sensors.events import Event, Tender
from sensors.reject import Reject

NAME = "stripe"
COUNTS = ("sale",)

_TWO_DECIMALS = {"ISK", "UGX"}
_VOID = {"charge.failed", "charge.expired"}


def guess(payload: bytes, topic: str) -> float:
    """By the event envelope."""
    if b'"api_version"' in payload and b'"charge' in payload and b'"livemode"' in payload:
        return 0.9
    return 0.1 * ("stripe" in topic)


def read(message: Message) -> Iterable[Event | Reject]:
    """One event."""
    tree = parse_object(message.payload)
    kind = text(tree.get("type"))
    charge = sub(sub(tree, "data"), "object", "$.data")
    if not kind.startswith("charge.") or text(charge.get("object")) != "charge":
        raise UnreadableError(f"an event of type {kind[:60]!r} is no charge", "$.type")
    if tree.get("livemode") is False and message.option("test", "refuse") != "take":
        raise UnreadableError(
            'a test charge is not a sale; option test = "take" takes it', "$.livemode"
        )
    if kind == "charge.refunded":
        return _refund(message, tree, charge)
    return _charge(message, tree, charge, kind)


def _charge(
    message: Message, tree: dict[str, Any], charge: dict[str, Any], kind: str
) -> Iterator[Event | Reject]:
    currency = _money.code(charge.get("currency"), message.currency, "$.data.object.currency")
    amount = _amount(charge.get("amount_captured") or charge.get("amount"), currency)
    state = "voided" if kind in _VOID else "completed" if charge.get("captured") is True else "open"
    details = sub(charge, "payment_method_details")
    yield ticket(
        message,
        at=instant(charge.get("created"), message.tz, message.received_at, "$.data.object.created"),
        transaction=_transaction(charge),
        state=state,
        currency=currency,
        till=(
            text(sub(charge, "metadata").get("till")),
            text(sub(charge, "metadata").get("reader")),
        ),
        net_minor=amount,
        tenders=[Tender(means=means(text(details.get("type")) or "card"), amount_minor=amount)],
        member=text(charge.get("customer")),
        source="stripe",
        id=text(tree.get("id")),
    )


def _refund(
    message: Message, tree: dict[str, Any], charge: dict[str, Any]
) -> Iterator[Event | Reject]:
    currency = _money.code(charge.get("currency"), message.currency, "$.data.object.currency")
    so_far = _amount(charge.get("amount_refunded"), currency)
    before = sub(sub(tree, "data"), "previous_attributes").get("amount_refunded")
    newest = next((r for _, r in each(sub(charge, "refunds"), "data")), {})
    yield ticket(
        message,
        at=instant(
            newest.get("created") or tree.get("created"),
            message.tz,
            message.received_at,
            "$.created",
        ),
        transaction=text(newest.get("id")) or f"refund-{text(charge.get('id'))}-{so_far}",
        state="completed",
        nature="return",
        currency=currency,
        till=(text(sub(charge, "metadata").get("till")),),
        net_minor=so_far - _amount(before, currency),
        refers_to=_transaction(charge),
        source="stripe",
        id=text(tree.get("id")),
    )


def _transaction(charge: dict[str, Any]) -> str:
    return text(charge.get("payment_intent")) or text(charge.get("id"))


def _amount(said: object, currency: str) -> int:
    money = _money.whole(said, "$.data.object.amount")
    return money // 100 if currency in _TWO_DECIMALS else money
