"""Measures that need the moment or a past, at moments of a day, against Polars over the raw events of both days."""

from collections import Counter, defaultdict
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import polars as pl
import pytest

from flows.facts import Fact
from sensors.events import Dwell, Footfall, Pos, Queue, Staff, Stock
from sensors.simulation.delivery import Delivery, duplicated, shuffled
from tests.days import demo_settings, demo_store
from tests.moments import (
    CATEGORIES,
    CLOSES,
    HOUR,
    KEEP,
    LATE,
    MOMENTS,
    OPENS,
    PAST,
    PROFILE,
    QUARTER,
    TODAY,
    Past,
    backlog,
    hour_before,
    live_on,
    sales_between,
    second_day,
    tickets_of,
    value_of,
    visitors_in,
)


@pytest.fixture(
    scope="module", params=["in order", "late, shuffled and repeated", "a backlog of the doors"]
)
def told(request: pytest.FixtureRequest) -> dict[datetime, dict[tuple[str, str, str], Fact]]:
    """The facts that held at each moment of the second day, after a quarter's quiet for what was under way."""
    shop = second_day()
    found, since = {}, TODAY.day.start
    for hour in MOMENTS:
        until = TODAY.day.at(hour * 3600.0)
        events = [e for e in TODAY.events if since <= e.at < until]
        arrivals = [Delivery(e.at, e) for e in events]
        if request.param == "a backlog of the doors":
            arrivals = backlog(arrivals, until)
        elif request.param != "in order":
            arrivals = duplicated(shuffled(arrivals, hour, LATE), hour)
        arrivals = sorted(
            (Delivery(min(d.received_at, until), d.event) for d in arrivals),
            key=lambda d: d.received_at,
        )
        live_on(shop, arrivals, since, until)
        found[until] = {key: facts[-1] for key, facts in shop.facts.items()}
        since = until
    return found


def test_queues_people_and_staff_of_the_moment(told: dict[datetime, Any]) -> None:
    """Lines, waits, people inside, associates and their ratio are those of the newest words before the moment."""
    for at, facts in told.items():
        lines, waits = {}, {}
        for e in TODAY.events:
            if isinstance(e, Queue) and e.at < at:
                lines |= {} if e.length is None else {e.till: e.length}
                waits |= {} if e.wait_s is None else {e.till: e.wait_s}
        assert value_of(facts, "queue_length") == sum(lines.values())
        assert value_of(facts, "queue_wait") == max(waits.values())
        crossings = [
            e for e in TODAY.events if isinstance(e, Footfall) and e.at < at and not e.staff
        ]
        inside = sum(e.entered - e.left for e in crossings)
        assert value_of(facts, "occupancy") == max(0, inside)
        assert value_of(facts, "count_balance") == inside
        badges = {
            e.associate: e.action == "on"
            for e in TODAY.events
            if isinstance(e, Staff) and e.at < at
        }
        assert value_of(facts, "staff_on_floor") == sum(badges.values())
        assert value_of(facts, "star_now") == round(max(0, inside) / sum(badges.values()), 6)
        assert value_of(facts, "night_counts") == 0


def test_conversion_and_what_falling_short_costs(told: dict[datetime, Any]) -> None:
    """The benchmark drawn from the past, money at risk and the gap with its split follow from both days' raw events."""
    past = Past.open_sales()
    seen = Past.open_visitors()
    whole = (len(past) + 500 * PROFILE) / (seen + 500)
    for at, facts in told.items():
        start = TODAY.day.start
        for window, since in (("60m", hour_before(at)), ("day", start)):
            sales, visitors = sales_between(since, at), visitors_in(TODAY.events, since, at)
            usual = float(value_of(facts, "conversion_benchmark", window=window))
            atv = sum(t.net_minor for t in sales) / len(sales)
            risk = max(0, round((usual * visitors - len(sales)) * atv))
            assert value_of(facts, "sales_at_risk", window=window) == risk
        spans = (("60m", 4), ("day", round((at - TODAY.day.at(OPENS)) / QUARTER)))
        for window, quarters in spans:
            low, high = at - quarters * QUARTER, at
            shift = TODAY.day.start - PAST.day.start
            n = int(
                Past.doors.filter(
                    pl.col("at").is_between(low - shift, high - shift, closed="left")
                )["n"].sum()
            )
            k = sum(low - shift <= first < high - shift for first, _ in past)
            rate = (k + 300 * whole) / (n + 300)
            rate = (k + 300 * rate) / (n + 300)
            fact = facts["conversion_benchmark", "", window]
            assert (fact.value, fact.reason) == (pytest.approx(rate, abs=1e-5), "history")
        _check_gap(facts["sales_gap", "", "now"], at, past)
        assert value_of(facts, "sales_beyond_visitors", window="60m") == 0


