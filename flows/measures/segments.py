"""Member segments: guests, new and returning members; what each buys, and the members' share.

A member is returning who has bought on an earlier business day that is remembered, new otherwise. Remembered are, of
each member who bought, 32 bits of a digest of the keyed hash, in two generations of ``GENERATION`` days or ``MOST``
members, whichever is over first: three to six months of most shops, in 0.5 MB at most. Of m members remembered, m ÷ 2³²
of those who are new are called returning (1 in 65,000 at 65,536).
"""

import zlib
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from msgspec import Struct

from flows.facts import Evidence, Window
from flows.measure import Measure, Reading, View, ratio, wilson
from flows.tallies.member_sales import GUEST, MemberSales

SEGMENTS = ("guest", "new", "returning")
GENERATION = 91 * 1440  # minutes
MOST = 1 << 16  # members of a generation
LEARNT = 28  # days that must be remembered before anybody is called new
_HOUR_DAY: tuple[Window, ...] = ("60m", "day")


class SegmentMemory(Struct):
    """Who has bought; days are their first minutes, members sorted 32-bit digests as bytes.

    Attributes:
        since, begun: the first day that is remembered at all, and of the present generation.
        present, previous: members of each generation, up to the day before ``day``.
        day, last: the newest final business day and its members: apart, since what is told late of that day must not
            meet them as if they had been there before.
    """

    since: int = 0
    begun: int = 0
    present: bytes = b""
    previous: bytes = b""
    day: int = 0
    last: bytes = b""


class Cell(NamedTuple):
    """What one segment bought, and how many customers it is; of guests each ticket is one."""

    customers: int
    sales: MemberSales


class Segments(NamedTuple):
    """A window's tickets by segment; ``days``: how far back members are remembered."""

    cells: dict[str, Cell]
    days: int

    @property
    def total(self) -> MemberSales:
        """All segments in one."""
        total = MemberSales()
        for cell in self.cells.values():
            total.merge(cell.sales)
        return total


def learn(memory: SegmentMemory, view: View) -> None:
    """Take in a final business day."""
    if view.start <= memory.day:
        return
    if memory.day:
        _fold(memory)
    bought = (m for m, sales in view.of(MemberSales).items() if m != GUEST and sales.tickets > 0)
    memory.last = _packed(map(digest, bought))
    memory.day = view.start
    memory.since, memory.begun = memory.since or view.start, memory.begun or view.start


def _fold(memory: SegmentMemory) -> None:
    """Put the newest day with those before it; begin a generation where the present one is full or old."""
    present, last = _unpacked(memory.present), _unpacked(memory.last)
    everybody = _packed([*present, *last])
    if len(everybody) <= 4 * MOST and memory.day - memory.begun < GENERATION:
        memory.present = everybody
        return
    memory.since, memory.previous = memory.begun, memory.present
    memory.begun, memory.present = memory.day, memory.last


def digest(member: str) -> int:
    """32 bits of a member's name, which is a keyed hash."""
    return zlib.crc32(member.encode())


def _packed(digests: Iterable[int]) -> bytes:
    return array("I", sorted(set(digests))).tobytes()


def _unpacked(block: bytes) -> "array[int]":
    digests = array("I")
    digests.frombytes(block)
    return digests


def _holds(digests: "array[int]", wanted: int) -> bool:
    place = bisect_left(digests, wanted)
    return place < len(digests) and digests[place] == wanted


def segments(view: View) -> Segments | None:
    """The window's tickets by segment; ``None`` for days that later ones have been learned over, or without members."""
    memory, day = view.memory(SegmentMemory), view.profile.day_of(view.start)[0]
    bought = view.of(MemberSales)
    nobody = not (memory.present or memory.previous or memory.last or bought.keys() - {GUEST})
    if day < memory.day or nobody:
        return None
    known = [_unpacked(memory.present), _unpacked(memory.previous)]
    known += [_unpacked(memory.last)] if day > memory.day else []
    cells = {name: (0, MemberSales()) for name in SEGMENTS}
    for member, sales in bought.items():
        name = "guest"
        if member != GUEST:
            mark = digest(member)
            name = "returning" if any(_holds(some, mark) for some in known) else "new"
        count, total = cells[name]
        total.merge(sales)
        customers = sales.tickets if member == GUEST else int(sales.tickets > 0)
        cells[name] = count + customers, total
    days = round((day - memory.since) / 1440) if memory.since else 0
    return Segments({name: Cell(*cell) for name, cell in cells.items()}, days)


def _by_segment(say: Callable[[Cell], Reading], doc: str) -> Callable[[View], Iterator[Reading]]:
    """A reading of each segment; new and returning are unknown before enough days are remembered."""

    def read(view: View) -> Iterator[Reading]:
        found = view.once("segments", segments)
        if found is None:
            return
        for name, cell in found.cells.items():
            subject = f"segment:{name}"
            if name != "guest" and found.days < LEARNT:
                yield Reading(None, subject, reason="learning", detail={"days": found.days})
            else:
                yield say(cell)._replace(subject=subject)

    read.__doc__ = doc
    return read


def member_share(view: View) -> Iterator[Reading]:
    """Tickets of members ÷ all tickets, Wilson interval; ``detail.net_share`` the same of money, returns taken off."""
    found = view.once("segments", segments)
    if found is None:
        return
    total, guests = found.total, found.cells["guest"].sales
    k, n, level = (
        total.tickets - guests.tickets,
        total.tickets,
        view.profile.settings.evidence_level,
    )
    low, high = wilson(k, n, view.profile.z) or (None, None)
    net = total.net_minor - total.returned_minor
    share = ratio(net - guests.net_minor + guests.returned_minor, net)
    evidence = Evidence(n=n, k=k, low=low, high=high, level=level if low is not None else None)
    yield Reading(ratio(k, n), evidence=evidence, detail={"net_share": share})


customers = _by_segment(
    lambda cell: Reading(cell.customers),
    "Distinct members who bought; of guests each ticket is one.",
)
transactions = _by_segment(
    lambda cell: Reading(cell.sales.tickets, evidence=Evidence(n=cell.customers)),
    "Completed sales.",
)
sales = _by_segment(
    lambda cell: Reading(
        cell.sales.net_minor - cell.sales.returned_minor, evidence=Evidence(n=cell.customers)
    ),
    "Net sales less returns, in minor units.",
)
atv = _by_segment(
    lambda cell: Reading(
        ratio(cell.sales.net_minor, cell.sales.tickets),
        evidence=Evidence(n=cell.sales.tickets, k=cell.sales.net_minor),
    ),
    "Average transaction value: money of sales before returns ÷ transactions, in minor units.",
)
upt = _by_segment(
    lambda cell: Reading(
        ratio(cell.sales.units, cell.sales.tickets),
        evidence=Evidence(n=cell.sales.tickets, k=cell.sales.units),
    ),
    "Units per transaction, before returns.",
)

_READS = (MemberSales,)
MEASURES = (
    Measure(
        "segment_customers", "people", _READS, customers, _HOUR_DAY, cadence=5,
        memory=SegmentMemory, learn=learn, learn_over="day",
    ),
    Measure("segment_transactions", "transactions", _READS, transactions, _HOUR_DAY, cadence=5),
    Measure("segment_sales", "minor", _READS, sales, _HOUR_DAY, cadence=5),
    Measure("segment_atv", "minor", _READS, atv, _HOUR_DAY, cadence=5),
    Measure("segment_upt", "ratio", _READS, upt, _HOUR_DAY, cadence=5),
    Measure("member_share", "ratio", _READS, member_share, _HOUR_DAY, cadence=5),
)  # fmt: skip
