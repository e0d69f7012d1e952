"""The courier's decisions on a clock of the test's own: when, by which way, how often, and when to give up."""

from collections.abc import Callable

import msgspec
import pytest

from alerts.attempts import Attempt, Task
from alerts.book import Book
from alerts.breaker import LONGEST_S, TRIPS
from alerts.courier import Courier, backoff_s
from alerts.incident import Notice
from alerts.settings import AlertsSettings, ChannelSettings, Contact, Person, Route, Rule, Rung
from flows.settings import FlowsSettings
from sensors.settings import SensorsSettings
from sensors.streams import Position
from tests.scenario import Story, shop

LOW = Rule(name="low-conversion", metric="conversion", hold_s=0)
CHANNEL = ChannelSettings(kind="log", attempts=4, attempts_before_next=2, backoff_s=1, give_up_s=60)


class Office:
    """A courier, its clock, and what its owner records."""

    def __init__(self, contacts: dict[str, list[str]], boards: tuple[str, ...] = ()) -> None:
        ladder = [Rung(role="associate"), Rung(role="floor-manager", after_s=300)]
        roles = {"lw": "floor-manager"}
        people = [
            Person(
                id=who, role=roles.get(who, "associate"), contacts=[Contact(channel=c, to=f"{who}@{c}") for c in ways]
            )
            for who, ways in contacts.items()
        ]  # fmt: skip
        self.settings = AlertsSettings(
            rules=[LOW], people=people, channels={"a": CHANNEL, "b": CHANNEL}, board=list(boards),
            routes={"floor": Route(channels=[], ladder=ladder, group_s=0)},
        )  # fmt: skip
        self.now = 0.0
        book = Book(self.settings, SensorsSettings(stores=[shop()]), FlowsSettings())
        self.courier = Courier(
            book, self.settings, boards, clock=lambda: self.now, jitter=lambda: 1.0
        )
        self.kept: dict[str, list[Attempt]] = {}
        self.done: list[int] = []

    def notice(self, n: int = 0) -> Notice:
        """The first push of an incident."""
        first = Story(self.settings).at("10:00").rate(30, 400).notices[0]
        return msgspec.structs.replace(first, id=f"s1/low-conversion//t{n}#1:firing:0")

    def take(self, notice: Notice, entry: int = 1) -> None:
        """It stands in the outbox."""
        self.courier.take(0, Position(entry, 0), notice, self.kept)

    def send(self, answer: Callable[[Task], str]) -> list[str]:
        """Try what is due; its channels, in order."""
        tried = []
        for task in self.courier.due():
            tried.append(task.channel)
            state = answer(task)
            self.courier.report(task, Attempt(channel=task.channel, n=task.attempt, state=state))  # type: ignore[arg-type]
        self.record()
        return tried

    def record(self) -> None:
        """As the deliverer writes it down."""
        for (_, key), attempts in self.courier.unwritten.items():
            self.kept[key.rpartition("|")[2]] = attempts
            self.kept[key] = attempts
        self.done += [entry.ms for _, entry in self.courier.finished]
        self.courier.written()

    def states(self, who: str) -> list[str]:
        """What became of a person's delivery."""
        return [f"{t.channel}:{t.state}" for t in self.kept[f"@{who}"]]


def failed(_task: Task) -> str:
    """Nothing gets through."""
    return "failed"


def sent(_task: Task) -> str:
    """Everything does."""
    return "sent"


@pytest.mark.parametrize("attempt", [1, 3, 7, 40])
def test_pauses_double_are_capped_and_spread(attempt: int) -> None:
    """A pause lies in the upper half of ``backoff_s · 2^(n−1)``, of ``backoff_max_s`` at most."""
    longest = min(2.0 ** (attempt - 1), CHANNEL.backoff_max_s)
    assert backoff_s(CHANNEL, attempt, 0.0) == longest / 2
    assert backoff_s(CHANNEL, attempt, 1.0) == longest


