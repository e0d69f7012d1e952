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
SUBJECT = "forecast:visitors.events"
PULL = 0.5  # of one unit of heat, in logs
TAUGHT = 26  # days with heat, before the fault
FAULTY = range(TAUGHT, TAUGHT + 8)
LAST = TAUGHT + 38
MOVED = range(TAUGHT, TAUGHT + 20)  # days on which the street's people come by another way
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
    """While the street is closed a few come, and late."""
    return 30.0 if day not in MOVED else 2.0 if quarter < 5 else 16.0


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


def _incidents(
    says: Feed, brings: Feed, street: Street = _open, subject: str = SUBJECT
) -> list[Incident]:
    """Every incident of the shipped rule on the events' factors (or another subject), from the fault to the end."""
    publisher = load(_taught(), _profile)
    memory, book = Memory(), Book(SHIPPED, SENSORS, FlowsSettings()).of("s1")
    found: dict[str, Incident] = {}
    for batch in _live(publisher, TAUGHT, LAST, says, brings, street):
        out = run(memory, batch, book)
        for incident in out.incidents if out else ():
            if (incident.rule, incident.subject) == ("forecast-rolled-back", subject):
                found[incident.id] = incident
    return list(found.values())


def _days_to(at: datetime, day: int) -> int:
    return (at.date() - FIRST).days - day


def _told_once(incidents: list[Incident], *, within: int, back_after: int = len(FAULTY)) -> None:
    """One incident: it fires within so many days of the fault and is resolved once, later than ``back_after`` days."""
    (incident,) = incidents
    nights = ("suppressed", "unsuppressed")
    steps = [step for step in incident.steps if step.kind not in nights]
    (fired, when), (ended, back) = [(step.kind, _days_to(step.at, TAUGHT)) for step in steps]
    assert (fired, ended) == ("firing", "resolved")
    assert 0 < when <= within
    assert back > back_after


def test_a_feed_that_is_stuck_is_one_incident_and_its_mending_ends_it() -> None:
    """A feed stuck at a height is rolled back within a week and comes back once, when it has been true for a while."""
    _told_once(
        _incidents(lambda day, heat: 3.0 if day in FAULTY else heat, lambda _, heat: heat), within=7
    )


def test_a_street_closed_and_opened_again_is_one_incident() -> None:
    """While a fence turns the crowd away that heat brings, it is rolled back; once it is gone, taken back, once."""
    _told_once(
        _incidents(lambda _, heat: heat, lambda day, heat: -heat if day in FAULTY else heat),
        within=7,
    )


def test_a_street_closed_whose_people_come_another_way_is_one_incident() -> None:
    """Fewer people at other hours: last week speaks until the model has learned them, then the model, once."""
    found = _incidents(
        lambda _, heat: heat, lambda _, heat: heat, _moved, subject="forecast:visitors"
    )
    _told_once(found, within=12, back_after=10)
