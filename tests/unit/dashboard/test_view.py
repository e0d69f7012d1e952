"""Snapshot → parts: values, windows, bands, signed differences, statuses and the drawn states."""

from datetime import UTC, date, datetime, timedelta
from typing import Any, cast

import msgspec
import pytest

from dashboard.expected import expected_by_close, expected_so_far
from dashboard.opening import business_day, next_opening, opening
from dashboard.parts import Parts
from dashboard.shop import Shop
from dashboard.snapshot import Arrived, Snapshot
from dashboard.view import changed, view
from flows.facts import Evidence, Fact
from tests.floor_facts import Floor, clock_time, demo_shops

SHOP = demo_shops()["riverside"]


def at(hour: int, minute: int = 0) -> Floor:
    """The shop at a time of day; nothing is written anywhere."""
    return Floor(cast("Any", None), SHOP, clock_time(hour, minute, SHOP))


def seen(floor: Floor, *facts: Fact, incidents: Any = (), heard: bool = True) -> Parts:
    """The view of these facts."""
    series: dict[str, list[Fact]] = {"visitors": [], "visitors_forecast": []}
    latest = {}
    for fact in facts:
        if fact.window == "quarter":
            series[fact.metric].append(fact)
        else:
            latest[fact.metric, fact.subject, fact.window] = fact
    snapshot = Snapshot(
        SHOP.store.id, floor.at, floor.at if heard else None,
        latest=latest, series=series, incidents=list(incidents),
    )  # fmt: skip
    return view(snapshot, SHOP)


def test_tiles_carry_value_window_and_band() -> None:
    """Every configured tile has its value, its window and a marker on its bar."""
    floor = at(16, 22)
    parts = seen(floor, *floor.afternoon())
    tiles = [parts[f"tile:{name}"] for name in SHOP.settings.tiles]
    assert [t["v"] for t in tiles] == [144, 523, 0.235, 18_900, 4_430, 7]
    assert [t["tag"] for t in tiles] == [
        "window.now", "window.day", "window.60m", "window.60m", "window.60m", "window.now",
    ]  # fmt: skip
    assert all(0 <= t["lo"] <= t["hi"] <= 1 and 0 <= t["m"] <= 1 for t in tiles)


@pytest.mark.parametrize(
    ("value", "difference", "status"), [(0.235, -2.5, "watch"), (0.27, 1.0, "ok")]
)
def test_conversion_differs_in_points(value: float, difference: float, status: str) -> None:
    """A rate's difference is in points of its benchmark, and below the band it is watched."""
    floor = at(16)
    part = seen(floor, floor.fact("conversion", "60m", value, "ratio"))["tile:conversion"]
    assert (part["d"], part["du"], part["s"]) == (difference, "pt", status)


def test_money_differs_in_percent() -> None:
    """An average basket's difference is relative."""
    floor = at(16)
    part = seen(floor, floor.fact("atv", "60m", 20_680, "minor"))["tile:atv"]
    assert (part["d"], part["du"], part["s"]) == (10.0, "pct", "ok")


def test_short_evidence_is_not_judged() -> None:
    """While a rate needs more visitors it says how many, and has neither status nor difference."""
    floor = at(16)
    fact = floor.fact("conversion", "60m", 0.05, "ratio", evidence=Evidence(n=20, k=1, needs=40))
    part = seen(floor, fact)["tile:conversion"]
    assert (part["k"], part["a"], part["s"]) == ("ctx.needs_people", {"n": 40}, "")
    assert "d" not in part


def test_unknown_is_not_zero() -> None:
    """Without facts every tile is unknown, unjudged and without a marker."""
    parts = seen(at(16))
    for name in SHOP.settings.tiles:
        assert parts[f"tile:{name}"]["v"] is None
        assert parts[f"tile:{name}"]["s"] == ""
        assert "m" not in parts[f"tile:{name}"]


@pytest.mark.parametrize(
    ("state", "tag"), [("settling", "state.settling"), ("imputed", "state.imputed")]
)
def test_a_tile_says_how_final_it_is(state: str, tag: str) -> None:
    """A value that is not live says what it is instead of its window."""
    floor = at(16)
    assert (
        seen(floor, floor.fact("occupancy", "now", 9, state=state))["tile:occupancy"]["tag"] == tag
    )


