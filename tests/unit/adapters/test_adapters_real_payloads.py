"""What real devices and tills sent, field by field; skipped where the samples are absent."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from sensors.adapters import guessed
from sensors.events import Dwell, Footfall, Line, Pos, Presence, Queue, Status, Stock, Tender
from tests.unit.adapters.reading import NOW, events, only, utc

pytestmark = pytest.mark.data


def ms(epoch: int) -> datetime:
    """Milliseconds since 1970."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=epoch)


def test_every_sample_is_told_apart_by_its_bytes_alone(real_data: Path) -> None:
    """Auto-detection names the adapter its folder is called after for every file, without a topic's help."""
    files = sorted((real_data / "payloads").glob("*/*"))
    assert len(files) >= 22
    wrong = {f.name: g for f in files if (g := guessed(f.read_bytes(), "t")) != f.parent.name}
    assert wrong == {}


def test_every_sample_decodes_without_a_reject(real_data: Path) -> None:
    """No real message is refused by its own adapter."""
    for file in sorted((real_data / "payloads").glob("*/*")):
        events(file.parent.name, file.read_bytes(), zone="z")


def sample(real_data: Path, name: str) -> bytes:
    """One file of the samples."""
    return (real_data / "payloads" / name).read_bytes()


def test_axis_status(real_data: Path) -> None:
    """A camera's birth, last will and heartbeat are online, offline and alive at receipt, by its serial."""
    assert only("axis", sample(real_data, "axis/00_Connected_payload.json")) == Status(
        at=NOW, store="shop", source="B8A44F7ADD87", state="online", detail="P3245-V"
    )
    assert only("axis", sample(real_data, "axis/01_Disconnected_payload_LWT.json")) == Status(
        at=NOW, store="shop", source="B8A44F7ADD87", state="offline"
    )
    alive = only("axis", sample(real_data, "axis/02_status_serial.json"))
    assert (alive.state, alive.detail) == ("alive", "CPU 42 %, up 72 h")


def test_axis_counts(real_data: Path) -> None:
    """Occupancy is people not cars; totals sent as text are running totals; local digits are the shop's time."""
    assert only(
        "axis", sample(real_data, "axis/06_occupancy_serial.json"), zone="entrance"
    ) == Presence(
        at=ms(1772276400318), store="shop", source="B8A44F7ADD87", zone="entrance", people=3
    )
    crossed = only("axis", sample(real_data, "axis/aoa_crossline_counting.json"))
    assert crossed == Footfall(
        at=ms(1670518346712),
        store="shop",
        source="0123456789AB/Device1Scenario1",
        door="main",
        entered=0,  # 18,103 cars and 2,857 lorries are no visitors
        counting="total",
    )
    assert only("axis", sample(real_data, "axis/people_counter_live_sum.json")) == Footfall(
        at=utc(2017, 5, 3, 9, 27, 56),  # 11:27:56 in Berlin's summer
        store="shop",
        source="00408CAC512B",
        door="main",
        entered=12,
        left=318,
        counting="total",
    )


def test_frigate(real_data: Path) -> None:
    """An object's update opens a visit but ends none; a review under way counts nobody."""
    memory: dict[str, Any] = {}
    update = sample(real_data, "frigate/00_frigate_events.json")
    assert events("frigate", update, memory=memory, topic="frigate/events") == []
    over = update.replace(b'"type": "update"', b'"type": "end"').replace(
        b'"end_time": null', b'"end_time": 1607123992.082975'
    )
    assert events("frigate", over, memory=memory, zones={"yard": "promo", "driveway": ""}) == [
        Dwell(
            at=utc(2020, 12, 4, 23, 19, 52, 82975),
            store="shop",
            source="front_door",
            zone="promo",
            dwell_s=30.0,
            track="1607123955.475377-mxklsc",
        )
    ]
    assert events("frigate", sample(real_data, "frigate/06_frigate_reviews.json")) == []


