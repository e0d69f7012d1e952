"""A till ticket in our words, whatever the till's vendor."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sensors.adapters._json import text
from sensors.adapters._message import Message
from sensors.adapters._names import Names, short
from sensors.events import Line, Pos, Tender

_MEANS = {
    "card": (
        "card",
        "credit",
        "debit",
        "creditdebit",
        "card_present",
        "interac_present",
        "nonintegratedcard",
    ),
    "cash": ("cash",),
    "wechat": ("wechat", "wechatpay", "wechat_pay"),
    "alipay": ("alipay", "alipay_cn"),
    "voucher": (
        "voucher",
        "giftcard",
        "gift_card",
        "square_gift_card",
        "giftcertificate",
        "coupon",
    ),
}
_BY_VENDOR = {theirs: ours for ours, names in _MEANS.items() for theirs in names}


def means(vendor: str) -> str:
    """How it was paid: cash, card, wechat, alipay, voucher, or the vendor's word.

    >>> means("CreditDebit"), means("WeChat Pay"), means("bogus")
    ('card', 'wechat', 'bogus')
    """
    plain = vendor.lower().replace(" ", "_").strip()
    return _BY_VENDOR.get(plain, _BY_VENDOR.get(plain.replace("_", ""), short(plain or "other")))


def word(at: object, *names: str) -> str:
    """An id of one announcement of a ticket that sorts by when it was said.

    >>> word("2026-03-01T10:00:00Z", "O1") < word("2026-03-01T10:00:01Z", "O1")
    True
    """
    return "/".join(n for n in (text(at), *names) if n)


def ticket(
    message: Message,
    *,
    at: datetime,
    transaction: str,
    state: str,
    currency: str,
    till: Names,
    nature: str = "sale",
    net_minor: int = 0,
    tax_minor: int = 0,
    discount_minor: int = 0,
    lines: Iterable[Line] = (),
    tenders: Iterable[Tender] = (),
    associate: str = "",
    member: str = "",
    channel: str = "store",
    refers_to: str = "",
    source: object = None,
    id: str = "",  # noqa: A002 - the contract's name
) -> Pos:
    """A ``Pos`` whose amounts are negative exactly when it is a return.

    Of words with the same ``at`` the one with the later ``id`` holds, so an ``id`` begins with what grows. A
    void takes back its own ticket: that of a return must not take back the sale the return refers to.
    """
    kept, paid = list(lines), list(tenders)
    if nature == "return":
        _come_back(kept, paid)
        net_minor, tax_minor = -abs(net_minor), -abs(tax_minor)
    return Pos(
        at=at,
        store=message.device.store,
        source=message.source(source),
        id=short(id, 128),
        till=message.till(till),
        transaction=short(transaction, 128),
        state=_STATES[state],
        nature=_NATURES[nature],
        net_minor=net_minor,
        tax_minor=tax_minor,
        discount_minor=discount_minor,
        currency=currency,
        lines=kept,
        tenders=paid,
        associate=short(associate, 128) if associate else None,
        member=short(member, 128) if member else None,
        channel=_CHANNELS.get(channel, "store"),
        refers_to=short(refers_to, 128) if refers_to and state != "voided" else None,
    )


def _come_back(lines: Iterable[Line], tenders: Iterable[Tender]) -> None:
    """Goods come in and money goes out."""
    for line in lines:
        line.units, line.net_minor = -abs(line.units), -abs(line.net_minor)
    for tender in tenders:
        tender.amount_minor = -abs(tender.amount_minor)


_STATES: Mapping[str, Any] = {s: s for s in ("open", "completed", "voided")}
_NATURES: Mapping[str, Any] = {n: n for n in ("sale", "return")}
_CHANNELS: Mapping[str, Any] = {c: c for c in ("store", "pickup", "delivery")}
