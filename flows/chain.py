"""What only many stores together can tell: the league, like-for-like, who needs attention first, transfers. Pure.

A store lives on one partition, so no dataflow step sees two stores. This module computes the chain's values from each
store's newest facts (as the facts' reader holds them) at the moment they are asked for: no state, no clock, no order of
arrival, hence the same answer wherever and whenever the same facts are read.
"""

from collections.abc import Iterable, Mapping, Sequence
from math import sqrt
from typing import NamedTuple

from flows.decisions.stock import Shelf, Transfer, transfers
from flows.facts import Fact
from flows.measure import ratio

Latest = Mapping[tuple[str, str, str], Fact]  # (metric, subject, window) → newest fact of one store
SIGMAS = 1.28  # one-sided 90 %
LEAST = 20  # the chain's spread is not taken to be smaller than this many visitors' worth …
MOST = 100_000.0  # … nor the prior to weigh more than this


class Prior(NamedTuple):
    """The chain's rates as a beta distribution: ``mean``, and ``weight`` α + β in visitors."""

    mean: float
    weight: float

    def shrunk(self, k: float, n: float) -> float:
        """A store's posterior mean (k + mean·weight) ÷ (n + weight).

        >>> Prior(0.2, 100.0).shrunk(50, 100), Prior(0.2, 100.0).shrunk(0, 0)
        (0.35, 0.2)
        """
        return (k + self.mean * self.weight) / (n + self.weight)

    def spread(self, k: float, n: float) -> float:
        """The posterior's standard deviation."""
        mean = self.shrunk(k, n)
        return sqrt(mean * (1 - mean) / (n + self.weight + 1))


def prior_of(rates: Sequence[tuple[float, float]]) -> Prior | None:
    """Empirical Bayes by moments (Kleinman 1973): the mean of all, and how far stores differ beyond chance.

    With S = Σ nᵢ(pᵢ − p)², N = Σ nᵢ, m stores and ρ = 1 ÷ (weight + 1):
    E S = p(1 − p)·[(m − 1)(1 − ρ) + ρ(N − Σ nᵢ²/N)].

    Args:
        rates: (k, n) of each store; those without visitors count nothing.

    >>> prior_of([(100, 1000), (300, 1000)]).weight < prior_of([(198, 1000), (202, 1000)]).weight
    True
    >>> prior_of([]) is None
    True
    """
    seen = [(k, n) for k, n in rates if n > 0]
    whole = sum(n for _, n in seen)
    if not whole:
        return None
    mean = sum(k for k, _ in seen) / whole
    if len(seen) < 2 or not 0 < mean < 1:
        return Prior(min(1.0, max(0.0, mean)), float(LEAST))
    scatter = sum(n * (k / n - mean) ** 2 for k, n in seen) / (mean * (1 - mean))
    chance = len(seen) - 1
    apart = whole - sum(n * n for _, n in seen) / whole - chance
    rho = (scatter - chance) / apart if apart > 0 else 0.0
    weight = 1 / rho - 1 if rho > 1 / MOST else MOST
    return Prior(mean, max(float(LEAST), min(MOST, weight)))


class Standing(NamedTuple):
    """A store in the league.

    Attributes:
        rank: 1 is the highest shrunken rate.
        raw, shrunk: conversion as counted, and drawn towards the chain by how little was seen.
        low, high: 80 % of what the shrunken rate may be.
        verdict: ``above`` or ``below`` the chain if its interval leaves the chain's mean out, else ``as_chain``.
    """

    store: str
    rank: int
    visitors: float
    raw: float | None
    shrunk: float
    low: float
    high: float
    verdict: str


def league(stores: Mapping[str, Latest], window: str = "day") -> list[Standing]:
    """Every store's conversion, shrunken towards the chain, highest first; ties by name."""
    counts = {
        store: _counts(facts.get(("conversion", "", window))) for store, facts in stores.items()
    }
    prior = prior_of(list(counts.values()))
    if prior is None:
        return []
    order = sorted(counts, key=lambda store: (-prior.shrunk(*counts[store]), store))
    standings = []
    for rank, store in enumerate(order, 1):
        k, n = counts[store]
        shrunk, margin = prior.shrunk(k, n), SIGMAS * prior.spread(k, n)
        verdict = "above" if shrunk - margin > prior.mean else "as_chain"
        verdict = "below" if shrunk + margin < prior.mean else verdict
        standings.append(
            Standing(
                store, rank, n, ratio(k, n), round(shrunk, 6), round(max(0.0, shrunk - margin), 6),
                round(min(1.0, shrunk + margin), 6), verdict,
            )
        )  # fmt: skip
    return standings


