"""Which goods go together, and how many different members bought today.

Pairs and SKUs are counted over the last four to eight weeks in two generations of space-saving sketches (Apache
DataSketches frequent items): bounded, and exact until a generation holds more than three quarters of ``1 << LG``
different pairs; after that the published counts are lower bounds and ``detail.error`` says by how much at most.
Quarters are taken in when they are final, pairs in name order, so that the order of arrival cannot matter; what comes
later than that is left out.
"""

from collections.abc import Iterator
from typing import NamedTuple

from datasketches import (  # type: ignore[import-untyped]
    frequent_items_error_type,
    frequent_strings_sketch,
    hll_sketch,
    tgt_hll_type,
)
from msgspec import Struct

from flows.facts import Evidence, Window
from flows.measure import Measure, Reading, View
from flows.states import remembered
from flows.tallies.baskets import BasketTally, MemberTally
from flows.tally import BETWEEN

LG = 11  # 2,048 slots, 1,536 pairs a generation
GENERATION = 28 * 1440  # minutes
TOP = 10
LEAST = 5  # tickets that must hold a pair
HLL_LG = 11  # 2,048 registers: standard error 1.04/√2048 = 2.3 %
STATES = 16 << 20  # bytes of sketches whose pairs are remembered
TOLD_MIN = 360  # into a day, by when the one before has been told as final
_DAY: tuple[Window, ...] = ("day",)


class Generation(Struct, frozen=True):
    """Tickets, and the sketches of pairs and SKUs as bytes, so that a snapshot never aliases them."""

    tickets: int = 0
    pairs: bytes = b""
    skus: bytes = b""


class BasketMemory(Struct):
    """The present and the previous generation; ``number`` of the present one."""

    number: int = 0
    present: Generation = Generation()
    previous: Generation = Generation()


class Pair(NamedTuple):
    """Two SKUs that lie in one basket more (or less) often than by chance."""

    first: str
    second: str
    tickets: int  # that held both
    lift: float
    error: int  # tickets missed at most


def _sketch(block: bytes) -> frequent_strings_sketch:
    return frequent_strings_sketch.deserialize(block) if block else frequent_strings_sketch(LG)


def _fed(block: bytes, counts: dict[str, int]) -> bytes:
    sketch = _sketch(block)
    for name in sorted(counts):
        if counts[name] > 0:
            sketch.update(name, counts[name])
    return bytes(sketch.serialize())


def learn(memory: BasketMemory, view: View) -> None:
    """Take in a final quarter's baskets."""
    baskets = view.of(BasketTally).get("")
    if baskets is None or baskets.tickets <= 0:
        return
    number = view.start // GENERATION
    if number < memory.number:
        return
    if number != memory.number:
        memory.previous = memory.present if number == memory.number + 1 else Generation()
        memory.number, memory.present = number, Generation()
    known = memory.present
    memory.present = Generation(
        known.tickets + baskets.tickets,
        _fed(known.pairs, baskets.pairs),
        _fed(known.skus, baskets.skus),
    )


@remembered(STATES)
def _ranked(present: tuple[int, bytes, bytes], previous: tuple[int, bytes, bytes]) -> list[Pair]:
    """Pairs by the evidence for them: (lift − 1) × √tickets, those below ``LEAST`` left out."""
    tickets = present[0] + previous[0]
    pairs, skus = _sketch(present[1]), _sketch(present[2])
    pairs.merge(_sketch(previous[1]))
    skus.merge(_sketch(previous[2]))
    found: list[Pair] = []
    rows = pairs.get_frequent_items(frequent_items_error_type.NO_FALSE_NEGATIVES, LEAST - 1)
    for name, _estimate, low, high in rows:
        first, second = name.split(BETWEEN)
        both = skus.get_lower_bound(first) * skus.get_lower_bound(second)
        if low >= LEAST and both:
            found.append(Pair(first, second, low, round(low * tickets / both, 3), high - low))
    return sorted(found, key=lambda p: (-(p.lift - 1) * p.tickets**0.5, p.first, p.second))


def _frozen(generation: Generation) -> tuple[int, bytes, bytes]:
    return generation.tickets, generation.pairs, generation.skus


def basket_pairs(view: View) -> Iterator[Reading]:
    """The ``TOP`` pairs of SKUs bought together; value: lift = P(both) ÷ (P(first)·P(second)).

    ``k`` ÷ ``n`` is the support; pairs are ranked by (lift − 1)·√k, which a chance pair does not win.
    """
    memory = view.memory(BasketMemory)
    tickets = memory.present.tickets + memory.previous.tickets
    if not tickets:
        return
    ranked = _ranked(_frozen(memory.present), _frozen(memory.previous))
    for rank in range(1, TOP + 1):
        if rank > len(ranked):
            yield Reading(None, f"rank:{rank}")
            continue
        pair = ranked[rank - 1]
        yield Reading(
            pair.lift, f"rank:{rank}", Evidence(n=tickets, k=pair.tickets),
            detail={"first": pair.first, "second": pair.second, "error": pair.error},
        )  # fmt: skip


class MembersMemory(Struct):
    """Members of one business day (its first minute) in a HyperLogLog sketch, as bytes.

    Attributes:
        last_day, last: the day before, until it has surely been told as final.
    """

    day: int = 0
    sketch: bytes = b""
    last_day: int = 0
    last: bytes = b""

    def turn(self, minute: int, day: int) -> None:
        """Come to a final quarter of a business day."""
        if day != self.day:
            self.last_day, self.last = self.day, self.sketch
            self.day, self.sketch = day, b""
        elif minute >= day + TOLD_MIN:
            self.last = b""

    def of(self, day: int) -> bytes:
        """The sketch of a day; empty where there is none."""
        return self.sketch if day == self.day else self.last if day == self.last_day else b""


def meet(memory: MembersMemory, view: View) -> None:
    """Take in a final quarter's members, in name order."""
    members = view.of(MemberTally).get("")
    day = view.profile.day_of(view.start)[0]
    if day < memory.day:
        return
    memory.turn(view.start, day)
    if members is None:
        return
    known = memory.sketch
    sketch = hll_sketch.deserialize(known) if known else hll_sketch(HLL_LG, tgt_hll_type.HLL_8)
    for member in sorted(members.sales):
        sketch.update(member)
    memory.sketch = bytes(sketch.serialize_compact())


def members(view: View) -> Iterator[Reading]:
    """Different members who bought today, up to the last final quarter; exact to about 200, then within ± 5 %."""
    known = view.memory(MembersMemory).of(view.start)
    if not known:
        return
    sketch = hll_sketch.deserialize(known)
    low, high = sketch.get_lower_bound(2), sketch.get_upper_bound(2)
    yield Reading(
        round(sketch.get_estimate()),
        evidence=Evidence(low=round(low, 1), high=round(high, 1), level=0.95),
    )


MEASURES = (
    Measure(
        "basket_pair", "ratio", (), basket_pairs, ("day",), cadence=5, quiet=True, memory=BasketMemory, learn=learn
    ),
    Measure("members", "people", (), members, ("day",), cadence=5, quiet=True, memory=MembersMemory, learn=meet),
)  # fmt: skip