def test_thin_coverage_is_said() -> None:
    """Below four fifths of the sensors the tile says which share reported."""
    floor = at(16)
    assert (
        seen(floor, floor.fact("occupancy", "now", 9, coverage=0.61))["tile:occupancy"]["cov"]
        == 0.61
    )
    assert (
        "cov" not in seen(floor, floor.fact("occupancy", "now", 9, coverage=0.9))["tile:occupancy"]
    )


def test_an_incident_decides_over_the_band() -> None:
    """The tile and the push agree: an open act incident on a good-looking measure makes its tile act."""
    floor = at(16)
    fact = floor.fact("conversion", "60m", 0.27, "ratio")
    incident = floor.incident("low-conversion", "", "act", 5)
    assert seen(floor, fact, incidents=[incident])["tile:conversion"]["s"] == "act"
    over = msgspec.structs.replace(incident, state="resolved")
    assert seen(floor, fact, incidents=[over])["tile:conversion"]["s"] == "ok"


@pytest.mark.parametrize(("people", "status"), [(100, "ok"), (199, "watch"), (230, "watch")])
def test_a_crowd_is_watched(people: int, status: str) -> None:
    """From the configured share of the capacity on the house is watched."""
    floor = at(16)
    assert seen(floor, floor.fact("occupancy", "now", people))["tile:occupancy"]["s"] == status


def test_forecast_so_far_counts_the_running_quarter_in_part() -> None:
    """Seven and a half minutes into a quarter half of its forecast is due."""
    floor = at(9, 22)
    quarters = [
        floor.fact(
            "visitors_forecast", "quarter", 10.0, evidence=Evidence(low=7, high=14),
            start=clock_time(9, m, SHOP), end=clock_time(9, m, SHOP) + timedelta(minutes=15),
        )
        for m in (0, 15, 30)
    ]  # fmt: skip
    moment = clock_time(9, 22, SHOP) + timedelta(seconds=30)
    snapshot = Snapshot(
        "riverside", moment, moment,
        latest={("visitors", "", "day"): floor.fact("visitors", "day", 12)},
        series={"visitors_forecast": quarters},
    )  # fmt: skip
    due = expected_so_far(snapshot)
    assert due is not None
    assert due.value == pytest.approx(15.0)
    assert due.low == pytest.approx(15.0 - (3**2 + 1.5**2) ** 0.5)
    assert expected_by_close(snapshot) == pytest.approx(12 + 5 + 10)


def test_no_forecast_is_none() -> None:
    """Without a forecast nothing is expected; it is not 0."""
    snapshot = Snapshot("riverside", at(12).at, at(12).at)
    assert expected_so_far(snapshot) is None
    assert expected_by_close(snapshot) is None


def test_chart_has_gaps_and_a_now() -> None:
    """A quarter without a fact is a gap, and the running one is the trailing quarter of an hour."""
    floor = at(16, 22)
    facts = [
        f
        for f in floor.afternoon()
        if not (f.metric == "visitors" and f.start == clock_time(10, 0, SHOP))
    ]
    chart = seen(floor, *facts)["chart"]
    assert len(chart["y"]) == 29
    assert chart["y"][4] is None
    assert chart["tail"] == 17
    assert chart["now"] == int(floor.at.timestamp() * 1000)


def test_zone_heat_and_status() -> None:
    """A zone's colour steps with its dwell; its status is its incidents', taken or not."""
    floor = at(16)
    facts = [
        floor.fact("dwell_median", "15m", s, "seconds", f"zone:{z}")
        for z, s in (("women", 59), ("men", 240))
    ]
    incident = floor.incident("zone-unattended", "zone:men", "watch", 5, state="acknowledged")
    parts = seen(floor, *facts, incidents=[incident])
    assert parts["zone:women"] == {"v": 59, "h": 0, "s": ""}
    assert parts["zone:men"] == {"v": 240, "h": 3, "s": "watch"}
    assert parts["zone:kids"]["v"] is None