def test_frigate_zone_as_a_door(real_data: Path) -> None:
    """A zone that is mapped to a door counts the person entering it, once."""
    memory: dict[str, Any] = {}
    update = sample(real_data, "frigate/00_frigate_events.json")
    came = only("frigate", update, memory=memory, door="", doors={"yard": "main"})
    assert came == Footfall(
        at=utc(2020, 12, 4, 23, 19, 22, 82975),
        store="shop",
        source="front_door",
        id="1607123955.475377-mxklsc-yard",
        door="main",
        entered=1,
    )
    assert events("frigate", update, memory=memory, door="", doors={"yard": "main"}) == []


def test_hikvision(real_data: Path) -> None:
    """Real-time counts are running totals at the camera's own offset; children are told apart."""
    assert only(
        "hikvision", sample(real_data, "hikvision/realtime_2020-07-09_psia.xml")
    ) == Footfall(
        at=utc(2020, 7, 9, 4, 7, 7),
        store="shop",
        source="84:9a:40:ec:f1:6d",
        door="main",
        entered=70,
        left=75,
        children=0,
        counting="total",
    )


def test_milesight(real_data: Path) -> None:
    """A push's lines to one door are one interval in UTC; region levels and dwell in seconds stand beside it."""
    footfall, level, dwell, status = events(
        "milesight", sample(real_data, "milesight/vs125_periodic.json"), zone="promo"
    )
    at = utc(2024, 5, 30, 12, 21, 49)
    source = "6384E16179950009"
    assert footfall == Footfall(
        at=at,
        store="shop",
        source=source,
        door="main",
        groups=0,
        counting="interval",
        interval_s=60.0,
    )
    assert level == Presence(at=at, store="shop", source=source, zone="promo", people=2)
    assert dwell == Dwell(at=at, store="shop", source=source, zone="promo", dwell_s=308.367)
    assert status.firmware == "V_125.1.0.1-chenjs-20240530a"


def test_milesight_regions(real_data: Path) -> None:
    """Of sixteen regions those that are mapped are levels; an empty unmapped one is nothing to say."""
    body = sample(real_data, "milesight/vs121.json")
    zones = {"2": "promo", "8": "tills", "9": "home", "1": "shoes"}
    said = {e.zone: e.people for e in events("milesight", body, zones=zones)}
    assert said == {"promo": 1, "tills": 3, "home": 1, "shoes": 0}


def test_poslog_sale(real_data: Path) -> None:
    """A POSLog sale: net, tax and tender to the cent, its instant in UTC, its lane, its ticket."""
    assert only("poslog", sample(real_data, "poslog/sale_with_customer.xml")) == Pos(
        at=utc(2024, 7, 31, 9, 46, 13, 327000),
        store="shop",
        source="10001",
        till="10001",
        transaction="100/10001/2024-07-31/2",
        state="completed",
        nature="sale",
        net_minor=2268,
        tax_minor=431,
        currency="EUR",
        lines=[Line(sku="8718824914497", units=1, net_minor=2268)],
        tenders=[Tender(means="cash", amount_minor=2699)],
        associate="0",
        member="22000129",
    )


def test_poslog_return(real_data: Path) -> None:
    """A POSLog return is negative throughout and never a sale, though its line's amount is positive."""
    assert only("poslog", sample(real_data, "poslog/retoure.xml")) == Pos(
        at=utc(2024, 9, 26, 15, 6, 56, 741000),
        store="shop",
        source="30001",
        till="30001",
        transaction="300/30001/2024-09-26/1888",
        nature="return",
        net_minor=-251,
        tax_minor=-48,
        currency="EUR",
        lines=[Line(sku="4025929673704", units=-1, net_minor=-251)],
        tenders=[Tender(means="cash", amount_minor=-299)],
        associate="0",
        member="22000129",
    )


