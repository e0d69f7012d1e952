"""Whether each device can be believed, with the reason."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

from flows.clocks import PUNCTUAL, Clock
from flows.footing import frozen, gaps
from flows.measure import Measure, Reading, View
from flows.measures.conversion import reentered
from flows.measures.door_share import drifted
from flows.profile import instant_of, minute_of
from flows.tallies.levels import LONG_AGO, DeviceLevel
from sensors.corrections import Direction

TOGETHER = timedelta(
    minutes=6
)  # devices behind one gateway fall silent within a heartbeat of each other
AT_LEAST = 3  # such devices
STEP_S, CLOSED_STEP_S = 120, 1800  # from one sign of life that is told to the next
WAYS: tuple[Direction, ...] = ("in", "out")

Detail = dict[str, str | int | float | None]


class Word(NamedTuple):
    """What is thought of a device."""

    state: str
    reason: str = ""


NO_WORD = (-1.0, "")  # battery and detail of a device that said nothing of itself
ONLINE, AHEAD = Word("online"), Word("drifting", "clock_ahead")


def sensor_health(view: View) -> list[Reading]:
    """Each device's state: what it said of itself, or what its silence and its counts say.

    ``late``: what comes from it happened longer ago than its declared silence (``backlog``: it is catching up).
    ``silent``: nothing came for the declared time (``gateway`` where several fell silent together, else ``device``).
    ``stuck``: a door's counter counts nobody although chance does not explain that (``counts_nobody``): it
    has nothing to say, or says the same running total, or zero, again and again.
    ``drifting``: it counts people who are no visitors (``staff_reentered``), its share of the
    visitors has changed (``share_drift``), or its clock runs ahead (``clock_ahead``).
    ``detail.last_heard`` goes in steps while a device is online, of ``STEP_S`` in opening hours and ``CLOSED_STEP_S``
    beyond: a sign of life is no news. A door whose device is not known by its name speaks for itself, as ``door:…``.
    The store's own reading says how many events were repeats and how many came too late for any pane.
    """
    return view.once("health", lambda seen: list(_health(seen)))


def _health(view: View) -> Iterator[Reading]:
    said, told = view.of(DeviceLevel), view.heard
    newest = {
        device: max(told.get(device, LONG_AGO), said[device].at if device in said else LONG_AGO)
        for device in sorted(told.keys() | said.keys())
    }
    since = view.at - timedelta(seconds=view.profile.settings.lateness.sensor_silent_s)
    doors = _doors(view)
    known = {_device_of(door, newest): (door, word) for door, word in doors.items()}
    lost = _lost_together(newest, since)
    step_s = STEP_S if view.profile.is_open(minute_of(view.at)) else CLOSED_STEP_S
    for device, heard in newest.items():
        clock = view.clocks.get(device, PUNCTUAL)
        level = said.get(device)
        if heard >= since and clock is PUNCTUAL and device not in known and _calm(level):
            yield _alive(
                device,
                _step(heard, step_s),
                *(level.battery_pct, level.detail) if level else NO_WORD,
            )
            continue
        skew_s = _skew_s(level, clock, heard)
        word = _said(level, clock, heard, since, lost) or (ONLINE if not skew_s else AHEAD)
        detail = _detail(level, skew_s, _step(heard, step_s) if word is ONLINE else heard)
        if word.state == "late":
            detail["lag_s"] = round((view.at - heard).total_seconds())
        if device in known:
            door, counts = known.pop(device)
            detail |= {"door": door, **_corrections(view, door)}
            if word.state == "online":
                word = counts
        yield Reading(word.state, f"device:{device}", reason=word.reason, detail=detail)
    for door, counts in known.values():
        corrected = _corrections(view, door)
        if counts.state != "online" or corrected:
            detail = {"door": door, **corrected}
            yield Reading(counts.state, f"door:{door}", reason=counts.reason, detail=detail)
    if told:
        reason = "events_too_late" if view.counters.get("too_late") else ""
        yield Reading("counted", reason=reason, detail=dict(view.counters))


def _calm(level: DeviceLevel | None) -> bool:
    """Whether a device said nothing of itself that has to be looked at."""
    return level is None or (not level.skew_s and level.state not in ("offline", "fault"))


@lru_cache(maxsize=4096)
def _alive(device: str, heard: datetime, battery_pct: float, said: str) -> Reading:
    """The reading of a device with which all is well; most are, each minute."""
    level = DeviceLevel(battery_pct=battery_pct, detail=said)
    return Reading(ONLINE.state, f"device:{device}", detail=_detail(level, 0.0, heard))


def _corrections(view: View, door: str) -> dict[str, str]:
    """By how much a door's counts are multiplied since a hand count, in words by direction."""
    found = {way: view.factors.at(door, way, view.start) for way in WAYS}
    return {f"corrected_{way}": one.words for way, one in found.items() if one is not None}


