"""A forecast that a changed street or a lying feed has made worse: rolled back, told to people, taken back once."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from math import exp
from pathlib import Path
from random import Random

from alerts.book import Book
from alerts.incident import Incident
from alerts.memory import Memory
from alerts.pipeline import run
from floorcast.settings import load_settings
from flows.facts import FactBatch
from flows.ledger import Ledger
from flows.profile import Profile
from flows.publish import Publisher
from flows.settings import FlowsSettings
from flows.snapshot import dump, load
from sensors.events import AnyEvent, Footfall, Plan
from sensors.settings import SensorsSettings
from tests.scenario import shop

SHIPPED = load_settings(Path(__file__).parents[3] / "config.toml").alerts
DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
STORE = shop(country="XX", hours=[{"days": DAYS, "opens": "10:00:00", "closes": "12:00:00"}])
SENSORS = SensorsSettings(stores=[STORE])
FIRST = date(2026, 3, 2)
PULL = 0.5  # of one unit of heat, in logs
TAUGHT = 26  # days with heat, before the fault
FAULTY = range(TAUGHT, TAUGHT + 8)
LAST = TAUGHT + 38
MOVED = range(18, 36)  # days on which the street's people come by another way
Feed = Callable[
    [int, float], float
]  # the day and its true heat → what the feed says, or what it does
Street = Callable[[int, int], float]  # the day and the quarter → people without any heat


def _profile(_store: str = "s1") -> Profile:
    return Profile(STORE, FlowsSettings(), SENSORS)


def _heat(day: int) -> float:
    return (0.0, 1.2, 0.6, 0.0, 1.5)[day % 5]


def _open(_day: int, _quarter: int) -> float:
    return 30.0


def _moved(day: int, quarter: int) -> float:
    """While the street is closed fewer come, and late."""
    return 300.0 if day not in MOVED else 20.0 if quarter < 5 else 160.0


def _day(day: int, says: Feed, brings: Feed, street: Street) -> list[AnyEvent]:
    """A day's counts, and the heat as its feed says it the evening before."""
    start, draw = datetime.combine(FIRST + timedelta(days=day), time(0), UTC), Random(day)
    told = Plan(
        at=start - timedelta(hours=3), store="s1", source="feed", id=f"heat-{day}", about="heat",
        starts_at=start, ends_at=start + timedelta(days=1), value=says(day, _heat(day)),
    )  # fmt: skip
    events: list[AnyEvent] = [told]
    for quarter in range(8):
        at = start + timedelta(hours=10, minutes=15 * quarter + 5)
        mean = street(day, quarter) * exp(PULL * brings(day, _heat(day)))
        people = max(0, round(draw.gauss(mean, mean**0.5)))
        events.append(
            Footfall(at=at, store="s1", source="cam", id=f"{at}", door="main", entered=people)
        )
    return events


def _live(
    publisher: Publisher, first: int, last: int, says: Feed, brings: Feed, street: Street = _open
) -> list[FactBatch]:
    """Days by two ticks, after closing and at midnight; the floor's batches."""
    batches = []
    for day in range(first, last):
        start = datetime.combine(FIRST + timedelta(days=day), time(0), UTC)
        events = _day(day, says, brings, street) + _day(day + 1, says, brings, street)[:1]
        since = start
        for hour in (13, 24):
            at = start + timedelta(hours=hour, minutes=3)
            publisher.ledger.take([event for event in events if since <= event.at < at], at)
            since = at
            millis = round(at.timestamp() * 1000)
            batches.append(
                FactBatch(store="s1", partition=0, position=f"{millis}-0", at=at, facts=publisher.tick(at))
            )  # fmt: skip
    return batches


@cache
def _taught() -> bytes:
    publisher = Publisher(Ledger(_profile()))
    _live(publisher, 0, TAUGHT, lambda _, heat: heat, lambda _, heat: heat)
    return dump(publisher)


def _incidents(batches: list[FactBatch], subject: str) -> list[Incident]:
    """Every incident that the shipped rule makes of them."""
    memory, book = Memory(), Book(SHIPPED, SENSORS, FlowsSettings()).of("s1")
    found: dict[str, Incident] = {}
    for batch in batches:
        out = run(memory, batch, book)
        for incident in out.incidents if out else ():
            if (incident.rule, incident.subject) == ("forecast-rolled-back", subject):
                found[incident.id] = incident
    return list(found.values())


def _fault(says: Feed, brings: Feed) -> list[Incident]:
    """Those on the events' factors, from the fault to the end."""
    publisher = load(_taught(), _profile)
    return _incidents(_live(publisher, TAUGHT, LAST, says, brings), "forecast:visitors.events")


def _days_to(at: datetime, day: int) -> int:
    return (at.date() - FIRST).days - day


def _told_once(incidents: list[Incident], *, since: int, within: int, back_after: int) -> None:
    """One incident: it fires within so many days of the fault and is resolved once, later than ``back_after`` days."""
    (incident,) = incidents
    nights = ("suppressed", "unsuppressed")
    steps = [step for step in incident.steps if step.kind not in nights]
    (fired, when), (ended, back) = [(step.kind, _days_to(step.at, since)) for step in steps]
    assert (fired, ended) == ("firing", "resolved")
    assert 0 < when <= within
    assert back > back_after


def test_a_feed_that_is_stuck_is_one_incident_and_its_mending_ends_it() -> None:
    """A feed stuck at a height is rolled back within a week and comes back once, when it has been true for a while."""
    found = _fault(lambda day, heat: 3.0 if day in FAULTY else heat, lambda _, heat: heat)
    _told_once(found, since=TAUGHT, within=7, back_after=len(FAULTY))


def test_a_street_closed_and_opened_again_is_one_incident() -> None:
    """While a fence turns the crowd away that heat brings, it is rolled back; once it is gone, taken back, once."""
    found = _fault(lambda _, heat: heat, lambda day, heat: -heat if day in FAULTY else heat)
    _told_once(found, since=TAUGHT, within=7, back_after=len(FAULTY))


def test_a_street_whose_people_come_another_way_and_back_is_an_incident_each_time() -> None:
    """The closing is an incident within ten days, the opening the second, each resolved once; there is no third."""
    publisher = Publisher(Ledger(_profile()))
    batches = _live(publisher, 0, MOVED.stop + 14, lambda *_: 0.0, lambda *_: 0.0, _moved)
    closed, opened = _incidents(batches, "forecast:visitors")
    _told_once([closed], since=MOVED.start, within=10, back_after=14)
    _told_once([opened], since=MOVED.stop, within=4, back_after=7)
