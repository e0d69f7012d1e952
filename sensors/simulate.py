"""A shop's day, simulated from a seed, with its truth. Pure.

calendar ─▶ parties ─▶ zones ─▶ till line ─▶ tickets ⇄ shelves
   └─▶ crew ─▶ manned tills                     └─▶ script: what devices say + what is true
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from random import Random

from sensors.events import AnyEvent
from sensors.settings import Product, Store
from sensors.simulation.calendar import WEEKDAY, Day, day_of, passing, seconds_of
from sensors.simulation.checkout import Arrival, Span, Turn, line_levels, serve, service_time
from sensors.simulation.crew import errands, manned, roster, staff_walks
from sensors.simulation.delivery import Delivery, held_back, on_time
from sensors.simulation.draw import poisson, stream
from sensors.simulation.faults import (
    ConversionDrop,
    DoorStuck,
    Fault,
    GatewayOffline,
    ShelfEmpty,
    StaffAtDoor,
    TillsClosed,
)
from sensors.simulation.script import Script, behind_gateway
from sensors.simulation.shelves import Shelves
from sensors.simulation.tickets import Tills
from sensors.simulation.truth import Truth
from sensors.simulation.visits import VISITORS_PER_PARTY, Party, ZoneStay, parties

SERVICE_S = 75.0  # mean at a till
PATIENCE_S = 900.0  # mean before somebody gives up the line
CAPTURE = 0.14  # visitors ÷ passers-by


@dataclass(frozen=True, slots=True)
class SimulatedDay:
    """A day that never was.

    Attributes:
        events: what devices said, by event time, each with an id.
        offline: spans in which the gateway held events back.
    """

    store: Store
    day: Day
    events: list[AnyEvent]
    truth: Truth
    offline: list[tuple[datetime, datetime]]

    @property
    def deliveries(self) -> list[Delivery]:
        """The events as they reach ingest: at once, or as a backlog after the gateway was offline."""
        arrived = on_time(self.events)
        for start, end in self.offline:
            arrived = held_back(arrived, start, end, lambda event: behind_gateway(event.source))
        return arrived


def simulate_day(
    store: Store,
    products: Sequence[Product],
    day: date,
    seed: int,
    *,
    visitors: float = 1_400.0,
    conversion: float = 0.26,
    atv_minor: float = 18_800.0,
    faults: Sequence[Fault] = (),
) -> SimulatedDay:
    """Draw one business day of a store.

    Args:
        store: whose clock, doors, zones and tills; without opening hours that day nobody comes.
        products: what it sells; without any, tickets carry only their sum.
        day: the business day, by its local date.
        seed: the same seed and store give the same day, byte for byte, on every machine.
        visitors: people expected on an average day; the weekday's factor applies.
        conversion: share of visitors who buy when nothing is wrong.
        atv_minor: value of a mean ticket, without tax.
        faults: causes to plant.
    """
    hours = day_of(store, day)
    people = visitors * WEEKDAY[day.weekday()]
    spans = [(fault, _span(store, hours, fault)) for fault in faults]
    stuck = {f.door or store.doors[0].id: [s] for f, s in spans if isinstance(f, DoorStuck)}
    script = Script(store, hours, stuck)
    drops = [(s, f.factor) for f, s in spans if isinstance(f, ConversionDrop)]
    came = parties(seed, store, hours, people, _chance_to_buy(conversion, drops))
    _floor(script, came, seed, people * conversion, spans, products, atv_minor)
    _crew(script, seed, spans)
    _street(script, seed, people / CAPTURE)
    script.heartbeats()
    offline = [(hours.at(s), hours.at(e)) for f, (s, e) in spans if isinstance(f, GatewayOffline)]
    return SimulatedDay(store, hours, script.numbered(), script.truth, offline)


def _span(store: Store, day: Day, fault: Fault) -> Span:
    start = seconds_of(store, day, fault.at)
    return start, start + fault.minutes * 60.0


def _chance_to_buy(conversion: float, drops: list[tuple[Span, float]]) -> Callable[[float], float]:
    """A party's chance by its arrival; one purchase a party, so it is higher than a visitor's."""

    def chance(at: float) -> float:
        share = conversion * VISITORS_PER_PARTY
        for (start, end), factor in drops:
            share *= factor if start <= at < end else 1.0
        return min(1.0, share)

    return chance


def _floor(
    script: Script,
    came: list[Party],
    seed: int,
    customers: float,
    spans: list[tuple[Fault, Span]],
    products: Sequence[Product],
    atv_minor: float,
) -> None:
    """Zones, till line, tickets and stock of everybody who came."""
    store, day = script.store, script.day
    tills_rng = stream(seed, store.id, day.date.isoformat(), "tills")
    closed = [(s, f) for f, s in spans if isinstance(f, TillsClosed)]
    open_tills = manned(store, day, customers, SERVICE_S, [(s, f.open_tills) for s, f in closed])
    turns = serve(_joining(tills_rng, came, closed), open_tills) if store.tills else []
    gone = {f.sku or products[0].sku: s for f, s in spans if isinstance(f, ShelfEmpty) and products}
    shelves = Shelves(products, day.opens_s, gone)
    tickets = stream(seed, store.id, day.date.isoformat(), "tickets")
    wanted = _liked(store, came)
    Tills(tickets, script, shelves, atv_minor).ring_up(turns, {p.number: p for p in came}, wanted)
    script.line(line_levels(turns), turns)
    shelves.advance(day.closes_s)
    script.stock(shelves.changes if day.open_s else [])
    script.truth.on_hand = dict(shelves.on_hand)
    _leave(script, came, {turn.customer: turn for turn in turns}, seed)


def _joining(
    rng: Random, came: list[Party], closed: list[tuple[Span, TillsClosed]]
) -> list[Arrival]:
    """Those who go to the tills, each with their service time and patience; drawn for everybody."""
    joining = []
    for party in came:
        service_s, patience_s = service_time(rng, SERVICE_S), rng.expovariate(1 / PATIENCE_S)
        for (start, end), fault in closed:
            service_s *= fault.slower if start <= party.ready < end else 1.0
        if party.purpose != "look":
            joining.append(Arrival(party.number, party.ready, service_s, patience_s))
    return joining


def _liked(store: Store, came: list[Party]) -> dict[int, set[str]]:
    """Categories shown in the zones each party stayed in."""
    shown = {zone.id: set(zone.categories) for zone in store.zones}
    return {party.number: set().union(*(shown[s.zone] for s in party.stays)) for party in came}


def _leave(script: Script, came: list[Party], turns: dict[int, Turn], seed: int) -> None:
    """Everybody's way in, through the zones and out; who was at a till leaves from there."""
    rng = stream(seed, script.store.id, script.day.date.isoformat(), "exits")
    has_till_zone = any(zone.id == "tills" for zone in script.store.zones)
    seen: list[tuple[ZoneStay, int]] = []
    for party in came:
        done = party.ready
        if turn := turns.get(party.number):
            done = turn.ended
            if has_till_zone:
                party.stays.append(ZoneStay("tills", turn.arrived, done))
        script.come_and_go(party, done + rng.uniform(8, 60))
        for stay in party.stays:
            script.stay(stay, f"t{party.number}")
            seen.append((stay, party.size))
    script.presence(seen)


def _crew(script: Script, seed: int, spans: list[tuple[Fault, Span]]) -> None:
    """Associates' shifts and walks, planted errands among them."""
    store = script.store
    rng = stream(seed, store.id, script.day.date.isoformat(), "crew")
    shifts = roster(store, script.day)
    script.shifts(shifts)
    walks = staff_walks(rng, store, shifts)
    for fault, span in spans:
        if isinstance(fault, StaffAtDoor):
            walks += errands(rng, fault.door or store.doors[0].id, span, fault.crossings)
    for walk in walks:
        script.walk(walk)


def _street(script: Script, seed: int, people: float) -> None:
    """People who walk past the doors that can see them."""
    rng = stream(seed, script.store.id, script.day.date.isoformat(), "street")
    doors = [door.id for door in script.store.doors if door.counts_passers]
    for second, mean in passing(rng, script.day, people):
        for door in doors:
            script.pass_by(second, door, poisson(rng, mean / len(doors)))
