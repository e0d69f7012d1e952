"""Which streams of a worker hand out rows at one activation."""

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from sensors.stream_source import BATCH_BYTES, Turns


@given(st.lists(st.integers(1, 3 * BATCH_BYTES), min_size=1, max_size=16), st.integers(2, 40))
@settings(max_examples=50)
def test_every_stream_gets_its_turn_and_no_activation_hands_out_much_more_than_fits(
    sizes: list[int], activations: int
) -> None:
    """With rows in every stream, none waits longer than two rounds, and an activation ends soon after the limit."""
    turns = Turns()
    last = dict.fromkeys(range(len(sizes)), 0)
    for activation in range(1, activations + 1):
        handed = 0
        for place, size in enumerate(sizes):
            if turns.budget(place) > 0:
                turns.spend(place, size)
                handed += size
                last[place] = activation
        assert handed < BATCH_BYTES + max(sizes)
        assert all(activation - seen <= 2 * len(sizes) for seen in last.values())


def test_small_rows_of_all_streams_are_handed_out_at_once() -> None:
    """Live, where every stream has a little, one activation takes it all."""
    turns, taken = Turns(), Counter[int]()
    for _ in range(5):
        for place in range(16):
            if turns.budget(place) > 0:
                turns.spend(place, BATCH_BYTES // 32)
                taken[place] += 1
    assert set(taken.values()) == {5}