def test_stock_about_to_sell_out_comes_in() -> None:
    """A product that sold little but is about to sell out takes the last seller's place."""
    floor = at(16)
    extra = [
        floor.fact("sku_units", "60m", 1, "units", "sku:S-LOA-38"),
        floor.fact("sku_cover", "now", 0.9, "hours", "sku:S-LOA-38"),
    ]
    rows = seen(floor, *floor.stock_facts(), *extra)["stock"]["rows"]
    assert [r["id"] for r in rows] == [
        "W-LIN-M",
        "H-TOT-NAT",
        "B-RET-30",
        "K-RAI-110",
        "S-RUN-42",
        "S-LOA-38",
    ]
    assert [r["s"] for r in rows] == ["act", "act", "watch", "ok", "watch", "act"]


def test_rail_is_ranked_by_money_at_risk() -> None:
    """The dearest four are cards, the rest a number, and what is over or pending is neither."""
    floor = at(16)
    incidents = [
        floor.incident("queue-wait", f"till:{n}", "act", n, at_risk_minor=risk)
        for n, risk in enumerate([100, None, 900, 500, 300])
    ]
    incidents.append(floor.incident("no", "", "act", 9, at_risk_minor=9_999, state="pending"))
    incidents.append(floor.incident("done", "", "act", 9, at_risk_minor=9_999, state="resolved"))
    rail = seen(floor, incidents=incidents)["rail"]
    assert [i.split("/")[2] for i in rail["ids"]] == ["till:2", "till:3", "till:4", "till:0"]
    assert (rail["open"], rail["more"], rail["raised"], rail["resolved"]) == (5, 1, 6, 1)


def test_tally_takes_the_median_time_to_take() -> None:
    """Seconds from firing to the first acknowledgement, over today's incidents."""
    floor = at(16, 22)
    assert seen(floor, incidents=floor.incidents())["rail"]["take"] == 120


def test_card_speaks_both_languages() -> None:
    """A card's sentences come from the alert catalogue in both languages."""
    floor = at(16)
    incident = floor.incidents()[0]
    part = seen(floor, incidents=[incident])[f"card:{incident.id}"]
    assert part["title"] == {"en": "Wait at the tills is long", "zh": "排队等待过久"}
    assert part["do"] == {"en": "Open a till", "zh": "加开收银台"}
    assert part["place"] == {"en": "Till 2", "zh": "2 号收银台"}


@pytest.mark.parametrize(
    ("hour", "minute", "phase"),
    [(8, 59, "before"), (9, 0, "open"), (21, 59, "open"), (22, 0, "closed")],
)
def test_phases(hour: int, minute: int, phase: str) -> None:
    """The shop is open from its opening up to, not including, its closing; outside nothing is judged."""
    floor = at(hour, minute)
    parts = seen(floor, *floor.store_facts())
    assert parts["head"]["phase"] == phase
    assert (parts["tile:conversion"]["s"] == "") == (phase != "open")


def test_never_heard_of_is_empty() -> None:
    """A store without a clock has no data yet, whatever the hour."""
    assert seen(at(16), heard=False)["head"]["phase"] == "empty"


@pytest.mark.parametrize(
    ("ago_s", "runs"), [(None, False), (1, True), (29, True), (30, False), (86_400, False)]
)
def test_first_run(ago_s: int | None, runs: bool) -> None:
    """Ingest runs while its log had an entry in the last half minute; a shop that was heard of needs none of this."""
    now = at(16).at
    logged_at = None if ago_s is None else now - timedelta(seconds=ago_s)
    waiting = Snapshot(SHOP.store.id, now, arrived=Arrived(logged_at, spoken=True))
    first = view(waiting, SHOP)["first"]
    assert (first["ingest"], first["devices"]) == (runs, True)
    assert first["run"]["devices"] == "floorcast send footfall --store riverside"
    bare = SHOP._replace(command="floorcast --config shop.toml", broker=False)
    assert view(waiting, bare)["first"]["run"]["ingest"] == "floorcast --config shop.toml up"
    assert "first" not in view(Snapshot(SHOP.store.id, now, now), SHOP)


