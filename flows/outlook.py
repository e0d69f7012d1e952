"""A store's forecasts: their models in memory, and how they learn. Pure. ``outlook_ahead`` says what they say.

A *target* (visitors, sales, …) is one number by slot: quarter-hours for visitors, hours for what comes in smaller
numbers. Its model is a ``SlotForecaster`` of the usual under an ``EventLift`` of what was announced; both are kept as
bytes, so that a snapshot never aliases them. They learn when a slot's quarters are final, and only then do their
forecasts change.
"""

import pickle
from collections.abc import Callable
from functools import lru_cache
from math import isnan, nan
from typing import NamedTuple

from msgspec import Struct

from flows.announced import slot_features, words_of
from flows.forecasting.lift import EventLift
from flows.forecasting.slots import SlotForecaster
from flows.measure import View
from flows.panes import Squeezed, squeeze, unsqueeze
from flows.profile import Profile, instant_of, minute_of
from flows.spans import QUARTER

COVERED = 0.8  # below this share of sensor minutes a quarter is unknown and teaches nothing


class ForecastMemory(Struct):
    """One target's models as bytes, and what governance last said.

    Attributes:
        state: ``Model``, pickled and compressed; empty before the first slot.
        learned: minute after the last slot learned; ``taught_at``: the minute in which it was.
        reason, changed_at: governance's last word, and the first minute of the slot that brought it.
        slot, parts, total: first minute of the slot whose quarters are being added up, how many, their sum.
    """

    state: Squeezed = b""
    learned: int = 0
    taught_at: int = 0
    reason: str = ""
    changed_at: int = 0
    slot: int = 0
    parts: int = 0
    total: float = 0.0


class Target(NamedTuple):
    """What is forecast.

    Attributes:
        name: as in ``forecast_state``'s subject.
        memory: the class its models are kept in.
        length: minutes of a slot, 15 or 60.
        amount: its number in a quarter's view.
    """

    name: str
    memory: type[ForecastMemory]
    length: int
    amount: Callable[[View], float]


class Model(NamedTuple):
    """The usual, and what events do to it."""

    base: SlotForecaster
    lift: EventLift


@lru_cache(maxsize=512)
def model_of(state: bytes) -> Model:
    """The models in a memory's state, to look at only."""
    base, lift = pickle.loads(unsqueeze(state))  # noqa: S301  our own recovery state, as bytewax itself keeps it
    return Model(base, lift)


# ── learn ─────────────────────────────────────────────────────────────────────────────────────────────────
def learn(memory: ForecastMemory, view: View, target: Target) -> None:
    """Take in a final quarter; its slot is learned when all of its open quarters are final.

    A quarter the doors' counters did not cover leaves its slot unknown: also of sales, for the gateway that carries
    both was away.
    """
    slot = slot_start(view.profile, view.start, target.length)
    if memory.slot != slot:
        memory.slot, memory.parts, memory.total = slot, 0, 0.0
    if not _is_open(view.profile, view.start):
        return
    if view.coverage is not None and view.coverage < COVERED:
        memory.parts = -target.length  # never whole
    memory.parts += 1
    memory.total += max(0.0, float(target.amount(view)))
    quarters = [q for q in range(slot, slot + target.length, QUARTER) if _is_open(view.profile, q)]
    if quarters and view.start == quarters[-1] and memory.parts == len(quarters):
        _teach(memory, view, target, slot)


def slot_start(profile: Profile, minute: int, length: int) -> int:
    """First minute of the slot that holds ``minute``, in the shop's own time."""
    return minute - instant_of(minute).astimezone(profile.store.tz).minute % length


def _is_open(profile: Profile, minute: int) -> bool:
    opened = profile.open_minutes(minute)
    return not profile.store.hours or (minute + QUARTER > opened.start and minute < opened.stop)


def _teach(memory: ForecastMemory, view: View, target: Target, slot: int) -> None:
    profile, y = view.profile, memory.total
    x = slot_features(profile, slot, target.length, words_of(view), instant_of(slot))
    if x.get("open") == 0.0:
        return
    slots = 1440 // target.length
    if memory.state:
        base, lift = pickle.loads(unsqueeze(memory.state))  # noqa: S301  our own recovery state
    else:
        base, lift = SlotForecaster(slots), EventLift(slots)
    day, at = divmod(int(x["step"] or 0), slots)
    planned = nan
    if base.step is not None and lift.row(x) is not None:
        planned = float(base.plan_for(day, x).mixed[at])
    lift.learn(x, y, 0.0 if isnan(planned) else planned, day=day, level=base.profile.level)
    base.learn_one(x, y / lift.factor(x))
    memory.state = squeeze(pickle.dumps((base, lift), protocol=pickle.HIGHEST_PROTOCOL))
    memory.learned, memory.taught_at = view.end, minute_of(view.at)
    if base.verdict is not None and memory.reason != base.verdict.reason:
        memory.reason, memory.changed_at = base.verdict.reason, view.start
