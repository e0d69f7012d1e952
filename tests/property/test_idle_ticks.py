"""Ticks that a replay leaves out are those that the live router would pass to nobody."""

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from floorcast.pace import Idle
from flows.route import Router, Shares
from sensors.streams import Entry, Position

BEGIN = datetime(2026, 11, 20, 9, 0, 30, tzinfo=UTC)
STORES = {0: ["a", "b"], 1: ["c"]}
Log = list[tuple[int, int, list[str]]]
"""Milliseconds since the entry before, partition, and the stores that say something; none: a tick."""


@st.composite
def logs(draw: st.DrawFn) -> Log:
    """Entries of two partitions, ticks and words, close together and far apart."""
    found: Log = []
    for _ in range(draw(st.integers(1, 60))):
        partition = draw(st.sampled_from([0, 1]))
        said = draw(st.lists(st.sampled_from(STORES[partition]), unique=True, max_size=2))
        step = draw(st.sampled_from([0, 1, 250, 999, 1000, 1001, 7_000, 40_000]))
        found.append((step, partition, said if draw(st.integers(0, 3)) == 0 else []))
    return found


def routed(
    log: Log, publish_s: float, begin: int, *, idle: bool
) -> list[tuple[str, datetime, bool]]:
    """What each store is given of the log from an entry on; the routers have seen what was before it."""
    routers = {partition: Router(stores, publish_s) for partition, stores in STORES.items()}
    asked = Idle(publish_s)
    at, given = BEGIN, []
    for n, (step, partition, said) in enumerate(log):
        at += timedelta(milliseconds=step)
        entry = Entry(partition, Position(n + 1, 0), at, b"\n".join(s.encode() for s in said))
        if n >= begin and idle and not asked.concerns(entry):
            continue
        shares = Shares(partition, entry.position, at, {store: [] for store in said})
        slices = list(routers[partition].route(shares))
        if n >= begin:
            given += [(part.store, part.at, bool(said)) for part in slices]
    return given


@settings(max_examples=100)
@given(logs(), st.sampled_from([0.25, 1.0, 5.0]), st.integers(0, 30))
def test_no_store_misses_a_tick(log: Log, publish_s: float, begin: int) -> None:
    """Every store is given the same words and ticks with idle ticks left out, from its start or resumed within it."""
    whole = routed(log, publish_s, begin, idle=False)
    assert routed(log, publish_s, begin, idle=True) == whole


def test_a_night_of_ticks_is_left_out() -> None:
    """Of an hour in which nothing happens, only the first tick of each minute and the first second's are handed on."""
    asked = Idle(1.0)
    ticks = [Entry(0, Position(n, 0), BEGIN + timedelta(seconds=n), b"") for n in range(3_600)]
    assert sum(map(asked.concerns, ticks)) == 62
