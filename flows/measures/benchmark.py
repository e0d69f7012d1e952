"""What the shop should be doing, what falling short of it costs, and why today is behind."""

from collections.abc import Iterator
from math import log
from typing import NamedTuple

from flows.facts import Evidence
from flows.footing import QUARTER, footing, place_of
from flows.inference.usual import KNOWN, SLOTS, STORE, Slot, UsualMemory
from flows.measure import Measure, Reading, View
from flows.profile import minute_of
from flows.tallies.footfall import DoorTally
from flows.tallies.peers import Peers
from flows.tallies.sales import TillTally

COVERED = 0.8  # below this share of sensor minutes a quarter teaches nothing
DOORS_KEPT = 20_000.0  # visitors of memory for the doors' shares
ON_PLAN = 0.05  # of the plan: a smaller gap needs no reason


def learn(memory: UsualMemory, view: View) -> None:
    """Note a final, covered quarter of opening time; then say what is usual in the next."""
    opened = view.profile.open_minutes(view.start)
    if not (view.start < opened.stop and view.end > opened.start):
        return
    memory.turn(view.profile.day_of(view.start)[0])
    if view.coverage is None or view.coverage >= COVERED:
        doors, tills = view.total(DoorTally), view.total(TillTally)
        weekday, slot = place_of(view.profile, view.start)
        news = (doors.visitors, doors.groups, tills.transactions, tills.net_minor)
        memory.today[weekday * SLOTS + slot] = Slot(1, *news)
        _learn_doors(memory, view)
    memory.rates = _rates(memory, view, opened.start)


def _learn_doors(memory: UsualMemory, view: View) -> None:
    for door, tally in view.of(DoorTally).items():
        memory.doors[door] = memory.doors.get(door, 0.0) + tally.visitors
    total = sum(memory.doors.values())
    if total > DOORS_KEPT:
        memory.doors = {door: round(n * DOORS_KEPT / total, 3) for door, n in memory.doors.items()}


class Prior(NamedTuple):
    """What is taken for usual before the shop's own history: a rate, the visitors it counts for, where it is from."""

    mean: float
    worth: float
    source: str


def prior_of(view: View) -> Prior:
    """The other stores of the chain where it has told of them and they are in date, else the profile."""
    peers = view.of(Peers).get("conversion")
    if peers is not None and peers.until > view.at:
        return Prior(peers.mean, peers.weight, "peers")
    return Prior(view.profile.benchmark.conversion, STORE, "profile")


def _rates(memory: UsualMemory, view: View, opens: int) -> dict[str, float]:
    """Usual conversion by window at the quarter after the view's; empty before enough has been seen."""
    if memory.visitors < KNOWN:
        return {}
    weekday, slot = place_of(view.profile, view.end)
    first = place_of(view.profile, opens)[1]
    spans = {
        "quarter": [slot],
        "15m": [slot],
        "60m": [(slot - back) % SLOTS for back in range(4)],
        "day": list(range(first, slot + 1)) if first <= slot else [slot],
    }
    mean, worth, _ = prior_of(view)
    return {window: memory.rate(weekday, span, mean, worth).value for window, span in spans.items()}


def reference(view: View) -> tuple[float, str]:
    """The conversion to hold the shop to in this window, and where it comes from."""
    memory = view.memory(UsualMemory)
    usual = memory.rates.get(view.window)
    if usual is not None:
        return usual, "history"
    prior = prior_of(view)
    if prior.source == "profile":
        return prior.mean, prior.source
    return round(memory.whole(prior.mean, prior.worth), 6), prior.source


def conversion_benchmark(view: View) -> Iterator[Reading]:
    """The benchmark with its band, the profile's width around it.

    From the shop's own history, drawn towards its peers; of a young shop what its peers show (``detail.peers``, of
    ``detail.peer_stores`` stores); else the profile's.
    """
    value, source = reference(view)
    known = view.profile.benchmark
    scale = value / known.conversion
    evidence = Evidence(
        n=round(view.memory(UsualMemory).visitors),
        low=round(known.conversion_low * scale, 6),
        high=round(known.conversion_high * scale, 6),
    )
    peers = view.of(Peers).get("conversion")
    detail: dict[str, str | int | float | None] = {}
    if peers is not None and peers.until > view.at:
        detail = {"peers": round(peers.mean, 6), "peer_stores": peers.stores}
    yield Reading(value, evidence=evidence, reason=source, detail=detail)


