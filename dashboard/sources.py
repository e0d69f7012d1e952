"""Which sources are silent, from the floor's own judgement of its devices. Pure."""

from typing import NamedTuple

from dashboard.shop import Shop
from dashboard.snapshot import Snapshot

TROUBLE = frozenset({"silent", "offline", "fault"})
"""Values of ``sensor_health`` that mean nothing comes from a device."""


class Silence(NamedTuple):
    """A device that should report and does not."""

    device: str
    kind: str  # door, till, zone or device
    subject: str  # door:main, till:2; device:… where its place is not known


def silences(snapshot: Snapshot, shop: Shop) -> list[Silence]:
    """Silent devices with the place they count for: the settings' first, else what their name says."""
    found = []
    for (metric, subject, _), fact in sorted(snapshot.latest.items()):
        if metric == "sensor_health" and fact.value in TROUBLE:
            device = subject.partition(":")[2]
            where = shop.devices.get(device) or _guess(device, shop)
            found.append(Silence(device, where.partition(":")[0], where))
    return found


def all_silent(silent: list[Silence], kind: str, shop: Shop) -> bool:
    """Whether every door or every till of the shop is silent."""
    ids = [d.id for d in shop.store.doors] if kind == "door" else [t.id for t in shop.store.tills]
    quiet = {s.subject for s in silent if s.kind == kind}
    return bool(ids) and all(f"{kind}:{name}" in quiet for name in ids)


def _guess(device: str, shop: Shop) -> str:
    """A device named as ``door-main`` or ``till-2`` is at that door or till."""
    named = [f"door:{door.id}" for door in shop.store.doors]
    named += [f"till:{till.id}" for till in shop.store.tills]
    matching = (place for place in named if device in (place, place.replace(":", "-")))
    return next(matching, f"device:{device}")
