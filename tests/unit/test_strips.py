"""The day's minutes as the sensors page draws them."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.managers.day_strips import strips
from dashboard.opening import business_day, opening
from flows.facts import Evidence, Fact
from tests.floor_facts import clock_time, demo_shops

SHOP = demo_shops()["riverside"]
AT = clock_time(16, 22, SHOP)
HOURS = opening(SHOP.store, business_day(SHOP.store, AT))
NOW = 442  # minutes from opening at 09:00


def outage(start: int, length: int, device: str = "line-1") -> Fact:
    """A device out for so many minutes from so many after opening."""
    assert HOURS is not None
    began = HOURS.opens + timedelta(minutes=start)
    return Fact(
        store="riverside", metric="device_outage", window="day", value="silent", unit="text",
        subject=f"device:{device}", start=began, end=began + timedelta(minutes=length), as_of=AT, reason="device",
    )  # fmt: skip


def covered(subject: str, strip: str) -> Fact:
    """A door's minutes, or the store's."""
    return Fact(
        store="riverside", metric="minutes_covered", window="day", value=0.9, unit="ratio", subject=subject,
        start=AT, end=AT, as_of=AT, evidence=Evidence(n=NOW), detail={"strip": strip},
    )  # fmt: skip


def row(device: str) -> dict[str, str]:
    """A device that is well."""
    return {"id": device, "device": device, "tone": "ok", "health": "online", "reason": ""}


@given(st.lists(st.tuples(st.integers(-60, NOW), st.integers(1, 200)), max_size=6))
def test_a_device_is_told_once_a_minute(outs: list[tuple[int, int]]) -> None:
    """Whatever its outages, every minute so far is told, none before opening or after now, holes with their reason."""
    apart, at = [], -60
    for start, length in sorted(outs):  # outages of one device do not overlap
        at = max(start, at)
        apart.append(outage(at, length))
        at += length + 1
    drawn = strips(apart, [row("line-1")], SHOP, HOURS, AT, "en")
    runs = next(line["runs"] for line in drawn["rows"] if line["name"] == "line-1")
    minutes = [minute for _, start, length, _ in runs for minute in range(start, start + length)]
    assert minutes == list(range(NOW))
    assert {why for word, _, _, why in runs if word == "m"} <= {"silent · it alone sends nothing"}
    assert all(why for word, _, _, why in runs if word == "m")


@pytest.mark.parametrize(
    ("start", "reason"), [(100, "counter-mall: silent · it alone sends nothing"), (300, "")]
)
def test_a_hole_has_the_reason_of_its_own_time(start: int, reason: str) -> None:
    """A door's missing minutes tell why only where its device was out meanwhile; another door's device says nothing."""
    strip = f"c{start}m30c10"
    minutes = [covered(subject, strip) for subject in ("door:mall", "door:main", "")]
    facts = [*minutes, outage(90, 45, "counter-mall")]
    lines = strips(facts, [row("counter-mall")], SHOP, HOURS, AT, "en")["rows"]
    why = {line["name"]: [run[3] for run in line["runs"] if run[0] == "m"] for line in lines}
    assert (why["Mall door"], why["Main door"], why["Riverside Flagship"]) == (
        [reason], [""], [reason],
    )  # fmt: skip
