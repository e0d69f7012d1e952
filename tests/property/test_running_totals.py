"""Running totals become people, whatever their register does and in whatever order they come."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from flows.corrections import Totals
from sensors.events import Footfall
from tests.ingest_cases import NOW

ENDS = st.sampled_from([2**16, 2**32])
steps = st.lists(st.tuples(st.integers(0, 900), st.integers(0, 900)), min_size=1, max_size=30)


def told(number: int, entered: int, left: int) -> Footfall:
    """One reading, a minute after the one before."""
    at = NOW + timedelta(minutes=number)
    return Footfall(at=at, source="c", door="main", entered=entered, left=left, counting="total")


def counted(readings: list[Footfall]) -> tuple[int, int]:
    """People in and out that they come to."""
    totals = Totals()
    found = [found for reading in readings for found in totals.resolve(reading)]
    return sum(s * e.entered for e, s in found), sum(s * e.left for e, s in found)


@given(steps, ENDS, ENDS, st.data())
def test_a_register_that_goes_over_its_end_goes_on(
    said: list[tuple[int, int]], end_in: int, end_out: int, data: st.DataObject
) -> None:
    """Each direction rolls over by itself, also between readings that come late: nobody is lost or made up."""
    entered, left = (data.draw(st.integers(0, end - 1)) for end in (end_in, end_out))
    if data.draw(st.booleans()):
        entered = end_in - data.draw(st.integers(1, 500))
    readings = [told(0, entered, left)]
    for number, (more_in, more_out) in enumerate(said, start=1):
        entered, left = (entered + more_in) % end_in, (left + more_out) % end_out
        readings.append(told(number, entered, left))
    expected = (sum(people for people, _ in said), sum(people for _, people in said))
    assert counted(readings) == expected
    straight = [reading for n, reading in enumerate(readings) if n % 2 == 0]
    late = [reading for n, reading in enumerate(readings) if n % 2]
    assert counted([*straight, *late]) == expected


@given(steps, steps, st.integers(1_000, 30_000))
def test_a_reset_counts_from_zero(
    before: list[tuple[int, int]], after: list[tuple[int, int]], start: int
) -> None:
    """At midnight or after a reboot both directions begin at nought; who came before and after counts."""
    readings = [told(0, start, start)]
    for first, said in ((start, before), (0, after)):
        entered = left = first
        for more_in, more_out in said:
            entered, left = entered + more_in, left + more_out
            readings.append(told(len(readings), entered, left))
    assert counted(readings) == tuple(
        sum(step[way] for step in (*before, *after)) for way in (0, 1)
    )
