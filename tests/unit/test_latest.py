"""What a replay keeps, however much of it is put to disk: the newest fact of each name, lines in log order."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from floorcast.ordered import Key, Ordered
from floorcast.replayed import name_of, newest_facts, slot_of
from flows.facts import Fact

START = datetime(2026, 11, 20, tzinfo=UTC)


def quarter(n: int, value: int) -> Fact:
    start = START + timedelta(minutes=15 * n)
    return Fact(
        store="s", metric="visitors", window="quarter", start=start, end=start + timedelta(minutes=15),
        value=value, unit="people", as_of=START,
    )  # fmt: skip


@given(st.lists(st.integers(0, 12), max_size=80), st.integers(1, 6), st.integers(2, 4))
def test_what_is_put_to_disk_is_the_same_as_what_is_held(
    names: list[int], held: int, fan: int
) -> None:
    """However few fit into memory and however few runs stay apart, the newest of each name comes out once, by name."""
    latest, expected = newest_facts(held, fan), {}
    for value, name in enumerate(names):
        fact = quarter(name, value)
        latest.add({slot_of(fact): fact})
        expected[name_of(fact)] = value
    for _ in range(2):
        said = list(latest.lines())
        values = [int(line.split(b'"value":')[1].split(b",")[0]) for line in said]
        assert values == [expected[name] for name in sorted(expected)]


@given(st.permutations(range(25)), st.integers(1, 30), st.integers(2, 4))
def test_lines_come_in_log_order_from_however_many_runs(
    order: list[int], run_lines: int, fan: int
) -> None:
    """In whatever order workers hand their batches in and however few runs stay apart, lines come by position."""
    ordered = Ordered(run_lines, fan)
    for ms in order:
        ordered.add([(Key(ms, 0, 0, "s"), [b"%d" % ms, b"%d again" % ms])])
    lines = [line for ms in range(25) for line in (b"%d" % ms, b"%d again" % ms)]
    assert list(ordered.lines()) == lines
    assert list(ordered.lines()) == []
