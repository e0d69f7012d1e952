"""Who speaks for each forecast: its own model, or the simpler one it was rolled back to, and why."""

from collections.abc import Iterator

from flows.facts import Evidence
from flows.measure import Measure, Reading, View
from flows.measures.forecast import VisitorsMemory, detail_of, model_of
from flows.profile import instant_of


def state(view: View) -> Iterator[Reading]:
    """``learning``, ``model`` or ``rolled_back`` by forecast; the reason is governance's last word.

    Evidence: n the model's error (WAPE, smoothed over 14 days), k its reference's.
    """
    memory = view.memory(VisitorsMemory)
    if not memory.model:
        return
    governor = model_of(memory).governor
    back = governor.champion == governor.baseline
    learning = governor.wape() is None and not back
    detail = detail_of(memory)
    yield Reading(
        "learning" if learning else "rolled_back" if back else "model",
        "forecast:visitors",
        Evidence(n=detail["error"], k=detail["baseline_error"]),  # type: ignore[arg-type]
        reason=memory.reason,
        detail={
            **{name: detail[name] for name in ("champion", "challenger", "coverage80", "drift")},
            "since": instant_of(memory.changed_at).isoformat() if memory.changed_at else None,
        },
    )


MEASURES = (Measure("forecast_state", "text", (), state, ("now",), every_minute=True, quiet=True),)
