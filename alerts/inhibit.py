"""What mutes an incident by itself: a closed store, a sensor that feeds it and is down, missing facts. Pure."""

from alerts.book import NO_DATA
from alerts.incident import Incident
from alerts.memory import open_incidents
from alerts.turn import Turn

DOOR_FED = {
    "visitors", "exits", "passers_by", "occupancy", "conversion", "spv", "capture_rate", "groups",
    "conversion_adjusted", "conversion_aligned", "conversion_evidence", "sales_at_risk",
    "unusual_traffic", "shelf_silence",
}  # fmt: skip
TILL_FED = {
    "transactions", "net_sales", "units", "conversion", "atv", "upt", "spv", "moving_skus",
    "queue_length", "queue_wait", "tills_needed", "sku_units", "moving_rate", "shelf_silence",
    "segment_customers", "segment_transactions", "segment_sales", "segment_atv", "segment_upt", "member_share",
    "conversion_adjusted", "conversion_aligned", "conversion_evidence", "sales_at_risk",
}  # fmt: skip
FED = {
    "door": DOOR_FED,
    "zone": {"dwell_median", "dwell_p90", "zone_visits", "zone_engagement", "zone_heat"},
    "till": TILL_FED,
}
"""Metrics that are wrong while a device of such a place is down."""


def inhibited(turn: Turn) -> dict[str, str]:
    """Why incidents are muted, by id, as ``reason:detail``."""
    muted: dict[str, str] = {}
    memory = turn.memory
    alive = open_incidents(memory)
    if not alive:
        return muted
    down = _devices_down(alive, turn)
    shut = memory.opened_at is None
    dark = any(i.rule == NO_DATA and i.state != "pending" for i in alive)
    for incident in alive:
        track = memory.tracks.get(f"{incident.rule}|{incident.subject}")
        verdict = track.verdict if track else None
        missing = verdict is not None and verdict.outcome == "missing"
        rule = turn.book.rules.get(incident.rule)
        if shut and rule is not None and rule.when != "closed":
            muted[incident.id] = "store-closed"
        elif missing or (dark and incident.metric == "sensor_health"):
            muted[incident.id] = "no-data"
        for device, places in down.items():
            if incident.id not in muted and any(feeds(place, incident) for place in places):
                muted[incident.id] = f"sensor-down:{device}"
    return muted


def feeds(place: str, incident: Incident) -> bool:
    """Whether a device at ``place`` (``door:main``) feeds an incident's metric.

    Figures of the store, of a SKU or of a segment are fed by every device of a kind; a place's own by the device there.
    """
    kind, _, _ = place.partition(":")
    if incident.metric not in FED.get(kind, ()):
        return False
    return incident.subject == place or not incident.subject.startswith(f"{kind}:")


def _devices_down(alive: list[Incident], turn: Turn) -> dict[str, list[str]]:
    """Devices with an open incident on their health, and the places they watch."""
    down: dict[str, list[str]] = {}
    for incident in alive:
        if incident.metric == "sensor_health" and incident.state != "pending":
            device = incident.subject.removeprefix("device:")
            down[device] = _places(turn, incident, device)
    return down


def _places(turn: Turn, incident: Incident, device: str) -> list[str]:
    """Where a device stands: as its health fact says, else the device table, else its name's ending."""
    said = [f"{kind}:{incident.args[kind]}" for kind in FED if incident.args.get(kind)]
    if said:
        return said
    if device in turn.book.devices:
        known = turn.book.devices[device]
        single = (("door", known.door), ("zone", known.zone), ("till", known.till))
        many = (("door", known.doors), ("zone", known.zones), ("till", known.tills))
        return [f"{kind}:{name}" for kind, name in single if name] + [
            f"{kind}:{name}" for kind, names in many for name in names.values()
        ]
    store = turn.book.store
    if store is None:
        return []
    names = (("door", store.doors), ("zone", store.zones), ("till", store.tills))
    return [
        f"{kind}:{place.id}"
        for kind, places in names
        for place in places
        if device == place.id or device.endswith(f"-{place.id}")
    ]
