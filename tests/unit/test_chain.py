"""Many stores side by side."""

from datetime import UTC, datetime, timedelta
from statistics import NormalDist

import pytest

from flows.chain import Latest, attention, league, prior_of, transfer_candidates
from flows.chain_words import HOLDS, Chain, words
from flows.facts import Evidence, Fact
from flows.ledger import Ledger
from flows.profile import Profiles
from flows.publish import Publisher
from sensors.events import Plan
from tests.floor_runs import FLOWS, SENSORS

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)


def _fact(
    metric: str, value: object, window: str = "60m", subject: str = "", **more: object
) -> Fact:
    return Fact(
        store="s", metric=metric, window=window, start=AT, end=AT + timedelta(hours=1), value=value,  # type: ignore[arg-type]
        unit="ratio", as_of=AT, subject=subject, **more,  # type: ignore[arg-type]
    )  # fmt: skip


def _store(k: int, n: int, *facts: Fact) -> Latest:
    rate = _fact("conversion", k / n if n else None, evidence=Evidence(k=k, n=n))
    return {(f.metric, f.subject, f.window): f for f in (rate, _fact("atv", 10_000), *facts)}


def test_a_small_store_is_drawn_to_the_chain() -> None:
    """Three sales of five visitors do not lead the league before two hundred of a thousand."""
    rates = {"big": (260, 1000), "tiny": (3, 5), "usual": (200, 1000), "low": (140, 1000)}
    places = league({store: _store(*rate) for store, rate in rates.items()}, "60m")
    assert places[0].store == "big"
    shrunk = {place.store: place.shrunk for place in places}
    assert shrunk["tiny"] < 0.26
    assert abs(shrunk["big"] - 0.26) < 0.005
    verdicts = {place.store: place.verdict for place in places}
    assert verdicts == {"big": "above", "tiny": "as_chain", "usual": "as_chain", "low": "below"}


def test_the_prior_recovers_how_much_stores_differ() -> None:
    """Of stores drawn from a known beta distribution the moments give its mean and weight back within a fifth."""
    alpha, beta, n = 20.0, 80.0, 2_000
    quantiles = [(i + 0.5) / 200 for i in range(200)]
    sd = (alpha * beta / ((alpha + beta) ** 2 * (alpha + beta + 1))) ** 0.5
    rates = [(round(n * NormalDist(0.2, sd).inv_cdf(q)), n) for q in quantiles]
    prior = prior_of(rates)
    assert prior is not None
    assert prior.mean == pytest.approx(0.2, abs=0.002)
    assert prior.weight == pytest.approx(100.0, rel=0.2)


def test_the_dearest_store_comes_first() -> None:
    """Attention is ordered by money at risk, and names every reason; a store without any is left out."""
    line = _fact("tills_needed", 3, "now", reason="open_till")
    stores = {
        "fine": _store(200, 1000), "fine2": _store(205, 1000), "queue": _store(198, 1000, line),
        "bad": _store(90, 1000), "worse": _store(180, 2000),
    }  # fmt: skip
    found = attention(stores)
    assert [(each.store, each.reasons) for each in found] == [
        ("worse", ("conversion_below_chain",)),
        ("bad", ("conversion_below_chain",)),
        ("queue", ("open_till",)),
    ]
    assert found[0].minor > found[1].minor > found[2].minor == 0


def test_goods_move_only_between_neighbours() -> None:
    """A store short of a SKU gets it from the near store with surplus, never from a far one."""

    def cover(on_hand: int, rate: float) -> Latest:
        fact = _fact(
            "sku_cover", on_hand / rate, "now", "sku:p", evidence=Evidence(n=rate, k=on_hand),
            detail={"days": on_hand / rate / 10},
        )  # fmt: skip
        return {("sku_cover", "sku:p", "now"): fact}

    stores = {"near": cover(80, 1.0), "short": cover(5, 1.0), "far": cover(500, 1.0)}
    moves = transfer_candidates(stores, {"near": ["short"], "short": ["near"]}, days=2.0)
    assert {sku: [tuple(move) for move in found] for sku, found in moves.items()} == {
        "p": [("near", "short", 15)]
    }


