"""Tills: once per sale, returns apart, money exact; forms their vendors document beside the samples."""

from typing import Any

import pytest
from msgspec import structs

from sensors.adapters._money import exponent, minor, prorated
from sensors.adapters._unreadable import UnreadableError
from sensors.events import Line, Pos, Tender
from sensors.reject import Reject
from tests.unit.adapters.reading import events, only, outcomes, reason, shop, utc

POSLOG = """<POSLog xmlns="http://www.nrf-arts.org/IXRetail/namespace/">{}</POSLog>"""


def lane(number: int, body: str, ws: int = 1, flags: str = "", status: str = "") -> str:
    """One POSLog transaction of a lane."""
    state = f' TransactionStatus="{status}"' if status else ""
    return (
        f"<Transaction{flags}><BusinessUnit><UnitID>9</UnitID></BusinessUnit><WorkstationID>{ws}</WorkstationID>"
        f"<SequenceNumber>{number}</SequenceNumber><BusinessDayDate>2026-03-01</BusinessDayDate>"
        f"<EndDateTime>2026-03-01T10:00:00Z</EndDateTime>"
        f"<RetailTransaction{state}>{body}</RetailTransaction></Transaction>"
    )


def item(
    sku: str, amount: str, units: str = "1", kind: str = "Sale", flag: str = "", off: str = "0"
) -> str:
    """One POSLog line."""
    return (
        f'<LineItem{flag}><{kind}><ItemID>{sku}</ItemID><ExtendedAmount Currency="EUR">{amount}</ExtendedAmount>'
        f"<ExtendedDiscountAmount>{off}</ExtendedDiscountAmount><Quantity>{units}</Quantity></{kind}></LineItem>"
    )


def test_poslog_many_lanes_in_one_log() -> None:
    """Several transactions and lanes of one log are as many tickets, a broken one beside them a reject."""
    log = POSLOG.format(
        lane(1, item("A", "10.00"))
        + lane(2, item("B", "5", units="x"), ws=2)
        + lane(3, item("C", "1.50", "3"), ws=2)
    )
    first, third, refused = outcomes("poslog", log)
    assert isinstance(first, Pos)
    assert isinstance(third, Pos)
    assert isinstance(refused, Reject)
    assert (first.till, first.transaction, first.net_minor) == ("1", "9/1/2026-03-01/1", 1000)
    assert (third.till, third.lines) == ("2", [Line(sku="C", units=3, net_minor=150)])
    assert refused.place == "$.Transaction[1]"


def test_poslog_line_void_discount_and_exchange() -> None:
    """A voided line is not sold, a discount is told, a sale with something returned stays a sale."""
    log = POSLOG.format(
        lane(
            1,
            item("A", "9.00", off="1.00")
            + item("B", "5.00", flag=' VoidFlag="true"')
            + item("C", "2.00", kind="Return"),
        )
    )
    said = only("poslog", log)
    assert [(x.sku, x.units, x.net_minor) for x in said.lines] == [("A", 1, 900), ("C", -1, -200)]
    assert (said.nature, said.net_minor, said.discount_minor) == ("sale", 700, 100)


def test_poslog_return_element() -> None:
    """A Return element with positive numbers is a return with negative ones."""
    said = only("poslog", POSLOG.format(lane(1, item("A", "9.00", "2", kind="Return"))))
    assert (said.nature, said.net_minor, said.lines) == (
        "return",
        -900,
        [Line(sku="A", units=-2, net_minor=-900)],
    )


def test_poslog_post_void_takes_the_sale_back() -> None:
    """A post-void is the voided sale's own ticket, so that the sale is counted no more."""
    sale = only("poslog", POSLOG.format(lane(1, item("A", "9.00"))))
    void = only(
        "poslog",
        POSLOG.format(
            lane(
                2,
                '<TransactionLink ReasonCode="PostVoid"><SequenceNumber>1</SequenceNumber></TransactionLink>'
                + item("A", "9.00"),
            )
        ),
    )
    assert (void.transaction, void.state) == (sale.transaction, "voided")


@pytest.mark.parametrize(
    ("status", "state"), [("Suspended", "open"), ("Voided", "voided"), ("Finished", "completed")]
)
def test_poslog_states(status: str, state: str) -> None:
    """A suspended ticket is open, a voided one voided."""
    assert only("poslog", POSLOG.format(lane(1, item("A", "9"), status=status))).state == state


def test_poslog_practice_is_no_sale() -> None:
    """Training tickets and till openings are nothing to say."""
    assert (
        events("poslog", POSLOG.format(lane(1, item("A", "9"), flags=' TrainingModeFlag="true"')))
        == []
    )
    assert events("poslog", POSLOG.format("<Transaction><ControlTransaction/></Transaction>")) == []


