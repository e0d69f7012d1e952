"""When to order, how much, and what first."""

from collections.abc import Callable, Iterable, Sequence
from enum import IntEnum
from math import ceil, sqrt
from statistics import NormalDist
from typing import NamedTuple

Quantile = Callable[[float], float]
"""The demand over the lead time at a probability, from a forecast."""


def critical_ratio(price_minor: int, cost_minor: int, salvage_minor: int = 0) -> float:
    """The newsvendor's service level (Arrow, Harris & Marschak 1951): c_u ÷ (c_u + c_o).

    c_u = price − cost is lost with each sale missed, c_o = cost − salvage with each unit left over.

    >>> critical_ratio(400, 100)
    0.75
    """
    under, over = price_minor - cost_minor, cost_minor - salvage_minor
    if under <= 0:
        return 0.0
    return under / (under + over) if over > 0 else 1.0


def safety_stock(
    level: float, lead_days: float, sd: float, mean: float = 0.0, lead_sd: float = 0.0
) -> float:
    """SS = z·√(L·σ_D² + D²·σ_L²), units; ``sd`` and ``mean`` of a day's demand, ``lead_sd`` in days.

    >>> round(safety_stock(0.95, 4.0, 3.0), 2)
    9.87
    """
    z = NormalDist().inv_cdf(level)
    return max(0.0, z * sqrt(lead_days * sd**2 + mean**2 * lead_sd**2))


class Order(NamedTuple):
    """A proposal with its arithmetic, for people to check."""

    units: int  # whole packs
    reorder_point: float
    expected: float  # demand over lead time and review
    safety: float  # reorder point − expected demand over the lead time
    position: int  # on hand + on order


def order(
    lead: Quantile, cycle: Quantile, *, level: float, on_hand: int, on_order: int = 0, pack: int = 1
) -> Order:
    """Order up to the ``level`` quantile of demand once the position has fallen to the reorder point.

    Args:
        lead: demand quantile over the lead time: its ``level`` is the reorder point.
        cycle: demand quantile over lead time and review period: its ``level`` is what to order up to.
        level: the service level, 0 to 1 (``critical_ratio``).
        on_hand: units in the store.
        on_order: units ordered and not yet received.
        pack: units come in whole packs of so many.

    >>> order(lambda q: 10 + 10 * q, lambda q: 20 + 20 * q, level=0.9, on_hand=15, pack=6).units
    24
    >>> order(lambda q: 10 + 10 * q, lambda q: 20 + 20 * q, level=0.9, on_hand=20, pack=6).units
    0
    """
    point, position = lead(level), on_hand + on_order
    short = cycle(level) - position
    packs = ceil(short / pack - 1e-9) if position <= point and short > 0 else 0
    return Order(packs * pack, point, cycle(0.5), point - lead(0.5), position)


class Tier(IntEnum):
    """How urgent a restock is."""

    OUT = 0  # nothing to sell
    TODAY = 1  # runs out before the next delivery even if ordered now
    SOON = 2  # at or under its reorder point
    FINE = 3


def tier(on_hand: int, rate_per_hour: float, lead_h: float, reorder_point: float) -> Tier:
    """The urgency of one SKU; ``rate_per_hour`` is the forecast demand rate while open.

    >>> tier(0, 1.0, 24, 30), tier(10, 1.0, 24, 30), tier(28, 1.0, 24, 30), tier(90, 1.0, 24, 30)
    (<Tier.OUT: 0>, <Tier.TODAY: 1>, <Tier.SOON: 2>, <Tier.FINE: 3>)
    """
    if on_hand <= 0:
        return Tier.OUT
    if rate_per_hour > 0 and on_hand / rate_per_hour < lead_h:
        return Tier.TODAY
    return Tier.SOON if on_hand <= reorder_point else Tier.FINE


class Line(NamedTuple):
    """One SKU of a restock list."""

    sku: str
    tier: Tier
    units: int
    cost_minor: int  # of one unit
    at_risk_minor: int  # margin lost a day without it


def within_budget(lines: Iterable[Line], budget_minor: int) -> list[Line]:
    """The lines to order for the money: by urgency, then by margin at risk for each unit of cost; whole lines only.

    >>> a = Line("a", Tier.SOON, 10, 100, 900)
    >>> b = Line("b", Tier.OUT, 10, 100, 100)
    >>> [line.sku for line in within_budget([a, b], 1500)]
    ['b']
    """

    def urgency(line: Line) -> tuple[int, float, str]:
        return line.tier, -line.at_risk_minor / max(1, line.units * line.cost_minor), line.sku

    chosen: list[Line] = []
    for line in sorted((line for line in lines if line.units > 0), key=urgency):
        cost = line.units * line.cost_minor
        if cost <= budget_minor:
            chosen.append(line)
            budget_minor -= cost
    return chosen


class Shelf(NamedTuple):
    """One store's stock of a SKU and what it needs of it."""

    store: str
    on_hand: int
    keep: float  # its own demand quantile over the cycle
    neighbours: frozenset[str] = frozenset()


class Transfer(NamedTuple):
    """Units to bring from one store to another."""

    giver: str
    taker: str
    units: int


def transfers(shelves: Sequence[Shelf], pack: int = 1) -> list[Transfer]:
    """Who can help whom with a SKU: surplus above a store's own need goes to near stores, the shortest first.

    >>> near = Shelf("a", 40, 10.0, frozenset({"b"})), Shelf("b", 2, 12.0, frozenset({"a"}))
    >>> transfers(near)
    [Transfer(giver='a', taker='b', units=10)]
    """
    spare = {s.store: int(max(0.0, s.on_hand - s.keep)) // pack * pack for s in shelves}
    moves: list[Transfer] = []
    for taker in sorted(shelves, key=lambda s: (s.on_hand - s.keep, s.store)):
        short = ceil((taker.keep - taker.on_hand) / pack - 1e-9) * pack
        givers = sorted(taker.neighbours & spare.keys(), key=lambda g: (-spare[g], g))
        for giver in givers:
            units = min(short, spare[giver])
            if short <= 0 or units <= 0:
                continue
            spare[giver] -= units
            short -= units
            moves.append(Transfer(giver, taker.store, units))
    return moves


class Readiness(NamedTuple):
    """Whether a planned event can be served."""

    sku: str
    expected: float
    wanted: float  # the service level's quantile with the uplift
    available: int
    missing: int


def promotion_readiness(
    sku: str, demand: Quantile, uplift: float, available: int, level: float = 0.9
) -> Readiness:
    """Stock for an event: the demand quantile times the uplift against what will be there.

    >>> promotion_readiness("s", lambda q: 100 * q, 2.0, 150).missing
    30
    """
    wanted = demand(level) * uplift
    return Readiness(
        sku, demand(0.5) * uplift, wanted, available, max(0, ceil(wanted - available - 1e-9))
    )
