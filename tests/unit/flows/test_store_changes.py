"""A store whose configuration changes, or whose saved state is of another release."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from flows.facts import Fact
from flows.ledger import Ledger
from flows.profile import Profile
from flows.publish import Publisher
from flows.snapshot import SnapshotError, dump, load
from sensors.events import AnyEvent, Dwell, Footfall
from sensors.settings import Door, Store, Text, Zone
from tests.floor_runs import FLOWS, SENSORS, shop

DAY = datetime(2026, 3, 2, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
TEXT = Text(en="new", zh="新")
NORTH = shop("north")


def _profile(store: Store) -> Profile:
    return Profile(store, FLOWS, SENSORS)


def _hour(start: datetime, **people: int) -> list[AnyEvent]:
    """So many people through each door every ten minutes."""
    return [
        Footfall(
            at=start + n * 10 * MINUTE, store="north", source=door, id=f"{start}{n}", door=door, entered=count
        )
        for n in range(6)
        for door, count in people.items()
    ]  # fmt: skip


def _live(
    publisher: Publisher, events: list[AnyEvent], until: datetime
) -> dict[tuple[str, ...], Fact]:
    """Count events, let their quarters become final, and say what then holds."""
    publisher.ledger.take(events, events[-1].at)
    facts = publisher.tick(events[-1].at) + publisher.tick(until)
    return {f.key[1:4]: f for f in facts}


def _restarted(publisher: Publisher, store: Store) -> Publisher:
    return load(dump(publisher), lambda _: _profile(store))


def test_a_new_door_and_zone_count_from_the_restart_on() -> None:
    """With a door and a zone more what was counted stays, the new ones count, and nobody is made up for before."""
    publisher = Publisher(Ledger(_profile(NORTH)))
    _live(publisher, _hour(DAY + 10 * HOUR, a=9, b=6), DAY + 24.5 * HOUR)
    morning = _hour(DAY + 34 * HOUR, a=9, b=6)
    assert _live(publisher, morning, DAY + 35 * HOUR)["visitors", "", "day"].value == 90
    more = msgspec.structs.replace(
        NORTH,
        doors=[*NORTH.doors, Door(id="c", name=TEXT)],
        zones=[*NORTH.zones, Zone(id="z", name=TEXT, engaged_s=5)],
    )
    publisher = _restarted(publisher, more)
    stay = Dwell(at=DAY + 35 * HOUR, store="north", source="cam", id="z", zone="z", dwell_s=9)
    noon = [stay, *_hour(DAY + 35 * HOUR, a=9, b=6, c=12)]
    facts = _live(publisher, noon, DAY + 36 * HOUR - MINUTE)
    whole = facts["visitors", "", "day"]
    assert (whole.value, whole.state) == (90 + 162, "live")
    assert facts["visitors", "door:c", "day"].value == 72
    assert facts["zone_visits", "zone:z", "day"].evidence.k == 1  # by the new zone's own bound


def test_a_door_that_was_taken_away_keeps_its_counts() -> None:
    """With a door less its people stay in the day, and the others' go on counting."""
    publisher = Publisher(Ledger(_profile(NORTH)))
    _live(publisher, _hour(DAY + 10 * HOUR, a=9, b=6), DAY + 11 * HOUR)
    publisher = _restarted(publisher, msgspec.structs.replace(NORTH, doors=NORTH.doors[:1]))
    facts = _live(publisher, _hour(DAY + 11 * HOUR, a=9), DAY + 12 * HOUR - MINUTE)
    assert facts["visitors", "", "day"].value == 90 + 54


def test_state_of_another_format_says_what_to_do() -> None:
    """A snapshot of a format that this release cannot read is refused in one line naming the setting to act on."""
    block = dump(Publisher(Ledger(_profile(NORTH))))
    with pytest.raises(SnapshotError, match=r"format 99.*empty flows\.recovery_dir"):
        load(bytes([99]) + block[1:], lambda _: _profile(NORTH))
