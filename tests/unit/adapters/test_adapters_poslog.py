"""POSLog: transactions of many lanes, voids, returns and states."""

import pytest

from sensors.events import Line, Pos
from sensors.reject import Reject
from tests.unit.adapters.reading import events, only, outcomes

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