def _said(
    level: DeviceLevel | None, clock: Clock, heard: datetime, since: datetime, lost: set[datetime]
) -> Word | None:
    """What a device said of itself, or what its silence since then says; ``None``: it is heard."""
    if level and level.state in ("offline", "fault") and level.at >= heard:
        return Word(level.state, "said_so")
    if heard < since:
        if clock.late_at is not None and clock.late_at >= since:
            return Word("late", "backlog")
        return Word("silent", "gateway" if heard in lost else "device")
    return None


def _skew_s(level: DeviceLevel | None, clock: Clock, heard: datetime) -> float:
    """Seconds by which its newest word was ahead; 0 if that was not."""
    if clock.ahead_at is not None and clock.ahead_at >= heard:
        return clock.skew_s
    return level.skew_s if level and level.at >= heard else 0.0


def _lost_together(newest: Mapping[str, datetime], since: datetime) -> set[datetime]:
    """When those devices were last heard that fell silent together, while others still speak."""
    silent = sorted(at for at in newest.values() if at < since)
    if len(silent) == len(newest):
        return set()
    lost: set[datetime] = set()
    for at in silent:
        near = [other for other in silent if abs(other - at) <= TOGETHER]
        if len(near) >= AT_LEAST:
            lost.update(near)
    return lost


def _step(at: datetime, seconds: int) -> datetime:
    """The last whole step up to an instant."""
    return instant_of(int(at.timestamp()) // seconds * seconds // 60)


def _detail(level: DeviceLevel | None, skew_s: float, heard: datetime) -> Detail:
    detail: Detail = {"last_heard": heard.isoformat()}
    if level and level.battery_pct >= 0:
        detail["battery_pct"] = level.battery_pct
    if level and level.detail:
        detail["said"] = level.detail
    if skew_s:
        detail["skew_s"] = round(skew_s, 1)
    return detail


def _doors(view: View) -> dict[str, Word]:
    """What each door's own counts say of it; missing minutes count while they reach up to now."""
    return view.once("doors", _doors_of)


def _doors_of(view: View) -> dict[str, Word]:
    found = dict.fromkeys(view.profile.doors, ONLINE)
    minute = int(view.at.timestamp() // 60)
    for door in reentered(view):
        found[door] = Word("drifting", "staff_reentered")
    for door in view.profile.doors:
        if drifted(view, door):
            found[door] = Word("drifting", "share_drift")
    for gap in (*frozen(view), *gaps(view)):
        if gap.minutes.stop >= minute:
            found[gap.door] = Word("stuck", "counts_nobody")
    return found


def _device_of(door: str, devices: Mapping[str, datetime]) -> str:
    """The device that stands at a door, by its name's ending; the door itself if none is named so."""
    named = [device for device in devices if device == door or device.endswith(f"-{door}")]
    counters = [device for device in named if "count" in device] or named
    return counters[0] if counters else f"door:{door}"


MEASURES = (Measure("sensor_health", "text", (DeviceLevel,), sensor_health, ("now",), cadence=1),)