@pytest.mark.parametrize(
    ("devices", "key"),
    [
        (["till-1", "till-2", "till-3", "till-4"], "banner.tills"),
        (["door-main", "door-mall"], "banner.doors"),
        (["door-mall"], "banner.door"),
        (["counter-mall"], "banner.door"),
        (["till-3"], "banner.till"),
        (["pos-3"], "banner.till"),
        (["camera-fitting"], "banner.zone"),
        (["camera-7"], "banner.device"),
        (["camera-7", "till-3"], "banner.many"),
    ],
)
def test_silent_sources_are_named(devices: list[str], key: str) -> None:
    """What is silent is said by its place, and all of a kind by their kind."""
    floor = at(16)
    facts = [floor.fact("sensor_health", "now", "offline", "text", f"device:{d}") for d in devices]
    assert seen(floor, *facts)["silent"]["k"] == key


def test_a_quiet_back_office_is_no_trouble() -> None:
    """A device without a place is not missed when it is merely quiet."""
    floor = at(16)
    assert (
        seen(floor, floor.fact("sensor_health", "now", "silent", "text", "device:roster"))["silent"]
        == {}
    )


def test_an_online_device_is_no_silence() -> None:
    """A device that reports is not mentioned."""
    floor = at(16)
    assert (
        seen(floor, floor.fact("sensor_health", "now", "online", "text", "device:till-1"))["silent"]
        == {}
    )


def test_silent_tills_put_sales_on_hold() -> None:
    """With all tills silent the measures that need them are off and unjudged, the others stand."""
    floor = at(16)
    facts = [
        floor.fact("sensor_health", "now", "offline", "text", f"device:till-{n}")
        for n in (1, 2, 3, 4)
    ]
    parts = seen(floor, *floor.store_facts(), *facts)
    assert {n for n in SHOP.settings.tiles if parts[f"tile:{n}"].get("off")} == {
        "conversion",
        "atv",
        "spv",
    }
    assert parts["tile:conversion"]["s"] == ""


def test_only_what_changed_travels() -> None:
    """Applying the changes to what a screen has gives what the server has."""
    floor = at(16, 22)
    before = seen(floor, *floor.afternoon(), incidents=floor.incidents())
    after = seen(floor, *floor.afternoon(), floor.fact("visitors", "day", 524))
    parts, gone = changed(before, after)
    assert {k: v for k, v in (before | parts).items() if k not in gone} == after
    assert set(gone) == {k for k in before if k.startswith("card:")}


def test_hours_past_midnight() -> None:
    """A shop that closes after midnight is still in the business day that its reset says."""
    store = msgspec.structs.replace(
        SHOP.store,
        day_starts=datetime(2026, 1, 1, 5, tzinfo=UTC).time(),
        hours=[msgspec.structs.replace(SHOP.store.hours[0], closes=datetime(2026, 1, 1, 2, tzinfo=UTC).time())],
    )  # fmt: skip
    late = datetime(2026, 11, 21, 1, 30, tzinfo=store.tz)
    hours = opening(store, business_day(store, late))
    assert business_day(store, late) == date(2026, 11, 20)
    assert hours is not None
    assert hours.phase(late) == "open"


def test_next_opening_skips_closed_days() -> None:
    """A shop that opens on Mondays alone opens next on Monday."""
    monday = msgspec.structs.replace(SHOP.store.hours[0], days=["mon"])
    store = msgspec.structs.replace(SHOP.store, hours=[monday])
    friday = clock_time(12, 0, SHOP)
    assert opening(store, date(2026, 11, 20)) is None
    assert next_opening(store, friday) == datetime(2026, 11, 23, 9, tzinfo=store.tz)


def test_a_shop_names_its_places() -> None:
    """A subject's name is the configured one, and unknown where nothing is configured."""
    shop: Shop = SHOP
    for subject in ("zone:fitting", "door:main", "till:1", "sku:W-LIN-M"):
        assert shop.place(subject) is not None
    assert shop.place("zone:nowhere") is None
    assert shop.place("") is None