def _check_gap(fact: Fact, at: datetime, past: list[tuple[datetime, Pos]]) -> None:
    shift = TODAY.day.start - PAST.day.start
    span = Past.opened[0], at - shift
    planned = int(Past.doors.filter(pl.col("at").is_between(*span, closed="left"))["n"].sum())
    assert fact.detail["visitors_usual"] == pytest.approx(planned, abs=1)
    assert fact.detail["atv_usual"] == pytest.approx(
        sum(t.net_minor for _, t in past) / len(past), rel=1e-6
    )
    sales = sales_between(TODAY.day.start, at)
    net = sum(t.net_minor for t in sales)
    plan = planned * float(fact.detail["conversion_usual"]) * float(fact.detail["atv_usual"])
    assert fact.value == pytest.approx(net - plan, rel=2e-3)
    parts = sum(int(fact.detail[name]) for name in ("visitors", "conversion", "atv"))
    assert parts == pytest.approx(fact.value, abs=2)


def test_zones_of_the_moment(told: dict[datetime, Any]) -> None:
    """Conversion, heat, moves and distinct tracks of each zone follow from the visits of both days."""
    for at, facts in told.items():
        visits = [e for e in TODAY.events if isinstance(e, Dwell) and not e.staff and e.at < at]
        hour = [e for e in visits if e.at >= hour_before(at)]
        tickets = [t for _, t in tickets_of(TODAY.events, at) if t.nature == "sale"]
        for zone, categories in CATEGORIES.items():
            here = sum(e.visits for e in visits if e.zone == zone)
            assert value_of(facts, "zone_visits", f"zone:{zone}", "day") == here
            assert value_of(facts, "zone_uniques", f"zone:{zone}", "60m") == len(
                {e.track for e in hour if e.zone == zone and e.track}
            )
            if categories and here:
                k = sum(
                    any(x.category == name for x in t.lines) for name in categories for t in tickets
                )
                assert value_of(facts, "zone_conversion", f"zone:{zone}", "day") == round(
                    k / here, 6
                )
        _check_paths(facts, hour)
        _check_heat(facts, at, hour)


def _check_paths(facts: dict[Any, Fact], hour: list[Dwell]) -> None:
    rows = [(e.track, e.at, e.zone) for e in hour if e.track]
    frame = pl.DataFrame(rows, schema=["track", "at", "zone"], orient="row")
    moves: Counter[tuple[str, str]] = Counter()
    for (_track,), rows in frame.sort("at").group_by("track", maintain_order=True):
        moves.update((a, b) for a, b in pairwise(rows["zone"].to_list()) if a != b)
    out: Counter[str] = Counter()
    for (origin, _), count in moves.items():
        out[origin] += count
    ranked = sorted(moves.items(), key=lambda move: (-move[1], move[0]))[:10]
    for rank, ((origin, to), count) in enumerate(ranked, 1):
        fact = facts["zone_path", f"rank:{rank}", "60m"]
        assert (fact.detail["from"], fact.detail["to"]) == (origin, to)
        assert fact.value == round(count / out[origin], 6)


