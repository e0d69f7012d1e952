"""The newest fact of each name, however many there are."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from floorcast.replayed import Latest, name_of
from flows.facts import Fact

START = datetime(2026, 11, 20, tzinfo=UTC)


def quarter(n: int, value: int) -> Fact:
    start = START + timedelta(minutes=15 * n)
    return Fact(
        store="s", metric="visitors", window="quarter", start=start, end=start + timedelta(minutes=15),
        value=value, unit="people", as_of=START,
    )  # fmt: skip


@given(st.lists(st.integers(0, 12), max_size=80), st.integers(1, 6))
def test_what_is_put_to_disk_is_the_same_as_what_is_held(names: list[int], held: int) -> None:
    """Whatever fits into memory, the newest fact of each name comes out once, by name."""
    latest, expected = Latest(held), {}
    for value, name in enumerate(names):
        fact = quarter(name, value)
        latest.add([fact])
        expected[name_of(fact)] = value
    for _ in range(2):
        said = list(latest.lines())
        values = [int(line.split(b'"value":')[1].split(b",")[0]) for line in said]
        assert values == [expected[name] for name in sorted(expected)]