def square(
    status: str, payment: str = "P1", amount: int = 500, event: str = "E1"
) -> dict[str, Any]:
    """A Square payment notice."""
    return {
        "merchant_id": "M",
        "type": "payment.updated",
        "event_id": event,
        "data": {
            "object": {
                "payment": {
                    "id": payment,
                    "order_id": "O1",
                    "created_at": "2026-03-01T10:00:00Z",
                    "amount_money": {"amount": amount, "currency": "USD"},
                    "status": status,
                    "source_type": "CASH",
                    "location_id": "L",
                }
            }
        },
    }


def test_square_split_bill_is_one_sale() -> None:
    """Two payments of one order are one transaction with both tenders, however often each is announced."""
    memory: dict[str, Any] = {}
    events("square", square("COMPLETED"), memory=memory)
    both = only("square", square("COMPLETED", "P2", 700), memory=memory)
    assert (both.transaction, both.net_minor) == ("O1", 1200)
    assert both.tenders == [
        Tender(means="cash", amount_minor=500),
        Tender(means="cash", amount_minor=700),
    ]
    assert only("square", square("COMPLETED", "P2", 700), memory=memory).net_minor == 1200


def test_square_voids_refunds_and_orders() -> None:
    """A cancelled payment is void; a refund is a return of its order; a short order notice carries no sale."""
    assert only("square", square("CANCELED")).state == "voided"
    refund = {
        "merchant_id": "M",
        "type": "refund.updated",
        "event_id": "R",
        "data": {
            "object": {
                "refund": {
                    "id": "RF",
                    "status": "COMPLETED",
                    "order_id": "O1",
                    "created_at": "2026-03-01T11:00:00Z",
                    "amount_money": {"amount": 200, "currency": "JPY"},
                }
            }
        },
    }
    back = only("square", refund)
    assert (back.nature, back.state, back.net_minor, back.refers_to) == (
        "return",
        "completed",
        -200,
        "O1",
    )
    refund["data"]["object"]["refund"]["status"] = "FAILED"  # type: ignore[index]
    failed = only("square", refund)
    assert (failed.state, failed.transaction, failed.refers_to) == ("voided", "RF", None)
    short: dict[str, Any] = {
        "merchant_id": "M",
        "type": "order.updated",
        "event_id": "X",
        "data": {
            "object": {
                "order_updated": {
                    "order_id": "O1",
                    "state": "COMPLETED",
                    "created_at": "2026-03-01T10:00:00Z",
                }
            }
        },
    }
    assert events("square", short) == []
    short["data"]["object"]["order_updated"]["state"] = "OPEN"
    assert only("square", short).state == "open"
    assert "unknown" in reason("square", square("LOST"))


def shopify(**changes: Any) -> dict[str, Any]:
    """A Shopify order as its webhook sends it."""
    return {
        "id": 5,
        "created_at": "2026-03-01T10:00:00+01:00",
        "currency": "EUR",
        "financial_status": "paid",
        "subtotal_price": "119.00",
        "total_price": "119.00",
        "total_tax": "19.00",
        "taxes_included": True,
        "source_name": "pos",
        "line_items": [{"sku": "A", "quantity": 2, "price": "59.50"}],
        **changes,
    }


def test_shopify_paid_once_however_often_updated() -> None:
    """Every notice of a paid order is the same sale, the later word the later id; tax is taken out exactly."""
    paid = only("shopify", shopify(updated_at="2026-03-01T10:30:00+01:00"))
    later = only("shopify", shopify(updated_at="2026-03-01T10:00:00-08:00"))
    assert later.id > paid.id
    assert structs.replace(later, id=paid.id) == paid
    assert (paid.state, paid.net_minor, paid.tax_minor, paid.channel) == (
        "completed",
        10000,
        1900,
        "store",
    )
    assert paid.lines == [Line(sku="A", units=2, net_minor=10000)]
    cancelled = only("shopify", shopify(cancelled_at="2026-03-01T12:00:00+01:00"))
    assert (cancelled.state, cancelled.transaction) == ("voided", paid.transaction)
    assert "test order" in reason("shopify", shopify(test=True))