def sales_at_risk(view: View) -> Iterator[Reading]:
    """¥ at risk: (benchmark − actual conversion) × visitors × ATV, in minor units, not below 0."""
    expected, source = reference(view)
    tills, seen = view.total(TillTally), footing(view)
    if seen.visitors <= 0:
        return
    atv = (
        tills.net_minor / tills.transactions
        if tills.transactions
        else view.profile.benchmark.atv_minor
    )
    missing = expected * seen.visitors - tills.transactions
    yield Reading(
        max(0, round(missing * atv)),
        evidence=Evidence(n=seen.visitors, k=tills.transactions),
        reason=source,
        state="imputed" if seen.imputed else None,
    )


def split(
    actual: tuple[float, float, float], plan: tuple[float, float, float]
) -> tuple[float, float, float]:
    """The gap of two products, exactly, as a sum over their factors: logarithmic-mean Divisia index (Ang 2004).

    effect_i = L(S, S₀)·ln(x_i ÷ x_i₀), L(a, b) = (a − b) ÷ ln(a ÷ b). A factor of 0 takes the whole gap.

    >>> [round(effect, 1) for effect in split((80, 0.25, 100), (100, 0.25, 100))]
    [-500.0, 0.0, 0.0]
    >>> round(sum(split((90, 0.2, 110), (100, 0.25, 100))), 6)
    -520.0
    """
    now, then = actual[0] * actual[1] * actual[2], plan[0] * plan[1] * plan[2]
    if min(*actual, *plan) <= 0:
        gone = next((n for n, factor in enumerate(actual) if factor <= 0), 0)
        return tuple(now - then if n == gone else 0.0 for n in range(3))  # type: ignore[return-value]
    mean = now if now == then else (now - then) / log(now / then)
    effects = (mean * log(a / b) for a, b in zip(actual, plan, strict=True))
    return tuple(effects)  # type: ignore[return-value]


def sales_gap(view: View) -> Iterator[Reading]:
    """Today's sales less what is usual up to now, in minor units, and which factor explains most of it.

    ``detail``: what each factor adds to the gap (they sum to it), and each factor now and usually. Nothing before the
    shop has seen this quarter-hour on an earlier day.
    """
    minute = minute_of(view.at)
    planned = _planned(view, minute)
    if planned is None:
        return
    day = View(
        view.profile, "day", view.profile.day_of(minute), view.today, view.at, day=view.today
    )
    tills, visitors = day.total(TillTally), day.total(DoorTally).visitors
    known = view.profile.benchmark
    usual = view.memory(UsualMemory).rates.get("day", known.conversion)
    plan = (planned, usual, view.memory(UsualMemory).atv() or float(known.atv_minor))
    actual = (
        float(visitors),
        tills.transactions / visitors if visitors else 0.0,
        tills.net_minor / tills.transactions if tills.transactions else 0.0,
    )
    effects = dict(zip(("visitors", "conversion", "atv"), split(actual, plan), strict=True))
    gap, expected = sum(effects.values()), plan[0] * plan[1] * plan[2]
    main = min(effects, key=lambda name: effects[name] * (1 if gap < 0 else -1))
    near = abs(gap) < ON_PLAN * expected
    yield Reading(
        round(gap),
        evidence=Evidence(n=round(expected), k=tills.net_minor),
        reason="on_plan" if near else f"{'low' if gap < 0 else 'high'}_{main}",
        detail={
            **{name: round(effect) for name, effect in effects.items()},
            **{
                f"{name}_now": round(factor, 4)
                for name, factor in zip(effects, actual, strict=True)
            },
            **{
                f"{name}_usual": round(factor, 4)
                for name, factor in zip(effects, plan, strict=True)
            },
        },
    )


def _planned(view: View, minute: int) -> float | None:
    """Usual visitors from opening up to a minute; ``None`` while a quarter in between is not known."""
    opened = view.profile.open_minutes(minute)
    until = min(minute, opened.stop)
    if until <= opened.start:
        return None
    total = 0.0
    memory = view.memory(UsualMemory)
    for start in range(opened.start, until, QUARTER):
        usual = memory.expected(*place_of(view.profile, start))
        if usual is None:
            return None
        total += usual * min(QUARTER, until - start) / QUARTER
    return total if total > 0 else None


_READS = (TillTally, DoorTally)
MEASURES = (
    Measure(
        "conversion_benchmark", "ratio", (), conversion_benchmark, ("15m", "60m", "day"),
        cadence=5, memory=UsualMemory, learn=learn,
    ),
    Measure("sales_at_risk", "minor", _READS, sales_at_risk, ("60m", "day"), covered=True, cadence=1),
    Measure("sales_gap", "minor", _READS, sales_gap, ("now",), cadence=5),
)  # fmt: skip
