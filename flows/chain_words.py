"""What the chain tells each of its stores, as plans for their logs, so that a replay hears it too. Pure.

    every store's newest facts ─▶ peers, standing, attention, like-for-like, transfers ─▶ plans, by store

A plan's id says for when it is: told twice, it counts once.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from flows.chain import Latest, attention, league, like_for_like, prior_of, transfer_candidates
from flows.tallies.chain_words import TRANSFER
from flows.tallies.peers import note_of
from sensors.events import Plan

SOURCE = "chain"
HOLDS = timedelta(hours=2)  # a word about the moment, if no newer one comes
PEERS_HOLD = timedelta(hours=48)
LEFT_OUT = 5  # stores that are named


class Chain(NamedTuple):
    """What is known of all stores at one moment.

    Attributes:
        at: the moment, by the log.
        latest: each store's newest facts.
        past: transactions and visitors of each store's recent whole days.
        sales_now, sales_then: net sales of the day so far and of the same weekday a week before, up to the same time,
            in minor units; ``None``: not open.
        currencies: of each store; sales of two are not added.
        neighbours: the stores near each.
    """

    at: datetime
    latest: Mapping[str, Latest]
    past: Mapping[str, tuple[float, float]]
    sales_now: Mapping[str, int | None]
    sales_then: Mapping[str, int | None]
    currencies: Mapping[str, str]
    neighbours: Mapping[str, list[str]]


def words(chain: Chain) -> list[Plan]:
    """Everything there is to tell, by store."""
    makers = (_peers, _standings, _attention, _growth, _transfers)
    return sorted((plan for make in makers for plan in make(chain)), key=lambda p: (p.store, p.id))


def _peers(chain: Chain) -> Iterator[Plan]:
    """To each store the prior of all the others' conversion; none where fewer than two others were seen."""
    for store in sorted(chain.past):
        others = [
            rate for name, rate in sorted(chain.past.items()) if name != store and rate[1] > 0
        ]
        prior = prior_of(others)
        if prior is not None and len(others) > 1:
            note = note_of(prior.weight, len(others))
            yield Plan(
                at=chain.at, store=store, source=SOURCE, id=f"peers/{chain.at.isoformat()}", about="peers",
                subject="conversion", starts_at=chain.at, ends_at=chain.at + PEERS_HOLD, value=round(prior.mean, 6),
                note=note,
            )  # fmt: skip


def _standings(chain: Chain) -> Iterator[Plan]:
    places = [place for place in league(chain.latest, "day") if place.visitors]
    if len(places) < 2:
        return
    for rank, place in enumerate(places, 1):
        yield word(
            chain.at, place.store, "chain_standing", place.shrunk, verdict=place.verdict, rank=rank,
            stores=len(places), n=place.visitors, low=place.low, high=place.high,
        )  # fmt: skip


def _attention(chain: Chain) -> Iterator[Plan]:
    """Of every store, so that one that no longer needs anybody is told so."""
    if len(chain.latest) < 2:
        return
    first = {each.store: (rank, each) for rank, each in enumerate(attention(chain.latest), 1)}
    for store in chain.latest:
        if store not in first:
            yield word(chain.at, store, "chain_attention", 0, stores=len(chain.latest))
            continue
        rank, each = first[store]
        reasons = ",".join(each.reasons)
        yield word(
            chain.at, store, "chain_attention", each.minor, rank=rank, stores=len(chain.latest), reasons=reasons
        )  # fmt: skip


def _growth(chain: Chain) -> Iterator[Plan]:
    """Like-for-like of all stores of a currency, and each store's own."""
    for currency in sorted(set(chain.currencies.values())):
        mine = [store for store, held in chain.currencies.items() if held == currency]
        now = {store: chain.sales_now.get(store) for store in mine}
        then = {store: chain.sales_then.get(store) for store in mine}
        whole = like_for_like(now, then)
        if whole.growth is None or len(mine) < 2:
            continue
        for store in mine:
            own = like_for_like({store: now[store]}, {store: then[store]}).growth
            yield word(
                chain.at, store, "like_for_like", whole.growth, now_minor=whole.now, then_minor=whole.then,
                stores=whole.stores, own=own, left_out=",".join(whole.left_out[:LEFT_OUT]),
            )  # fmt: skip


def _transfers(chain: Chain) -> Iterator[Plan]:
    """To givers and takers alike: units out are negative; ``note`` names each other store and its units."""
    moves: dict[tuple[str, str], dict[str, int]] = {}
    for sku, found in transfer_candidates(chain.latest, chain.neighbours).items():
        for giver, taker, units in found:
            moves.setdefault((giver, sku), {})[taker] = -units
            moves.setdefault((taker, sku), {})[giver] = units
    for (store, sku), others in sorted(moves.items()):
        named = {other: abs(units) for other, units in sorted(others.items())}
        yield word(chain.at, store, TRANSFER + sku, sum(others.values()), **named)


def word(at: datetime, store: str, subject: str, value: float, **note: str | float | None) -> Plan:
    """One word about a store's place in the chain; ``note`` what is told beside its value."""
    said = " ".join(f"{name}={word}" for name, word in note.items() if word not in (None, ""))
    return Plan(
        at=at, store=store, source=SOURCE, id=f"{subject}/{at.isoformat()}", about="chain",
        subject=subject, starts_at=at, ends_at=at + HOLDS, value=value, note=said[:500],
    )  # fmt: skip