def test_clover() -> None:
    """A notice only opens a ticket; the order completes it, in minor units, with its refund a return."""
    notice = {
        "appId": "A",
        "merchants": {"M1": [{"objectId": "O:XYZ", "type": "UPDATE", "ts": 1772359200000}]},
    }
    opened = only("clover", notice)
    assert (opened.transaction, opened.state, opened.at) == ("XYZ", "open", utc(2026, 3, 1, 10))
    order = {
        "id": "XYZ",
        "currency": "USD",
        "total": 1080,
        "paymentState": "PAID",
        "clientCreatedTime": 1772359200000,
        "lineItems": {
            "elements": [
                {"itemCode": "SKU1", "price": 1000},
                {"itemCode": "SKU2", "price": 5, "refunded": True},
            ]
        },
        "payments": {
            "elements": [
                {
                    "amount": 1080,
                    "taxAmount": 80,
                    "result": "SUCCESS",
                    "tender": {"label": "Credit"},
                }
            ]
        },
        "refunds": {
            "elements": [{"id": "R", "amount": 540, "taxAmount": 40, "createdTime": 1772362800000}]
        },
    }
    sale, back = events("clover", order)
    assert (sale.state, sale.net_minor, sale.tax_minor) == ("completed", 1000, 80)
    assert sale.lines == [Line(sku="SKU1", units=1, net_minor=1000)]
    order["lineItems"] = {"elements": [{"itemCode": "TEA", "price": 2000, "unitQty": 482}]}
    assert events("clover", order)[0].lines == [Line(sku="TEA", units=1, net_minor=964)]
    assert (back.nature, back.net_minor, back.tax_minor, back.refers_to) == (
        "return",
        -500,
        -40,
        "XYZ",
    )


def test_loyverse() -> None:
    """A receipt's decimals are exact in the shop's currency; a refund names its sale; a cancelled one is void."""
    receipt: dict[str, Any] = {
        "receipt_number": "2-1004",
        "receipt_type": "SALE",
        "receipt_date": "2026-03-01T10:00:00.000Z",
        "total_money": 11.9,
        "total_tax": 1.9,
        "total_discount": 0.5,
        "pos_device_id": "dev",
        "line_items": [
            {
                "sku": "A",
                "quantity": 1.0,
                "total_money": 11.9,
                "line_taxes": [{"money_amount": 1.9}],
                "total_discount": 0.5,
            }
        ],
        "payments": [{"type": "CASH", "money_amount": 11.9}],
    }
    hook = {
        "type": "receipts.update",
        "receipts": [
            receipt,
            {
                **receipt,
                "receipt_type": "REFUND",
                "receipt_number": "2-1005",
                "refund_for": "2-1004",
            },
        ],
    }
    sale, back = events("loyverse", hook)
    assert (sale.net_minor, sale.tax_minor, sale.discount_minor, sale.currency) == (
        1000,
        190,
        50,
        "EUR",
    )
    assert sale.tenders == [Tender(means="cash", amount_minor=1190)]
    assert (back.nature, back.net_minor, back.refers_to) == ("return", -1000, "2-1004")
    void = only("loyverse", {"receipts": [{**receipt, "cancelled_at": "2026-03-01T11:00:00Z"}]})
    assert (void.state, void.transaction) == ("voided", "2-1004")
    level = only(
        "loyverse",
        {
            "inventory_levels": [
                {"variant_id": "v", "in_stock": 7, "updated_at": "2026-03-01T10:00:00Z"}
            ]
        },
        options={"skus": {"v": "A"}},
    )
    assert (level.sku, level.on_hand) == ("A", 7)


def stripe(kind: str, **changes: Any) -> dict[str, Any]:
    """A Stripe event about a card-present charge."""
    charge = {
        "id": "ch_1",
        "object": "charge",
        "amount": 1099,
        "amount_captured": 1099,
        "captured": True,
        "created": 1772359200,
        "currency": "usd",
        "payment_intent": "pi_1",
        "payment_method_details": {"type": "card_present"},
        "amount_refunded": 0,
        **changes,
    }
    return {
        "id": f"evt_{kind}",
        "api_version": "x",
        "livemode": True,
        "created": 1772362800,
        "type": kind,
        "data": {"object": charge},
    }


def test_stripe() -> None:
    """Authorised is open, captured completed, expired void; each partial refund is its own return."""
    held = only("stripe", stripe("charge.succeeded", captured=False, amount_captured=0))
    taken = only("stripe", stripe("charge.captured"))
    assert (held.state, taken.state) == ("open", "completed")
    assert held.transaction == taken.transaction == "pi_1"
    assert taken.tenders == [Tender(means="card", amount_minor=1099)]
    assert only("stripe", stripe("charge.expired")).state == "voided"
    body = stripe("charge.refunded", amount_refunded=500)
    body["data"]["previous_attributes"] = {"amount_refunded": 200}
    back = only("stripe", body)
    assert (back.nature, back.net_minor, back.refers_to) == ("return", -300, "pi_1")
    assert "test charge" in reason("stripe", {**stripe("charge.captured"), "livemode": False})


