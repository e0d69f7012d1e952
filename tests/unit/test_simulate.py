"""The simulated day."""

import hashlib
from collections import Counter
from datetime import date, datetime, time, timedelta
from statistics import mean
from time import process_time

import msgspec
import pytest

from sensors.events import Footfall, Pos, Status
from sensors.simulation.draw import stream
from sensors.simulation.faults import (
    ConversionDrop,
    DoorStuck,
    GatewayOffline,
    ShelfEmpty,
    StaffAtDoor,
    TillsClosed,
)
from tests.days import DAY, demo_day, demo_settings, demo_store


def local(day_time: time, day: date = DAY) -> datetime:
    """An instant from the demo store's local time."""
    return datetime.combine(day, day_time, demo_store().tz)


def test_the_same_seed_gives_the_same_bytes() -> None:
    """Two runs of one seed are equal byte for byte, and another seed differs."""

    def digest(seed: int) -> str:
        lines = (msgspec.json.encode(event) for event in demo_day(seed, visitors=300).events)
        return hashlib.sha256(b"\n".join(lines)).hexdigest()

    assert digest(3) == digest(3)
    assert digest(3) != digest(4)


def test_a_week_is_near_the_benchmarks_it_was_asked_for() -> None:
    """Over a week visitors, conversion and mean ticket lie near what was asked, and a day takes under a CPU second."""
    began = process_time()
    days = [demo_day(11, day=DAY + timedelta(days=n)).truth.day for n in range(7)]
    assert (process_time() - began) / 7 < 1.0
    assert mean(day.visitors for day in days) == pytest.approx(1_400, rel=0.06)
    assert sum(d.transactions for d in days) / sum(d.visitors for d in days) == pytest.approx(
        0.26, rel=0.08
    )
    assert sum(d.sold_minor for d in days) / sum(d.transactions for d in days) == pytest.approx(
        18_800, rel=0.06
    )


def test_the_day_has_two_peaks_within_opening_hours() -> None:
    """Nobody enters outside the opening hours, and noon and evening are busier than the hour after opening."""
    truth = demo_day().truth
    store = demo_store()
    hours = Counter()  # type: Counter[int]
    for quarter, tally in truth.quarters.items():
        hours[quarter.astimezone(store.tz).hour] += tally.visitors
    assert all(9 <= hour < 22 or count <= 5 for hour, count in hours.items())  # untagged staff
    assert min(hours[12], hours[13], hours[18], hours[19]) > 1.5 * hours[9]


def test_a_conversion_drop_changes_purchases_and_not_arrivals() -> None:
    """A planted drop leaves everybody who comes in as they were and takes purchases from its hour."""
    plain, dropped = demo_day(), demo_day(faults=[ConversionDrop(at=time(18), factor=0.0)])
    assert plain.truth.day.visitors == dropped.truth.day.visitors
    assert plain.truth.day.exits == dropped.truth.day.exits
    assert dropped.truth.day.sales < plain.truth.day.sales - 10


def test_a_stuck_door_says_it_is_alive_and_counts_nobody() -> None:
    """Within the span there is no count of the door but its heartbeats, and the truth names who was missed."""
    day = demo_day(faults=[DoorStuck(at=time(11), minutes=90, door="main")])
    start = local(time(11))
    span = [
        e
        for e in day.events
        if e.source == "counter-main" and start <= e.at < start + timedelta(minutes=90)
    ]
    assert span
    assert all(isinstance(event, Status) for event in span)
    assert day.truth.missed.visitors > 20
    plain = demo_day().truth
    assert day.truth.day.visitors + day.truth.missed.visitors == plain.day.visitors


def test_an_emptied_shelf_sells_nothing_more() -> None:
    """After the planted loss its stock is 0 and no ticket carries the SKU, unless one came back."""
    day = demo_day(faults=[ShelfEmpty(at=time(14), sku="H-MUG-GRY")])
    after = [
        line
        for event in day.events
        if isinstance(event, Pos) and event.state == "completed" and event.at >= local(time(14))
        for line in event.lines
        if line.sku == "H-MUG-GRY"
    ]
    assert sum(line.units for line in after) <= 0
    assert day.truth.on_hand["H-MUG-GRY"] <= 2


def test_closed_tills_make_a_line() -> None:
    """With one slow till for an hour its customers wait over three minutes on average, else under one."""

    def mean_wait_s(*faults: TillsClosed) -> float:
        served = demo_day(faults=faults).truth.served
        start = local(time(17))
        return mean(
            turn.wait_s
            for turns in served.values()
            for turn in turns
            if start <= turn.arrived_at < start + timedelta(minutes=60)
        )

    assert mean_wait_s(TillsClosed(at=time(17), open_tills=1)) > 180
    assert mean_wait_s() < 60


def test_staff_at_a_door_are_counted_as_visitors_and_named_in_the_truth() -> None:
    """Errands of untagged staff raise visitors and exits alike, by exactly what the truth says."""
    plain, walked = (
        demo_day().truth,
        demo_day(faults=[StaffAtDoor(at=time(15), crossings=60)]).truth,
    )
    assert walked.untagged_staff - plain.untagged_staff == 60
    assert walked.day.visitors - plain.day.visitors == 60
    assert walked.day.exits - plain.day.exits == 60


def test_an_offline_gateway_delivers_everything_later() -> None:
    """Held back events arrive after the span, tills' at once, and none is lost."""
    day = demo_day(faults=[GatewayOffline(at=time(13), minutes=180)])
    (start, end), *_ = day.offline
    late = [d for d in day.deliveries if d.received_at > d.event.at]
    assert sorted(d.event.id + d.event.source for d in day.deliveries) == sorted(
        e.id + e.source for e in day.events
    )
    assert all(start <= d.event.at < end <= d.received_at for d in late)
    assert not any(isinstance(d.event, Pos) for d in late)
    assert any(isinstance(d.event, Footfall) for d in late)


def test_a_closed_day_has_only_heartbeats() -> None:
    """On a day without opening hours nothing happens but devices saying that they are alive."""
    from sensors.simulate import simulate_day

    store = msgspec.structs.replace(demo_store(), hours=[])
    day = simulate_day(store, demo_settings().sensors.ranges["apparel"], DAY, 1)
    assert {type(event) for event in day.events} == {Status}


def test_streams_of_chance_are_apart() -> None:
    """Draws of one concern do not shift those of another."""
    first = stream(1, "a")
    [first.random() for _ in range(10)]
    assert stream(1, "b").random() == stream(1, "b").random()


def test_devices_number_what_they_say_and_the_back_office_does_not() -> None:
    """A device's numbers are consecutive within a day and rise over days; stock and roster have none."""
    last: dict[str, int] = {}
    for day in (DAY, DAY + timedelta(days=1)):
        today: dict[str, list[int | None]] = {}
        for event in demo_day(7, day=day).events:
            today.setdefault(event.source, []).append(event.seq)
        assert today.pop("stock", [None])[0] is today.pop("roster", [None])[0] is None
        for source, numbers in today.items():
            first = numbers[0]
            assert first is not None
            assert numbers == list(range(first, first + len(numbers)))
            assert first > last.get(source, -1)
            last[source] = first + len(numbers) - 1
    assert last
