"""Levels that are simply the newest word: people present, associates on the floor, device states."""

from datetime import UTC, datetime

from flows.tally import NOW, Part, Tallies, Tally, tally_of
from sensors.events import Presence, Staff, Status

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


class PresenceLevel(Tally):
    """People a device sees in a zone (subject, empty for the store) now; the larger wins at the same instant."""

    kind = "presence"
    windows = NOW
    invertible = False

    at: datetime = LONG_AGO
    people: int = 0

    def merge(self, other: "PresenceLevel", sign: int = 1) -> None:
        """Add or take back, field by field; a level takes the newer word and takes nothing back."""
        if sign > 0:
            self.at, self.people = max((self.at, self.people), (other.at, other.people))


class StaffLevel(Tally):
    """Associates on the floor: by subject an associate's last badge (1 on, 0 off), or the roster's number (``""``)."""

    kind = "staff"
    windows = NOW
    invertible = False

    at: datetime = LONG_AGO
    on_floor: int = 0

    def merge(self, other: "StaffLevel", sign: int = 1) -> None:
        """Add or take back, field by field; a level takes the newer word and takes nothing back."""
        if sign > 0:
            self.at, self.on_floor = max((self.at, self.on_floor), (other.at, other.on_floor))


class DeviceLevel(Tally):
    """What a device (subject) last said of itself; the word later in the alphabet wins at the same instant."""

    kind = "device"
    windows = NOW
    invertible = False

    at: datetime = LONG_AGO
    state: str = ""
    battery_pct: float = -1.0  # −1: not told
    detail: str = ""
    skew_s: float = 0.0  # how far its clock was ahead, where ingest had to correct it

    def merge(self, other: "DeviceLevel", sign: int = 1) -> None:
        """Add or take back, field by field; a level takes the newer word and takes nothing back."""
        if sign > 0:
            self.at, self.state, self.battery_pct, self.detail, self.skew_s = max(
                (self.at, self.state, self.battery_pct, self.detail, self.skew_s),
                (other.at, other.state, other.battery_pct, other.detail, other.skew_s),
            )


def presence(_pane: Tallies, now: Tallies, event: Presence, sign: int) -> None:
    """Take how many people a device sees."""
    tally_of(now, PresenceLevel, event.zone).merge(PresenceLevel(event.at, event.people), sign)


def staff(_pane: Tallies, now: Tallies, event: Staff, sign: int) -> None:
    """Take a badge or a roster's word."""
    if event.on_floor is not None:
        tally_of(now, StaffLevel, "").merge(StaffLevel(event.at, event.on_floor), sign)
    if event.associate and event.action:
        level = StaffLevel(event.at, int(event.action == "on"))
        tally_of(now, StaffLevel, event.associate).merge(level, sign)


def status(_pane: Tallies, now: Tallies, event: Status, sign: int) -> None:
    """Take what a device says of itself."""
    battery = -1.0 if event.battery_pct is None else event.battery_pct
    level = DeviceLevel(event.at, event.state, battery, event.detail or "", event.skew_s or 0.0)
    tally_of(now, DeviceLevel, event.source).merge(level, sign)


PARTS = (
    Part(Presence, (PresenceLevel,), presence),
    Part(Staff, (StaffLevel,), staff),
    Part(Status, (DeviceLevel,), status),
)
