"""Money, and tills and counters through the generic adapter."""

from typing import Any

import pytest

from sensors.adapters._money import exponent, minor, prorated
from sensors.adapters._unreadable import UnreadableError
from sensors.reject import Reject
from tests.unit.adapters.reading import events, only, outcomes, reason, shop, utc


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
