"""ARTS POSLog v6 (and 2.x) XML: one or many transactions, several lanes.

Sales, returns, line voids, post-voids, suspended and training tickets; price, quantity, discount, tax,
tender. A ticket is named by unit, lane, business day and sequence number. Where prices include tax the lines
are scaled to the ticket's net amount.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import partial

from sensors.adapters import _money, _xml, salvaged
from sensors.adapters._json import decimal
from sensors.adapters._message import Message
from sensors.adapters._tickets import means, ticket
from sensors.adapters._times import instant
from sensors.adapters._unreadable import UnreadableError
from sensors.adapters._xml import Element, attribute, children, find, value
from sensors.events import Event, Line, Tender
from sensors.reject import Reject

NAME = "poslog"
COUNTS = ("sale",)

_OPEN = {"Suspended", "InProcess", "Totaled", "Ordered", "SuspendedRetrieved"}
_VOID = {"Voided", "PostVoided", "Cancelled", "Canceled", "Failed"}


def guess(payload: bytes, _topic: str) -> float:
    """By the root element."""
    return 0.95 if b"POSLog" in payload[:2048].replace(b"\0", b"") else 0.0


def read(message: Message) -> Iterable[Event | Reject]:
    """Every retail transaction; a broken one is a reject and the others are taken."""
    root = _xml.parse(message.payload)
    name = _xml.local(root)
    if name not in ("POSLog", "Transaction"):
        raise UnreadableError(f"expected POSLog, got {name[:40]}")
    transactions = [root] if name == "Transaction" else list(children(root, "Transaction"))
    return salvaged(
        message,
        (
            partial(_transaction, message, said, f"$.Transaction[{i}]")
            for i, said in enumerate(transactions)
        ),
    )


def _transaction(message: Message, said: Element, place: str) -> Iterator[Event | Reject]:
    retail = find(said, "RetailTransaction")
    post_void = find(said, "PostVoidTransaction")
    if _true(attribute(said, "TrainingModeFlag")) or (retail is None and post_void is None):
        return  # practice, or a till opening, a count of the drawer: no sale
    if retail is None:
        retail = post_void
    assert retail is not None  # noqa: S101 - one of the two is there
    number = _name(said, value(said, "SequenceNumber"), value(said, "WorkstationID"))
    link = find(retail, "TransactionLink")
    refers = (
        ""
        if link is None
        else _name(
            said,
            value(link, "SequenceNumber") or value(link, "TransactionID"),
            value(link, "WorkstationID") or value(said, "WorkstationID"),
            value(link, "BusinessDayDate"),
        )
    )
    void_of = link is not None and attribute(link, "ReasonCode").lower() in (
        "void",
        "postvoid",
        "voided",
    )
    if post_void is not None or void_of:
        number, state = refers or number, "voided"
    else:
        state = _state(said, retail)
    money = _Money(message, retail, place)
    lines, returned, off = money.lines()
    yield ticket(
        message,
        at=_at(message, said, place),
        transaction=number,
        state=state,
        nature="return" if returned else "sale",
        currency=money.currency,
        till=(value(said, "WorkstationID"),),
        net_minor=money.net(lines),
        tax_minor=money.tax,
        discount_minor=off,
        lines=lines,
        tenders=money.tenders(),
        associate=value(said, "OperatorID"),
        member=value(retail, "LoyaltyAccount/CustomerID") or value(retail, "Customer/CustomerID"),
        refers_to=refers if refers != number else "",
        source=value(said, "WorkstationID") or None,
    )


class _Money:
    """The amounts of one retail transaction."""

    def __init__(self, message: Message, retail: Element, place: str) -> None:
        self.place = place
        self.items = [line for line in children(retail, "LineItem") if not _line_void(line)]
        linked = {
            value(v, "ItemLink") or value(v, "LineItemSequenceNumber")
            for i in self.items
            for v in children(i, "Void")
        }
        self.items = [
            i for i in self.items if value(i, "SequenceNumber") not in linked or not linked
        ]
        self.totals = {attribute(t, "TotalType"): t for t in children(retail, "Total")}
        self.currency = self._currency(message, retail)
        self.tax = self._total("TransactionTaxAmount") or 0
        if not self.tax:
            self.tax = sum(
                self._signed(i, "Tax/Amount") for i in self.items if find(i, "Tax") is not None
            )

    def lines(self) -> tuple[list[Line], bool, int]:
        """Lines, whether everything on them came back, and what was taken off."""
        lines: list[Line] = []
        for item in self.items:
            for kind in ("Sale", "Return", "CustomerOrderForPickup", "CustomerOrderForDelivery"):
                lines.extend(self._line(said, kind) for said in children(item, kind))
        net = self._total("TransactionNetAmount")
        gross = sum(line.net_minor for line in lines)
        if net is not None and self.tax and gross == net + self.tax:
            for line, share in zip(
                lines, _money.prorated([x.net_minor for x in lines], net), strict=True
            ):
                line.net_minor = share
        returned = bool(lines) and all(line.units < 0 for line in lines)
        return lines, returned, sum(line.discount_minor for line in lines)

    def net(self, lines: list[Line]) -> int:
        """Goods less discounts, without tax."""
        said = self._total("TransactionNetAmount")
        return sum(line.net_minor for line in lines) if said is None else said

    def tenders(self) -> list[Tender]:
        """What was paid, less change given."""
        return [
            Tender(
                means=means(attribute(t, "TenderType") or value(t, "TenderID") or "other"),
                amount_minor=_money.minor(value(t, "Amount", "0"), self.currency, self.place)
                * (-1 if attribute(t, "TypeCode") in ("Refund", "Change") else 1),
            )
            for item in self.items
            for t in children(item, "Tender")
        ]

    def _line(self, said: Element, kind: str) -> Line:
        units = decimal(value(said, "Quantity", "1"), self.place)
        back = kind == "Return" or units < 0
        amount = value(said, "ExtendedAmount") or str(
            decimal(value(said, "ActualSalesUnitPrice", "0"), self.place) * abs(units)
        )
        whole = (
            int(abs(units).quantize(Decimal(1), rounding=ROUND_HALF_UP)) or 1
        )  # 0.482 kg is one article
        sign = -1 if back else 1
        return Line(
            sku=(
                value(said, "ItemID") or value(said, "POSIdentity/POSItemID") or value(said, "SKU")
            )[:128],
            units=sign * whole,
            net_minor=sign * abs(_money.minor(amount, self.currency, self.place)),
            discount_minor=abs(
                _money.maybe_minor(value(said, "ExtendedDiscountAmount"), self.currency, self.place)
            ),
        )

    def _signed(self, item: Element, path: str) -> int:
        amount = abs(_money.maybe_minor(value(item, path), self.currency, self.place))
        return -amount if find(item, "Return") is not None else amount

    def _total(self, kind: str) -> int | None:
        total = self.totals.get(kind)
        if total is None or not (total.text or "").strip():
            return None
        return _money.minor(total.text, self.currency, self.place)

    def _currency(self, message: Message, retail: Element) -> str:
        said = [attribute(t, "CurrencyCode") for t in self.totals.values()]
        said += [
            attribute(e, "Currency")
            for e in retail.iter()
            if attribute(e, "Currency") not in ("", "XXX")
        ][:1]
        return _money.code(next((s for s in said if s), None), message.currency, self.place)


def _at(message: Message, said: Element, place: str) -> datetime:
    stamp = (
        value(said, "EndDateTime") or value(said, "POSLogDateTime") or value(said, "BeginDateTime")
    )
    return instant(stamp or None, message.tz, message.received_at, f"{place}.EndDateTime")


def _name(said: Element, sequence: str, lane: str, day: str = "") -> str:
    unit = value(said, "BusinessUnit/UnitID") or value(said, "RetailStoreID")
    return "/".join(p for p in (unit, lane, day or value(said, "BusinessDayDate"), sequence) if p)


def _state(said: Element, retail: Element) -> str:
    status = attribute(retail, "TransactionStatus") or attribute(said, "TransactionStatus")
    if (
        status in _VOID
        or _true(attribute(said, "CancelFlag"))
        or _true(attribute(said, "VoidFlag"))
    ):
        return "voided"
    return "open" if status in _OPEN else "completed"


def _line_void(line: Element) -> bool:
    return _true(attribute(line, "VoidFlag")) or _true(attribute(line, "CancelFlag"))


def _true(flag: str) -> bool:
    return flag.lower() in ("true", "1")