def _check_heat(facts: dict[Any, Fact], at: datetime, hour: list[Dwell]) -> None:
    """Against the visits of both days' final opening quarters in the same part of the day, the older day faded."""

    def part(moment: datetime) -> int:
        return sum(moment.astimezone(demo_store().tz).hour >= edge for edge in (11, 14, 17, 20))

    seen: dict[tuple[str, int], float] = defaultdict(float)
    weight: dict[int, float] = defaultdict(float)
    for day, until, keep in ((PAST, PAST.day.end, KEEP), (TODAY, at - QUARTER, 1.0)):
        start, end = day.day.at(OPENS), min(until, day.day.at(CLOSES))
        for number in range(round((end - start) / QUARTER)):
            weight[part(start + number * QUARTER)] += keep
        for e in day.events:
            if isinstance(e, Dwell) and not e.staff and start <= e.at < end:
                seen[e.zone, part(e.at)] += keep * e.visits
    parts = [part(hour_before(at) + number * QUARTER) for number in range(4)]
    checked = 0
    for zone in CATEGORIES:
        fact = facts.get(("zone_heat", f"zone:{zone}", "60m"))
        if all(weight[which] >= 8 for which in parts):
            usual = sum(seen[zone, which] / weight[which] for which in parts)
            k = sum(e.visits for e in hour if e.zone == zone)
            assert fact is not None
            assert (fact.evidence.n, fact.evidence.k) == (pytest.approx(usual, abs=0.06), k)
            assert fact.value == pytest.approx(k / usual, abs=6e-4)
            checked += 1
    assert checked or at == TODAY.day.at(MOMENTS[0] * 3600.0)


def test_stock_of_the_moment(told: dict[datetime, Any]) -> None:
    """What is out, what sold of what there was, how long stock lasts and how surprising silence is, from raw events."""
    past = [t for _, t in tickets_of(PAST.events, PAST.day.end) if t.nature == "sale"]
    ranged = [p.sku for p in demo_settings().sensors.ranges[demo_store().range]]
    flow = visitors_in(PAST.events, PAST.day.start, PAST.day.end)
    for at, facts in told.items():
        hand = {sku: int(value_of(facts, "sku_on_hand", f"sku:{sku}")) for sku in ranged}
        out = sum(units <= 0 for units in hand.values())
        assert value_of(facts, "oos_rate") == round(out / len(hand), 6)
        held = [t for _, t in tickets_of(TODAY.events, at) if t.nature == "sale"]
        for sku in ranged:
            k = sum(any(x.sku == sku for x in t.lines) for t in past)
            said = [e.at for e in TODAY.events if isinstance(e, Pos) and e.state == "completed" and e.nature == "sale"
                    and e.at < at and any(x.sku == sku for x in e.lines)]  # fmt: skip
            if not k or hand[sku] <= 0:
                continue
            since = max([*said, TODAY.day.at(OPENS) - timedelta(minutes=1)])
            since = since.replace(second=0, microsecond=0) + timedelta(minutes=1)
            came = visitors_in(TODAY.events, since, at)
            chance = (flow / (flow + came)) ** k
            fact = facts["shelf_silence", f"sku:{sku}", "now"]
            assert fact.value == (1.0 if chance > 0.05 else float(f"{chance:.1g}"))
        assert held


def test_sell_through_is_by_receipts(told: dict[datetime, Any]) -> None:
    """Units sold of what was received, since the goods first came in: from raw receipts and tickets of both days."""
    events = [*PAST.events, *TODAY.events]
    for at, facts in told.items():
        received: Counter[str] = Counter()
        for e in events:
            if (
                isinstance(e, Stock)
                and e.delta
                and e.reason == "receipt"
                and e.location == "store"
                and e.at < at
            ):
                received[e.sku] += e.delta
        fact = facts.get(("sell_through", "", "now"))
        total = sum(received.values())
        if not total:
            assert fact is None or fact.value is None
            continue
        sold = sum(
            x.units for _, t in tickets_of(events, at) if t.nature == "sale" for x in t.lines if received[x.sku] > 0
        )  # fmt: skip
        assert fact is not None
        assert (fact.evidence.n, fact.evidence.k) == (total, sold)
        assert fact.value == round(sold / total, 6)


