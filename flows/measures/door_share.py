"""Each door's share of the day's visitors, and whether it is still what it was."""

from collections.abc import Iterator

from flows.facts import Evidence
from flows.inference.shares import ShareMemory
from flows.measure import Measure, Reading, View, ratio
from flows.profile import Profile, instant_of, minute_of
from flows.tallies.footfall import DoorTally

TOLD_MIN = 24 * 60  # minutes for which a change is told


def share(view: View) -> Iterator[Reading]:
    """Visitors through a door ÷ visitors through all, as the counters say; ``share_drift`` for a day after a change.

    ``detail.usual`` is the door's share on earlier days, once a thousand visitors have shown it.
    """
    doors, memory = view.of(DoorTally), view.memory(ShareMemory)
    if len(view.profile.doors) < 2:
        return
    total = sum(_counted(tally) for tally in doors.values())
    for door, tally in doors.items():
        usual, people = memory.share(door), _counted(tally)
        yield Reading(
            ratio(people, total),
            f"door:{door}",
            Evidence(n=total, k=people),
            reason="share_drift" if drifted(view, door) else "",
            detail={} if usual is None else {"usual": round(usual, 4)},
        )


def drifted(view: View, door: str) -> bool:
    """Whether the door's share was found to have changed within the last day."""
    drift = view.memory(ShareMemory).drifts.get(door)
    return drift is not None and minute_of(view.at) - drift.minute <= TOLD_MIN


def learn(memory: ShareMemory, view: View) -> None:
    """Take in a final quarter in which every door was heard; one with a silent door says nothing of shares."""
    profile = view.profile
    if len(profile.doors) < 2 or (view.coverage is not None and view.coverage < 1.0):
        return
    memory.turn(profile.day_of(view.start)[0])
    doors = view.of(DoorTally)
    counts = {door: _counted(doors[door]) if door in doors else 0 for door in profile.doors}
    memory.learn(_hour_of(profile, view.start), counts, view.end)


def _hour_of(profile: Profile, minute: int) -> int:
    return instant_of(minute).astimezone(profile.store.tz).hour


def _counted(tally: DoorTally) -> int:
    """By the counter itself: a hand count's factor is no change of the door."""
    return tally.entered - tally.children


MEASURES = (
    Measure(
        "door_share", "ratio", (DoorTally,), share, ("day",),
        cadence=5, quiet=True, memory=ShareMemory, learn=learn,
    ),
)  # fmt: skip