def test_tried_again_then_the_next_way_then_given_up() -> None:
    """Two tries by the first channel, four by the last one, each after its pause; then a dead letter."""
    office = Office({"chen": ["a", "b"]})
    office.take(office.notice())
    times: list[tuple[float, list[str]]] = []
    while not office.done:
        if tried := office.send(failed):
            times.append((office.now, tried))
        office.now += 0.5
    assert times[:3] == [(0.0, ["a"]), (1.0, ["a"]), (1.5, ["b"])]
    assert office.states("chen") == ["a:failed"] * 2 + ["b:failed"] * 4 + ["b:dead"]


def test_behind_an_endpoint_that_is_down() -> None:
    """Once it has failed three times in a row, others with a further way take that at once; one try goes on."""
    office = Office({f"p{n}": ["a", "b"] for n in range(9)})
    for n in range(3):
        office.take(msgspec.structs.replace(office.notice(n), audience=[f"p{n}"]), n + 1)
    assert office.send(failed) == ["a"] * TRIPS
    for n in range(3, 9):
        office.take(msgspec.structs.replace(office.notice(n), audience=[f"p{n}"]), n + 1)
    assert office.send(sent) == ["b"] * 6
    assert office.states("p5") == ["a:skipped", "b:sent"]
    office.now += LONGEST_S
    assert office.send(sent) == ["a", "b", "b"]  # it answers the one that tries
    office.take(msgspec.structs.replace(office.notice(20), audience=["p8"]), 20)
    assert office.send(sent) == ["a"]


def test_what_has_no_other_way_waits_and_is_given_up_at_last() -> None:
    """Behind a dead endpoint few are tried, none is forgotten, and after ``give_up_s`` all are dead letters."""
    office = Office({f"p{n}": ["a"] for n in range(30)})
    for n in range(30):
        office.take(msgspec.structs.replace(office.notice(n), audience=[f"p{n}"]), n + 1)
    first = office.courier.due()
    for task in first[:TRIPS]:
        office.courier.report(task, Attempt(channel="a", n=task.attempt, state="failed"))
    assert office.courier.down == {"a"}
    for task in first[TRIPS:]:
        office.courier.give_back(task)
    office.record()
    tries = TRIPS
    while office.now < 75:
        office.now += 1.0
        tries += len(office.send(failed))
    assert sorted(office.done) == list(range(1, 31))
    assert tries < 30  # of 120 without it
    assert all(office.kept[f"@p{n}"][-1].state == "dead" for n in range(30))


def test_a_rung_up_when_nobody_below_can_be_reached() -> None:
    """Dead ends at the rung lead to the next one; a restart in between leads there too, and tells nobody twice."""
    office = Office({"chen": ["a"], "mia": ["a"], "lw": ["b"]})
    notice = office.notice()
    office.take(notice)
    while len(office.kept) < 4 or not all(t[-1].state == "dead" for t in office.kept.values()):
        due = [t for t in office.courier.due() if t.channel == "a"]
        for task in due:
            office.courier.report(task, Attempt(channel="a", n=task.attempt, state="failed"))
        office.record()
        office.now += 1.0
    office.courier = Courier(
        Book(office.settings, SensorsSettings(stores=[shop()]), FlowsSettings()),
        office.settings, [], clock=lambda: office.now,
    )  # fmt: skip
    office.take(notice)
    (task,) = office.courier.due()
    assert (task.delivery.person, task.delivery.notice.kind) == ("lw", "escalated")
    office.courier.report(task, Attempt(channel="b", n=1, state="sent"))
    office.record()
    assert office.done == [1]
    office.take(notice, 2)
    assert office.courier.due() == []


def test_a_newer_board_takes_the_place_of_an_older() -> None:
    """Of two lists of one store only the newer goes out, unless the older is being sent already."""
    office = Office({}, boards=("a",))
    boards = [
        Notice(id=f"s1@{n}:board", store="s1", at=office.notice().at, kind="board") for n in range(3)
    ]  # fmt: skip
    office.take(boards[0], 1)
    office.take(boards[1], 2)
    (going,) = office.courier.due()
    assert going.delivery.notice.id == boards[1].id
    office.take(boards[2], 3)
    assert office.courier.due() == []
    office.courier.report(going, Attempt(channel="a", n=1, state="sent"))
    assert [t.delivery.notice.id for t in office.courier.due()] == [boards[2].id]
