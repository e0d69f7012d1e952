"""What a slot forecaster says beyond the next slot: today's remaining slots, the next hour, later days."""

from collections.abc import Sequence
from math import exp, log

import numpy as np

from flows.forecasting.contract import Band, Features, Forecast, feature
from flows.forecasting.profile import Series
from flows.forecasting.slot_state import SlotState

PERSISTENCE = 0.6
"""How much of the next slot's departure, beyond the day's, lasts into the slot after it."""


def path(model: SlotState, slots: int) -> list[float]:
    """The next ``slots`` values of today, fewer when the day ends before."""
    if model.step is None or model.plan is None:
        return []
    slot = model.step % model.slots + 1
    mixed = model.plan.mixed[slot : slot + slots]
    if not len(mixed):
        return []
    first = model.predict_one({"step": model.step + 1, "holiday": float(model.holiday)}) or 0.0
    planned = float(mixed[0])
    near = _bounded_log(first, planned)
    lasting = 0.8 * model.today() if model.planned else 0.0
    moves = [lasting + (near - lasting) * PERSISTENCE**d for d in range(len(mixed))]
    values = [float(m) * exp(move) for m, move in zip(np.nan_to_num(mixed), moves, strict=True)]
    return [first, *values[1:]]


def _bounded_log(value: float, base: float) -> float:
    return min(1.5, max(-1.5, log((value + 0.1) / (base + 0.1))))


def forecast(model: SlotState, horizon: int, xs: Sequence[Features]) -> list[Forecast]:
    """The next ``horizon`` slots: the mixture, then today's path, then the plans of later days."""
    first = 0 if model.step is None else model.step + 1
    today = path(model, horizon)
    told: list[Forecast] = []
    for d in range(horizon):
        x: Features = {**(xs[d] if d < len(xs) else {}), "step": first + d}
        slot = (first + d) % model.slots
        holiday = feature(x, "holiday") > 0
        value = _value(model, d, today, x)
        told.append(
            Forecast(value, _bands(model, d, slot, value, today=d < len(today), holiday=holiday))
        )
    return told


def _value(model: SlotState, d: int, today: Sequence[float], x: Features) -> float:
    if x.get("open") == 0.0:
        return 0.0
    if d == 0:
        return model.predict_one(x) or 0.0
    if d < len(today):
        return today[d]
    day, slot = divmod(int(x["step"] or 0), model.slots)
    value = float(model.plan_for(day, x).mixed[slot])
    return value if value == value else 0.0  # noqa: PLR0124  NaN: nothing is known


def _bands(
    model: SlotState, d: int, slot: int, value: float, *, today: bool, holiday: bool
) -> tuple[Band, ...]:
    if d == 0:
        return model.next_bands.around(value, slot, holiday=holiday)
    far = model.plan_bands.around(value, slot, holiday=holiday)
    if not today:
        return far
    near = model.next_bands.around(value, slot, holiday=holiday)
    share = 0.7 * (1 - PERSISTENCE**d)  # errors grow from the next slot's towards the plan's
    return tuple(
        Band(n.level, n.low + share * (f.low - n.low), n.high + share * (f.high - n.high))
        for n, f in zip(near, far, strict=True)
    )


def rest_of_day(model: SlotState) -> Forecast | None:
    """What is still to come today after the last slot learned; ``None`` before anything was learned."""
    if model.step is None or model.plan is None:
        return None
    slot = model.step % model.slots
    if slot + 1 >= model.slots:
        return Forecast(0.0)
    origin = model.origin(slot)
    around = model.rest.bands.around(origin.spoken, origin.hour, holiday=model.holiday)
    return Forecast(origin.spoken, around)


def day_total(model: SlotState, plan: Series, x: Features) -> Forecast:
    """The total of a day after today, of which ``plan`` says the slots and ``x`` the features."""
    total = float(plan.sum())
    holiday = feature(x, "holiday") > 0
    return Forecast(total, model.day_bands.around(total, 0, holiday=holiday))


def at_steps(model: SlotState, xs: Sequence[Features]) -> list[Forecast | None]:
    """The slots whose features are given, in order, from the first after the last learned on.

    ``None`` for a slot of which nothing like it was ever seen. A closed slot (``open`` is 0) is 0.
    """
    if model.step is None or not xs:
        return [None] * len(xs)
    steps = [int(x["step"] or 0) for x in xs]
    if model.profile.usual(steps[0]) is None and model.profile.usual(steps[-1]) is None:
        return [None] * len(xs)
    horizon = steps[-1] - model.step
    known = dict(zip(steps, xs, strict=True))
    far = [known.get(model.step + 1 + d, xs[0]) for d in range(horizon)]
    if steps[0] // model.slots == model.step // model.slots:
        told = forecast(model, horizon, far)
        return [told[s - model.step - 1] if s > model.step else None for s in steps]
    plans: dict[int, Series] = {}  # a day's slots have its calendar flags in common
    for step, x in zip(steps, xs, strict=True):
        if step // model.slots not in plans:
            plans[step // model.slots] = model.plan_for(step // model.slots, x).mixed
    return [
        _planned(model, step % model.slots, plans[step // model.slots], x)
        for step, x in zip(steps, xs, strict=True)
    ]


def _planned(model: SlotState, slot: int, plan: Series, x: Features) -> Forecast | None:
    """A slot of a later day, as its plan would be now."""
    if x.get("open") == 0.0:
        return Forecast(0.0)
    value = float(plan[slot])
    if value != value:  # noqa: PLR0124  NaN: nothing is known
        return None
    holiday = feature(x, "holiday") > 0
    return Forecast(value, model.plan_bands.around(value, slot, holiday=holiday))
