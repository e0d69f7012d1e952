"""Which sources are silent, from the floor's own judgement of its devices. Pure."""

from collections.abc import Sequence
from typing import NamedTuple

from dashboard.shop import Shop
from dashboard.snapshot import Snapshot
from sensors.settings import Door, Till, Zone

TROUBLE = frozenset({"silent", "late", "offline", "fault"})
"""Values of ``sensor_health`` that mean nothing of now comes from a device."""


class Silence(NamedTuple):
    """A device that should report and does not."""

    device: str
    kind: str  # door, till, zone or device
    subject: str  # door:main, till:2; device:… where its place is not known


def silences(snapshot: Snapshot, shop: Shop) -> list[Silence]:
    """Devices in trouble with the place they count for: the settings' first, else what their name says.

    A device without a place, such as a back office that speaks twice a day, is missed only when it says
    itself that it is offline or at fault.
    """
    found = []
    for (metric, subject, _), fact in sorted(snapshot.latest.items()):
        if metric == "sensor_health" and fact.value in TROUBLE:
            device = subject.partition(":")[2]
            where = place_of(device, shop)
            if fact.value == "silent" and where.startswith("device:"):
                continue
            found.append(Silence(device, where.partition(":")[0], where))
    return found


def all_silent(silent: list[Silence], kind: str, shop: Shop) -> bool:
    """Whether every door or every till of the shop is silent."""
    ids = [d.id for d in shop.store.doors] if kind == "door" else [t.id for t in shop.store.tills]
    quiet = {s.subject for s in silent if s.kind == kind}
    return bool(ids) and all(f"{kind}:{name}" in quiet for name in ids)


def place_of(device: str, shop: Shop) -> str:
    """What a device counts for: as the settings say, else as its name does; ``device:…`` where neither is known."""
    return shop.devices.get(device) or _guess(device, shop)


PREFIXES = {
    "door": ("door", "counter"),
    "till": ("till", "pos", "line"),
    "zone": ("zone", "camera"),
}
"""What devices are commonly called by where they count, as ``counter-main`` or ``pos-2``."""


def _guess(device: str, shop: Shop) -> str:
    """The place that an unconfigured device's name says, if the shop has it."""
    store = shop.store
    places: dict[str, Sequence[Door | Till | Zone]] = {
        "door": store.doors,
        "till": store.tills,
        "zone": store.zones,
    }
    matching = (
        f"{kind}:{place.id}"
        for kind, known in places.items()
        for place in known
        if any(device in (f"{p}-{place.id}", f"{p}:{place.id}") for p in PREFIXES[kind])
    )
    return next(matching, f"device:{device}")
