"""The floor's documented diagram and its calendar."""

import re
from datetime import UTC, datetime, time

from bytewax.testing import TestingSink, TestingSource
from bytewax.visualize import to_rendered

from flows import topology
from flows.profile import Profile, minute_of
from tests.floor_runs import FLOWS, SENSORS, shop


def test_the_diagram_is_the_topology() -> None:
    """The steps named in the module's diagram are the dataflow's main steps, in their order."""
    drawn = re.findall(r"^log ─▶ (.*)$", topology.__doc__ or "", re.MULTILINE)
    flow = topology.live(FLOWS, SENSORS, TestingSource([]), TestingSink([]), TestingSink([]))
    steps = [step.step_name for step in to_rendered(flow).substeps]
    named = [step for step in steps if step not in ("stores", "partition")]
    assert named == ["log", *(step for line in drawn for step in line.split(" ─▶ "))]


def test_business_days_follow_the_shops_clock() -> None:
    """A business day begins at the shop's own hour, and is 23 or 25 hours long when its clock changes."""
    store = shop("paris", "Europe/Paris", time(4))
    profile = Profile(store, FLOWS, SENSORS)
    night = minute_of(datetime(2026, 7, 2, 1, 30, tzinfo=UTC))  # 03:30 in Paris
    assert profile.date_of(night).isoformat() == "2026-07-01"
    for day, hours in (((2026, 3, 28), 23), ((2026, 10, 24), 25), ((2026, 7, 1), 24)):
        start, end = profile.day_of(minute_of(datetime(*day, 12, tzinfo=UTC)))
        assert end - start == hours * 60