def test_cover_is_stock_over_the_expected_rate(told: dict[datetime, Any]) -> None:
    """Hours of cover are on hand over units per visitor of both days times one flow of visitors, the same for all."""
    past = [t for _, t in tickets_of(PAST.events, PAST.day.end) if t.nature == "sale"]
    flow = visitors_in(PAST.events, PAST.day.start, PAST.day.end)
    checked = 0
    for at, facts in told.items():
        sales = [*past, *sales_between(TODAY.day.start, at)]
        seen = flow + visitors_in(TODAY.events, TODAY.day.start, at)
        flows = []
        for (metric, subject, _), fact in facts.items():
            if metric != "sku_cover" or fact.reason != "forecast" or fact.as_of != at:
                continue
            units = sum(x.units for t in sales for x in t.lines if f"sku:{x.sku}" == subject)
            rate, on_hand = float(fact.evidence.n or 0), int(fact.evidence.k or 0)
            assert fact.value == pytest.approx(max(0, on_hand) / rate, rel=1e-3)
            flows.append(rate / (units / seen))
        checked += len(flows)
        assert all(each == pytest.approx(flows[0], rel=2e-3) for each in flows)
    assert checked > 5


def test_power_hours_and_their_coverage(told: dict[datetime, Any]) -> None:
    """Hours of a weekday are ranked by its past visitors; coverage is hours worked over what they need."""
    by_hour = (
        Past.doors.with_columns(hour=pl.col("at").dt.convert_time_zone("Asia/Shanghai").dt.hour())
        .group_by("hour").agg(pl.col("n").sum()).filter(pl.col("n") > 0)
    )  # fmt: skip
    usual = dict(by_hour.iter_rows())
    busiest = sorted(usual, key=lambda hour: (-usual[hour], hour))[:20]
    for at, facts in told.items():
        assert facts["power_hour", "", "now"].value is None  # one weekday of seven is known
        assert facts["power_hour", "", "now"].evidence.n == len(usual)
        now = at.astimezone(demo_store().tz)
        needed = sum(usual[hour] / 15 for hour in busiest if hour < now.hour)
        worked = 0.0
        for name in {e.associate for e in TODAY.events if isinstance(e, Staff) and e.associate}:
            words = [
                e
                for e in TODAY.events
                if isinstance(e, Staff) and e.associate == name and e.at < at
            ]
            for said, following in pairwise([*words, None]):
                if said is not None and said.action == "on":
                    until = following.at if following is not None else at
                    for hour in (h for h in busiest if h < now.hour):
                        low = TODAY.day.at(hour * 3600.0)
                        worked += max(0.0, (min(until, low + HOUR) - max(said.at, low)) / HOUR)
        fact = facts["peak_coverage", "", "now"]
        assert (fact.evidence.n, fact.evidence.k) == (
            pytest.approx(needed, abs=0.02),
            pytest.approx(worked, abs=0.02),
        )
        assert fact.value == pytest.approx(worked / needed, rel=1e-3)


def test_members_and_arrivals(told: dict[datetime, Any]) -> None:
    """Distinct members are within the sketch's error, customers at the tills within the hour exact."""
    for at, facts in told.items():
        settled = at - QUARTER
        known = {t.member for t in sales_between(TODAY.day.start, settled) if t.member}
        found = facts["members", "", "day"]
        assert abs(int(found.value or 0) - len(known)) <= max(1, 0.05 * len(known))
        line = [e for e in TODAY.events if isinstance(e, Queue) and hour_before(at) <= e.at < at]
        reached = sum(e.served + e.abandoned for e in line)
        assert facts["till_arrivals", "", "60m"].evidence.n == reached
        assert facts["till_arrivals", "", "60m"].value == reached
