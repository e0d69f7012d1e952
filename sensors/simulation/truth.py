"""What a simulated day drew, so that a test can ask whether the floor found it."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from typing import NamedTuple

QUARTER = timedelta(minutes=15)


def quarter_of(at: datetime) -> datetime:
    """Start of the quarter-hour ``at`` falls in.

    >>> quarter_of(datetime(2026, 11, 22, 9, 44, 59)).isoformat()
    '2026-11-22T09:30:00'
    """
    return at.replace(minute=at.minute // 15 * 15, second=0, microsecond=0)


@dataclass(slots=True, kw_only=True)
class Tally:
    """Counts of a quarter-hour, a door or a till. Money is in the currency's minor unit.

    ``visitors`` are what the counters call visitors: grown-ups without a staff tag. Returned units and
    money are negative, as on the ticket. A void counts where the sale did that it takes back.
    """

    visitors: int = 0
    children: int = 0
    exits: int = 0
    groups: int = 0
    passers_by: int = 0
    sales: int = 0
    sale_units: int = 0
    sale_minor: int = 0
    voids: int = 0
    void_units: int = 0
    void_minor: int = 0
    returns: int = 0
    return_units: int = 0
    return_minor: int = 0

    def add(self, amounts: dict[str, int]) -> None:
        """Add to the counts named."""
        for name, amount in amounts.items():
            setattr(self, name, getattr(self, name) + amount)

    def __add__(self, other: "Tally") -> "Tally":
        """Both together; commutative and associative."""
        return Tally(
            **{f.name: getattr(self, f.name) + getattr(other, f.name) for f in fields(self)}
        )

    @property
    def entered(self) -> int:
        """People without a staff tag who came in, children too."""
        return self.visitors + self.children

    @property
    def transactions(self) -> int:
        """Completed sales that were not voided."""
        return self.sales - self.voids

    @property
    def sold_units(self) -> int:
        """Units on transactions, before returns."""
        return self.sale_units - self.void_units

    @property
    def sold_minor(self) -> int:
        """Money of transactions, before returns."""
        return self.sale_minor - self.void_minor

    @property
    def units(self) -> int:
        """Units sold net of returns."""
        return self.sold_units + self.return_units

    @property
    def net_minor(self) -> int:
        """Net sales: transactions less returns."""
        return self.sold_minor + self.return_minor

    @property
    def conversion(self) -> float | None:
        """Transactions per visitor; ``None`` if nobody came in."""
        return self.transactions / self.visitors if self.visitors else None

    @property
    def atv_minor(self) -> float | None:
        """Average transaction value before returns; ``None`` without a transaction."""
        return self.sold_minor / self.transactions if self.transactions else None


class Stay(NamedTuple):
    """A visit to a zone: when it ended and how many seconds it took."""

    ended_at: datetime
    dwell_s: float


class Served(NamedTuple):
    """A customer at a till: seconds waited and served; ``service_s`` is ``None`` for one who gave up."""

    arrived_at: datetime
    wait_s: float
    service_s: float | None


@dataclass(slots=True)
class Truth:
    """What was drawn.

    Attributes:
        places: by ``door:main``, ``till:1``.
        stays: by zone; ``served``: by till.
        sku_units: units sold net of voids, by SKU; ``sku_returned``: units that came back; ``on_hand``: at
            the day's end.
        untagged_staff: associates' entries that a counter took for visitors.
        missed: people in and out whom a stuck counter did not count.
        lost_sales: customers at the till whose goods were all sold out.
    """

    quarters: dict[datetime, Tally] = field(default_factory=lambda: defaultdict(Tally))
    places: dict[str, Tally] = field(default_factory=lambda: defaultdict(Tally))
    stays: dict[str, list[Stay]] = field(default_factory=lambda: defaultdict(list))
    served: dict[str, list[Served]] = field(default_factory=lambda: defaultdict(list))
    sku_units: Counter[str] = field(default_factory=Counter)
    sku_returned: Counter[str] = field(default_factory=Counter)
    on_hand: dict[str, int] = field(default_factory=dict)
    untagged_staff: int = 0
    missed: Tally = field(default_factory=Tally)
    lost_sales: int = 0

    def count(self, at: datetime, place: str, **amounts: int) -> None:
        """Add to the quarter-hour of ``at`` and to ``place``."""
        self.quarters[quarter_of(at)].add(amounts)
        self.places[place].add(amounts)

    @property
    def day(self) -> Tally:
        """The whole day."""
        return sum(self.quarters.values(), Tally())

    def between(self, start: datetime, end: datetime) -> Tally:
        """The quarter-hours that start in [start, end)."""
        return sum((t for q, t in self.quarters.items() if start <= q < end), Tally())
