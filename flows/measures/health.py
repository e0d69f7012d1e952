"""Whether each device can be believed."""

from collections.abc import Iterator

from flows.measure import Measure, Reading, View
from flows.tallies.levels import DeviceLevel


def sensor_health(view: View) -> Iterator[Reading]:
    """Each device's state: what it said of itself, or ``silent`` when nothing came for the declared time.

    The store's own reading says how many events were repeats and how many came too late for any pane.
    """
    silent_s = view.profile.settings.lateness.sensor_silent_s
    said = view.of(DeviceLevel)
    for device in sorted(set(view.heard) | set(said)):
        level = said.get(device)
        heard = view.heard.get(device)
        newest = max(at for at in (heard, level and level.at) if at)
        if level and level.state in ("offline", "fault") and level.at >= newest:
            state = level.state
        else:
            state = "silent" if (view.at - newest).total_seconds() > silent_s else "online"
        detail: dict[str, str | int | float | None] = {"last_heard": newest.isoformat()}
        if level and level.battery_pct >= 0:
            detail["battery_pct"] = level.battery_pct
        if level and level.detail:
            detail["said"] = level.detail
        yield Reading(state, f"device:{device}", detail=detail)
    if view.heard:
        reason = "events_too_late" if view.counters.get("too_late") else ""
        yield Reading("counted", reason=reason, detail=dict(view.counters))


MEASURES = (
    Measure("sensor_health", "text", (DeviceLevel,), sensor_health, ("now",), every_minute=True),
)