def test_shopify(real_data: Path) -> None:
    """An authorised order is open in cents; a refund is a return of it; a level is stock on hand."""
    order = only("shopify", sample(real_data, "shopify/order.json"))
    assert (order.at, order.transaction, order.state) == (utc(2008, 1, 10, 16), "450789469", "open")
    assert (order.net_minor, order.tax_minor, order.currency) == (39800, 1194, "USD")
    assert [(x.sku, x.units, x.net_minor) for x in order.lines] == [
        ("IPOD2008GREEN", 1, 19900),
        ("IPOD2008RED", 1, 19900),
        ("IPOD2008BLACK", 1, 19900),
    ]
    assert (order.till, order.channel, order.member, order.tenders) == (
        "web",
        "delivery",
        "207119551",
        [],
    )

    refund = only("shopify", sample(real_data, "shopify/refund.json"))
    assert (refund.at, refund.nature, refund.state) == (
        utc(2016, 6, 20, 17, 35, 6),
        "return",
        "completed",
    )
    assert (refund.transaction, refund.refers_to) == ("refund-509562969", "450789469")
    assert (refund.net_minor, refund.tax_minor) == (-39800, -796)
    assert refund.tenders == [Tender(means="bogus", amount_minor=-20900)]
    assert [(x.sku, x.units) for x in refund.lines] == [
        ("IPOD2008BLACK", -1),
        ("IPOD2008GREEN", -1),
    ]

    level = only("shopify", sample(real_data, "shopify/inventory_level.json"))
    assert level == Stock(
        at=utc(2018, 5, 7, 19, 51, 26), store="shop", source="shopify", sku="808950810", on_hand=6
    )


def test_square(real_data: Path) -> None:
    """One payment announced APPROVED and COMPLETED is one transaction, open and then completed."""
    approved = only("square", sample(real_data, "square/payment.created.json"), till="1")
    completed = only("square", sample(real_data, "square/payment.updated.json"), till="1")
    assert approved.transaction == completed.transaction == "03O3USaPaAaFnI6kkwB1JxGgBsUZY"
    assert (approved.state, completed.state) == ("open", "completed")
    assert approved.at == utc(2020, 11, 22, 21, 16, 51, 86000)
    assert completed.at == utc(2020, 11, 22, 21, 19, 0, 832000)
    assert completed.tenders == [Tender(means="card", amount_minor=100)]
    assert (completed.net_minor, completed.currency, completed.till) == (100, "USD", "1")
    assert approved.id != completed.id


def test_xovis_crossings(real_data: Path) -> None:
    """A line crossed backward is one person out at its millisecond, or in where the sensor hangs the other way."""
    body = sample(real_data, "xovis/line_event.json")
    out = only("xovis", body)
    assert out == Footfall(
        at=ms(1645780665470), store="shop", source="t", id="1005-150-4137403-0", door="main", left=1
    )
    inverted = only("xovis", body, invert=True)
    assert (inverted.entered, inverted.left) == (1, 0)


def test_xovis_live(real_data: Path) -> None:
    """Four people and their groups: two in, two out, two groups in, none counted twice."""
    said = events("xovis", sample(real_data, "xovis/live_data.json"))
    assert [(e.entered, e.left, e.groups) for e in said] == [
        (0, 1, None),
        (0, 1, None),
        (1, 0, None),
        (0, 0, 1),
        (1, 0, None),
        (0, 0, 1),
    ]
    assert said[0].at == ms(1645797259355)
    assert said[-1].at == ms(1645797295755)
    assert len({e.id for e in said}) == 6


def test_xovis_count_and_queue(real_data: Path) -> None:
    """A logic's increment is one person, not its running value; a queue statistic is length, wait and served."""
    up = only("xovis", sample(real_data, "xovis/count.json"))
    assert (up.entered, up.left, up.counting) == (1, 0, "delta")
    assert (up.at, up.source) == (ms(1673875622987), "80:1F:12:D5:30:DC")
    assert only("xovis", sample(real_data, "xovis/queue_statistic.json"), till="3") == Queue(
        at=ms(1720000560000),
        store="shop",
        source="00:6E:02:00:6D:BC",
        till="3",
        length=0,
        wait_s=124.426003,
        served=8,
    )