def _heard(plans: list[Plan], at: datetime) -> dict[tuple[str, str], Fact]:
    """What a store's floor publishes of the words that reach it, in any order and twice."""
    store = plans[0].store
    publisher = Publisher(Ledger(Profiles(FLOWS, SENSORS).of(store)))
    publisher.ledger.take([*reversed(plans), *plans], at)
    return {(f.metric, f.subject): f for f in publisher.tick(at)}


def _cover(on_hand: int) -> dict[tuple[str, str, str], Fact]:
    fact = _fact(
        "sku_cover", float(on_hand), "now", "sku:p", evidence=Evidence(n=1.0, k=on_hand),
        detail={"days": on_hand / 10},
    )  # fmt: skip
    return {("sku_cover", "sku:p", "now"): fact}


def _told(north: int, south: int) -> dict[str, list[Plan]]:
    """Words between two stores with so many sales of a thousand visitors each, one of them short of a SKU."""
    rates = {"north": north, "south": south}
    latest = {}
    for name, k in rates.items():
        day = _fact("conversion", k / 1000, "day", evidence=Evidence(k=k, n=1000))
        latest[name] = {
            **_store(k, 1000),
            ("conversion", "", "day"): day,
            **_cover({"north": 80}.get(name, 5)),
        }
    near = {"north": ["south"], "south": ["north"]}
    sales = {"north": 1_100, "south": 900}, {"north": 1_000, "south": None}
    chain = Chain(AT, latest, {}, *sales, dict.fromkeys(rates, "EUR"), near)
    every = words(chain)
    return {name: [plan for plan in every if plan.store == name] for name in rates}


def test_each_store_is_told_what_all_show_together() -> None:
    """Rank, need of help, growth and goods to move reach each store's facts as by hand, and end with their word."""
    told = _told(260, 140)
    facts = _heard(told["south"], AT)
    place = facts["chain_standing", ""]
    assert (place.reason, place.detail) == ("below", {"rank": 2, "stores": 2})
    assert 0.14 < float(place.value or 0) < 0.2
    needs = facts["chain_attention", ""]
    lost = (0.2 - float(place.value or 0)) * 1_000 * 10_000
    assert needs.value == pytest.approx(lost, rel=1e-3)
    assert needs.detail == {"rank": 1, "stores": 2, "reasons": "conversion_below_chain"}
    growth = facts["like_for_like", ""]
    assert (growth.value, growth.evidence.k, growth.evidence.n) == (0.1, 1_100, 1_000)
    assert growth.detail == {"stores": 1, "left_out": "south"}
    goods = facts["transfer", "sku:p"]
    assert (goods.value, goods.reason, goods.detail) == (15, "bring_in", {"north": 15})
    north = _heard(told["north"], AT)
    assert (north["transfer", "sku:p"].value, north["transfer", "sku:p"].reason) == (
        -15,
        "send_out",
    )
    assert north["chain_attention", ""].value == 0
    assert north["like_for_like", ""].detail["own"] == 0.1
    publisher = Publisher(Ledger(Profiles(FLOWS, SENSORS).of("south")))
    publisher.ledger.take(told["south"], AT)
    publisher.tick(AT)
    over = {f.metric: f.value for f in publisher.tick(AT + HOLDS)}
    ended = ("chain_standing", "chain_attention", "like_for_like", "transfer")
    assert {metric: over[metric] for metric in ended} == dict.fromkeys(ended)


def test_an_empty_chain_has_no_league() -> None:
    """Without visitors anywhere there is no rate, no order and no accusation."""
    assert league({"a": _store(0, 0)}, "60m") == []
    assert attention({"a": _store(0, 0)}) == []
