"""What devices say of what happened, with the truth counted beside it."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sensors.events import AnyEvent, Dwell, Footfall, Presence, Queue, Staff, Status, Stock
from sensors.settings import Store
from sensors.simulation.calendar import Day
from sensors.simulation.checkout import Level, Span, Turn
from sensors.simulation.crew import Shift, Walk
from sensors.simulation.shelves import Change
from sensors.simulation.truth import Served, Stay, Truth
from sensors.simulation.visits import Party, ZoneStay

HEARTBEAT_S = 300.0
SAMPLE_S = 60.0
NUMBERS_A_DAY = 1_000_000  # of one device, at most
UNNUMBERED = frozenset({"stock", "roster"})


@dataclass(slots=True)
class Script:
    """Events of one day in the order they were told, and the truth.

    Attributes:
        stuck: spans in which a door's counter counts nobody.
    """

    store: Store
    day: Day
    stuck: dict[str, list[Span]]
    events: list[AnyEvent] = field(default_factory=list)
    truth: Truth = field(default_factory=Truth)

    def cross(
        self,
        second: float,
        door: str,
        *,
        visitors: int = 0,
        children: int = 0,
        exits: int = 0,
        staff: bool = False,
    ) -> None:
        """People come in or go out through a door; a stuck counter misses them."""
        at = self.day.at(second)
        amounts = {
            "visitors": visitors,
            "children": children,
            "exits": exits,
            "groups": int(visitors > 0),
        }
        if any(start <= second < end for start, end in self.stuck.get(door, ())):
            if not staff:
                self.truth.missed.add(amounts)
            return
        if not staff:
            self.truth.count(at, f"door:{door}", **amounts)
        self.events.append(
            Footfall(
                at=at, store=self.store.id, source=f"counter-{door}", door=door, entered=visitors + children,
                left=exits, groups=amounts["groups"] if visitors else None,
                children=children or None, staff=staff,
            )
        )  # fmt: skip

    def pass_by(self, second: float, door: str, people: int) -> None:
        """People walk past a door within the minute before ``second``."""
        if not people or any(start <= second < end for start, end in self.stuck.get(door, ())):
            return
        at = self.day.at(second)
        self.truth.count(at, f"door:{door}", passers_by=people)
        self.events.append(
            Footfall(at=at, store=self.store.id, source=f"counter-{door}", door=door, passed=people)
        )

    def come_and_go(self, party: Party, left: float) -> None:
        """A party's way in and out."""
        self.cross(party.entered, party.door_in, visitors=party.grown_ups, children=party.children)
        self.cross(left, party.door_out, exits=party.size)

    def walk(self, walk: Walk) -> None:
        """An associate crosses a door, with or without a tag."""
        if walk.inward:
            self.cross(walk.at, walk.door, visitors=1, staff=walk.tagged)
            self.truth.untagged_staff += not walk.tagged
        else:
            self.cross(walk.at, walk.door, exits=1, staff=walk.tagged)

    def stay(self, stay: ZoneStay, track: str) -> None:
        """A zone's camera loses sight of somebody."""
        at, dwell_s = self.day.at(stay.ended), round(stay.ended - stay.began, 1)
        self.truth.stays[stay.zone].append(Stay(at, dwell_s))
        self.events.append(
            Dwell(
                at=at, store=self.store.id, source=f"camera-{stay.zone}", zone=stay.zone,
                dwell_s=dwell_s, track=track,
            )
        )  # fmt: skip

    def presence(self, stays: Iterable[tuple[ZoneStay, int]]) -> None:
        """Each zone's camera says each minute how many people it sees, when that has changed."""
        for zone, levels in _sampled(stays).items():
            seen = 0
            for minute in range(min(levels), max(levels) + 2):
                if levels[minute] == seen:
                    continue
                seen = levels[minute]
                at = self.day.at(minute * SAMPLE_S)
                source = f"camera-{zone}"
                self.events.append(
                    Presence(at=at, store=self.store.id, source=source, zone=zone, people=seen)
                )

    def line(self, levels: Sequence[Level], turns: Sequence[Turn]) -> None:
        """What the queue cameras say, and what each customer met."""
        for turn in turns:
            service_s = None if turn.gave_up else round(turn.ended - turn.started, 1)
            served = Served(self.day.at(turn.arrived), round(turn.wait_s, 1), service_s)
            self.truth.served[turn.till].append(served)
        for level in levels:
            self.events.append(
                Queue(
                    at=self.day.at(level.at), store=self.store.id, source=f"line-{level.till}", till=level.till,
                    length=level.length, wait_s=level.wait_s, service_s=level.service_s,
                    served=level.served, abandoned=level.abandoned,
                )
            )  # fmt: skip

    def stock(self, changes: Iterable[Change]) -> None:
        """What the stock system books."""
        for change in changes:
            self.events.append(
                Stock(
                    at=self.day.at(change.at), store=self.store.id, source="stock", sku=change.sku,
                    on_hand=change.on_hand, delta=change.delta,
                    reason="count" if change.delta is None else "receipt",
                )
            )  # fmt: skip

    def shifts(self, shifts: Iterable[Shift]) -> None:
        """Associates come on and go off the floor."""
        for shift in shifts:
            for second, action in zip(shift.span, ("on", "off"), strict=True):
                self.events.append(
                    Staff(
                        at=self.day.at(second), store=self.store.id, source="roster",
                        associate=shift.associate, action="on" if action == "on" else "off",
                    )
                )  # fmt: skip

    def heartbeats(self) -> None:
        """Every device says that it is alive, each five minutes, each at a phase of its own."""
        whole_s = (self.day.end - self.day.start).total_seconds()
        for n, source in enumerate(devices(self.store)):
            second = 1.0 + n * 7.0 % HEARTBEAT_S
            while second < whole_s:
                self.events.append(
                    Status(at=self.day.at(second), store=self.store.id, source=source)
                )
                second += HEARTBEAT_S

    def numbered(self) -> list[AnyEvent]:
        """Every event by its time, with an id that is unique per source, and a number where a gateway would give one.

        A device's numbers rise from day to day; the back office's systems do not number what they say.
        """
        self.events.sort(key=lambda event: (event.at, event.source))
        numbers: Counter[str] = Counter()
        before = self.day.date.toordinal() * NUMBERS_A_DAY
        for event in self.events:
            number = numbers[event.source] = numbers[event.source] + 1
            event.id = f"{self.day.date:%Y%m%d}-{number}"
            if event.source not in UNNUMBERED:
                event.seq = before + number
        return self.events


def devices(store: Store) -> list[str]:
    """Every device of a simulated store, by its source name."""
    return [
        *(f"counter-{door.id}" for door in store.doors),
        *(f"camera-{zone.id}" for zone in store.zones),
        *(f"line-{till.id}" for till in store.tills),
        *(f"pos-{till.id}" for till in store.tills),
        "stock",
        "roster",
    ]


def behind_gateway(source: str) -> bool:
    """Whether a device speaks through the sensor gateway; tills and the back office do not."""
    return source.startswith(("counter-", "camera-", "line-"))


def _sampled(stays: Iterable[tuple[ZoneStay, int]]) -> dict[str, Counter[int]]:
    """People per zone and whole minute: those whose stay covers the minute's start."""
    levels: dict[str, Counter[int]] = {}
    for stay, people in stays:
        for minute in range(-int(-stay.began // SAMPLE_S), int(stay.ended // SAMPLE_S) + 1):
            levels.setdefault(stay.zone, Counter())[minute] += people
    return levels