def test_odoo() -> None:
    """Odoo's zoneless times are UTC; lines come as objects or commands; negative is a return."""
    order: dict[str, Any] = {
        "name": "Shop/0001",
        "pos_reference": "Order 00001-001-0001",
        "state": "paid",
        "date_order": "2026-03-01 10:00:00",
        "amount_total": 11.9,
        "amount_tax": 1.9,
        "config_id": [3, "Till 3"],
        "lines": [
            [
                0,
                0,
                {
                    "product_id": [7, "Mug"],
                    "default_code": "H-MUG",
                    "qty": 2,
                    "price_subtotal": 10.0,
                },
            ],
            5,
        ],
        "payment_ids": [{"payment_method_id": [1, "Cash"], "amount": 11.9}],
    }
    sale = only("odoo", order)
    assert (sale.at, sale.till, sale.net_minor, sale.tax_minor) == (
        utc(2026, 3, 1, 10),
        "till-3",
        1000,
        190,
    )
    assert sale.lines == [Line(sku="H-MUG", units=2, net_minor=1000)]
    assert sale.tenders == [Tender(means="cash", amount_minor=1190)]
    assert only("odoo", {**order, "amount_total": -11.9, "amount_tax": -1.9}).net_minor == -1000
    assert only("odoo", {**order, "state": "draft"}).state == "open"


@pytest.mark.parametrize(
    ("amount", "currency", "units"),
    [
        ("26.990", "EUR", 2699),
        ("1200", "JPY", 1200),
        ("1.234", "KWD", 1234),
        (4.35, "USD", 435),
        ("-0.005", "USD", -1),
    ],
)
def test_money_is_exact(amount: object, currency: str, units: int) -> None:
    """Decimals become minor units by the currency's own exponent, never through binary fractions."""
    assert minor(amount, currency) == units


@pytest.mark.parametrize("amount", ["1e999", "NaN", "Infinity", "9" * 60, True, None, "١٢"])
def test_money_refuses_nonsense(amount: object) -> None:
    """What is no finite sensible decimal number is refused."""
    with pytest.raises(UnreadableError):
        minor(amount, "EUR")


def test_prorating_keeps_the_sum() -> None:
    """Shares of a total add up to it exactly, returns included."""
    for amounts, total in (([1, 1, 1], 100), ([-299], -251), ([500, -200, 7], 199)):
        assert sum(prorated(amounts, total)) == total
    assert exponent("XXX") == 2


def test_generic_json_csv_xml() -> None:
    """An unknown device needs configuration, not code: three formats, mapped, in the shop's clock and money."""
    options: dict[str, Any] = {
        "format": "json",
        "kind": "footfall",
        "each": "readings[]",
        "fields": {"at": "ts", "entered": "people.in", "left": "people.out", "door": "gate"},
        "values": {"counting": "interval", "interval_s": 60},
    }
    body = {
        "readings": [
            {"ts": "20260301110000", "people": {"in": "3", "out": 1}, "gate": "N"},
            {"ts": 1, "gate": "N"},
        ]
    }
    good, refused = outcomes("generic", body, doors={"N": "main"}, door="", options=options)
    assert (good.door, good.entered, good.left, good.at) == ("main", 3, 1, utc(2026, 3, 1, 10))  # type: ignore[union-attr]
    assert isinstance(refused, Reject)
    assert refused.place.startswith("$[1]")

    options = {
        "format": "csv",
        "kind": "pos",
        "delimiter": ";",
        "fields": {"at": "time", "transaction": "nr", "net_minor": "net", "till": "lane"},
    }
    sale = only(
        "generic",
        "time;nr;net;lane\n2026-03-01T10:00:00Z;77;12.50;4\n",
        options=options,
        tills={"4": "1"},
    )
    assert (sale.transaction, sale.net_minor, sale.till, sale.currency) == ("77", 1250, "1", "EUR")

    options = {
        "format": "xml",
        "kind": "presence",
        "each": "//c:zone",
        "namespaces": {"c": "urn:c"},
        "fields": {"people": "c:n", "zone": "@id"},
    }
    xml = '<r xmlns="urn:c"><zone id="a"><n>2</n></zone><zone id="b"><n>5</n></zone></r>'
    said = events("generic", xml, options=options, zones={"a": "promo", "b": ""})
    assert [(e.zone, e.people) for e in said] == [("promo", 2)]


def test_generic_says_what_is_wrong_with_its_configuration() -> None:
    """A wrong option, kind or path is a reject that names it."""
    assert "unknown field" in reason(
        "generic", b"{}", options={"kind": "pos", "fields": {}, "colour": 1}
    )
    assert "expected one of" in reason("generic", b"{}", options={"kind": "weather", "fields": {}})
    assert "JMESPath" in reason("generic", b"{}", options={"kind": "pos", "fields": {"at": "]["}})


def test_the_shops_currency_is_meant_where_none_is_said() -> None:
    """An amount without a currency is in the shop's; three-decimal dinars keep their fils."""
    receipt = {
        "receipt_number": "1",
        "receipt_type": "SALE",
        "receipt_date": "2026-03-01T10:00:00Z",
        "total_money": 1.25,
    }
    said = only("loyverse", receipt, store=shop(currency="KWD"))
    assert (said.net_minor, said.currency) == (1250, "KWD")
