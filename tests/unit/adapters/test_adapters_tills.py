"""Tills: once per sale, returns apart, money exact; forms their vendors document beside the samples."""

from typing import Any

from msgspec import structs

from sensors.events import Line, Tender
from tests.unit.adapters.reading import events, only, reason, utc


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
