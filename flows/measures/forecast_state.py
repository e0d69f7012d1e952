"""Who speaks for each forecast: its own model, or the simpler one it was rolled back to, and why."""

from collections.abc import Iterator

from flows.facts import Evidence
from flows.measure import Measure, Reading, View
from flows.measures.forecast import VISITORS
from flows.measures.forecast_sales import INFLOW, SALES, TRANSACTIONS
from flows.outlook import Target, model_of
from flows.outlook_readings import detail_of
from flows.profile import instant_of

TARGETS = (VISITORS, SALES, TRANSACTIONS, INFLOW)


def states(view: View) -> Iterator[Reading]:
    """``learning``, ``model`` or ``rolled_back`` by forecast; the reason is governance's last word.

    Evidence: n the model's error (WAPE, smoothed over 14 days), k its reference's. Of the factors that events have,
    ``forecast:….events``, once they have been tried.
    """
    for target in TARGETS:
        yield from _states(view, target)


def _states(view: View, target: Target) -> Iterator[Reading]:
    memory = view.memory(target.memory)
    if not memory.state:
        return
    base, lift = model_of(memory.state)
    detail = detail_of(memory)
    changed = instant_of(memory.changed_at).isoformat() if memory.changed_at else None
    for subject, governor, reason in (
        (f"forecast:{target.name}", base.governing, memory.reason),
        (f"forecast:{target.name}.events", lift.governor, lift.verdict.reason if lift.verdict else ""),
    ):  # fmt: skip
        if governor is lift.governor and not governor.days:
            continue
        back = governor.champion == governor.baseline
        error, reference = governor.wape(), governor.baseline_wape()
        challenger = governor.model if back else governor.baseline
        more = {"coverage80": detail["coverage80"], "drift": detail["drift"], "since": changed}
        yield Reading(
            "rolled_back" if back else "learning" if error is None else "model",
            subject,
            Evidence(
                n=None if error is None else round(error, 4),
                k=None if reference is None else round(reference, 4),
            ),
            reason=reason,
            detail={"champion": governor.champion, "challenger": challenger}
            | ({} if governor is lift.governor else more),
        )


MEASURES = (Measure("forecast_state", "text", (), states, ("now",), cadence=5, quiet=True),)