def _counts(fact: Fact | None) -> tuple[float, float]:
    if fact is None or not fact.evidence.n:
        return 0.0, 0.0
    return min(float(fact.evidence.k or 0), float(fact.evidence.n)), float(fact.evidence.n)


class Growth(NamedTuple):
    """Like-for-like: the same stores then and now; stores open in one period only are left out and named."""

    now: int
    then: int
    growth: float | None
    stores: int
    left_out: tuple[str, ...]


def like_for_like(now: Mapping[str, int | None], then: Mapping[str, int | None]) -> Growth:
    """Growth of the stores that have a value in both periods: Σ now ÷ Σ then − 1.

    Args:
        now: a total (net sales in minor units of one currency, visitors) by store; ``None`` or absent: not open.
        then: the same of the earlier period.

    >>> like_for_like({"a": 110, "b": 50, "new": 40}, {"a": 100, "b": 50, "old": 7})
    Growth(now=160, then=150, growth=0.066667, stores=2, left_out=('new', 'old'))
    """
    same = {s for s in now.keys() & then.keys() if now[s] is not None and then[s] is not None}
    current, before = sum(now[s] or 0 for s in same), sum(then[s] or 0 for s in same)
    share = ratio(current, before)
    growth = None if share is None else round(share - 1, 6)
    return Growth(
        current, before, growth, len(same), tuple(sorted((now.keys() | then.keys()) - same))
    )


class Attention(NamedTuple):
    """A store and why to look at it first; ``minor`` is the money at risk that the order follows."""

    store: str
    minor: int
    reasons: tuple[str, ...]


def attention(stores: Mapping[str, Latest], window: str = "60m") -> list[Attention]:
    """Stores that need somebody, the dearest first: sales lost against the chain's rate, then their other reasons.

    Money: (chain's rate − shrunken rate) × visitors × average ticket, of stores ``below``; a queue, empty shelves and
    silent sensors add their reason.
    """
    standing = {each.store: each for each in league(stores, window)}
    prior = prior_of([_counts(facts.get(("conversion", "", window))) for facts in stores.values()])
    found: list[Attention] = []
    for store, facts in stores.items():
        reasons, minor = [], 0
        place = standing.get(store)
        if place and prior and place.verdict == "below":
            atv = facts.get(("atv", "", window))
            money = float(atv.value) if atv and isinstance(atv.value, int | float) else 0.0
            minor = round((prior.mean - place.shrunk) * place.visitors * money)
            reasons.append("conversion_below_chain")
        reasons += _other_reasons(facts)
        if reasons:
            found.append(Attention(store, minor, tuple(reasons)))
    return sorted(found, key=lambda each: (-each.minor, -len(each.reasons), each.store))


def _other_reasons(facts: Latest) -> list[str]:
    reasons = set()
    for (metric, _, window), fact in facts.items():
        if window == "now" and (
            (metric == "tills_needed" and fact.reason == "open_till")
            or metric == "oos_rate"
            or (metric == "shelf_silence" and fact.reason != "out_of_stock")
        ):
            reasons.add(fact.reason)
        elif metric == "sensor_health" and fact.value in ("silent", "offline", "fault"):
            reasons.add("sensor_" + str(fact.value))
    return sorted(reasons - {""})


def transfer_candidates(
    stores: Mapping[str, Latest], neighbours: Mapping[str, Iterable[str]], days: float = 2.0
) -> dict[str, list[Transfer]]:
    """By SKU, who could bring what to whom: surplus over ``days`` of cover goes to near stores that have less.

    A store's need is units per opening hour × its opening hours a day × ``days``, from ``sku_cover``; a store where the
    SKU sells nothing needs nothing of it.
    """
    shelves: dict[str, list[Shelf]] = {}
    for store, facts in sorted(stores.items()):
        near = frozenset(neighbours.get(store, ()))
        for (metric, subject, _), fact in facts.items():
            if metric == "sku_cover" and near and fact.evidence.k is not None:
                need = float(fact.evidence.n or 0.0) * _hours_a_day(fact) * days
                shelf = Shelf(store, int(fact.evidence.k), need, near)
                shelves.setdefault(subject.removeprefix("sku:"), []).append(shelf)
    found = {sku: transfers(some) for sku, some in sorted(shelves.items()) if len(some) > 1}
    return {sku: moves for sku, moves in found.items() if moves}


def _hours_a_day(fact: Fact) -> float:
    """Opening hours of the fact's day: its cover in hours ÷ its cover in days."""
    days = fact.detail.get("days")
    if isinstance(fact.value, int | float) and isinstance(days, int | float) and days > 0:
        return float(fact.value) / days
    return 12.0
