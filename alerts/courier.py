"""Who gets what by which channel, and when it is tried again: the deliverer's decisions, without its sockets."""

import heapq
import random
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from msgspec import Struct

from alerts.book import Book
from alerts.channels import Delivery
from alerts.incident import Notice
from alerts.links import Links
from alerts.message import message
from alerts.settings import AlertsSettings, ChannelSettings, Contact, Person
from sensors.streams import Position


class Attempt(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One try. superseded: a newer board took its place. dead: nobody could be reached, given up."""

    channel: str
    n: int
    state: Literal["sent", "failed", "refused", "superseded", "dead"]
    why: str = ""


FINAL = ("sent", "superseded", "dead")


@dataclass(order=True)
class Task:
    """One delivery on its way: to a person by the first of their channels that works, or to a shared one."""

    due: float
    order: int
    partition: int = field(compare=False)
    entry: Position = field(compare=False)
    delivery: Delivery = field(compare=False)
    ways: list[Contact] = field(compare=False)
    attempts: list[Attempt] = field(compare=False, default_factory=list)
    way: int = field(compare=False, default=0)
    attempt: int = field(compare=False, default=1)
    dropped: bool = field(compare=False, default=False)

    @property
    def channel(self) -> str:
        """The channel to try next."""
        return self.ways[self.way].channel


class Courier:
    """Plans deliveries. Holds no connection; its clock is only for pauses between tries.

    Args:
        links: makes links to answer by; ``None`` leaves them out.
        boards: channels that show the list of open incidents.
        clock, jitter: monotonic seconds; a number in [0, 1) that spreads retries.
    """

    def __init__(
        self,
        book: Book,
        settings: AlertsSettings,
        boards: Iterable[str],
        *,
        links: Links | None = None,
        clock: Callable[[], float] = time.monotonic,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._book, self._settings, self._boards = book, settings, list(boards)
        self._named = settings.channels_by_name()
        self._links, self._clock, self._jitter = links, clock, jitter
        self._heap: list[Task] = []
        self._order = 0
        self._open: dict[tuple[int, Position], set[str]] = {}
        self._live_keys: set[tuple[int, str]] = set()
        self._board_now: dict[tuple[str, str], Task] = {}
        self._board_busy: set[tuple[str, str]] = set()
        self.unwritten: dict[tuple[int, str], list[Attempt]] = {}
        self.finished: list[tuple[int, Position]] = []

    def keys(self, notice: Notice) -> list[str]:
        """The idempotency keys of a notice's deliveries."""
        return [key for key, _, _ in self._recipients(notice)]

    def take(
        self,
        partition: int,
        entry: Position,
        notice: Notice,
        records: Mapping[str, list[Attempt]],
    ) -> None:
        """Plan a notice, going on where ``records`` of an earlier life left off."""
        if (partition, entry) in self._open:
            return
        wanted: set[str] = set()
        for key, person, ways in self._recipients(notice):
            before = [*records.get(key, [])]
            live = (partition, key)
            if live in self._live_keys or (before and before[-1].state in FINAL):
                continue
            self._plan(partition, entry, notice, person, ways, key, before)
            wanted.add(key)
            self._live_keys.add(live)
        if wanted:
            self._open[partition, entry] = wanted
        else:
            self.finished.append((partition, entry))

    def due(self) -> list[Task]:
        """What is to be tried now."""
        ready: list[Task] = []
        waiting: list[Task] = []
        while self._heap and self._heap[0].due <= self._clock():
            task = heapq.heappop(self._heap)
            if task.dropped:
                continue
            board = self._board_of(task)
            if board and board in self._board_busy:
                waiting.append(task)
                continue
            if board:
                self._board_busy.add(board)
            ready.append(task)
        for task in waiting:
            heapq.heappush(self._heap, task)
        return ready

    def report(self, task: Task, attempt: Attempt) -> None:
        """Take a try's result: finish, try again later, take the next channel, or give up."""
        board = self._board_of(task)
        if board:
            self._board_busy.discard(board)
        task.attempts.append(attempt)
        settings = self._named[attempt.channel]
        if attempt.state == "sent" or task.dropped:
            self._finish(task)
            return
        if attempt.state == "failed" and (board or task.attempt < settings.attempts):
            pause_s = backoff_s(settings, task.attempt, self._jitter())
            task.attempt += 1
        elif task.way + 1 < len(task.ways):
            task.way, task.attempt, pause_s = task.way + 1, 1, 0.0
            task.delivery = replace(task.delivery, to=task.ways[task.way].to)
        else:
            task.attempts.append(Attempt(channel=attempt.channel, n=attempt.n, state="dead"))
            self._finish(task)
            return
        self._note(task)
        task.due = self._clock() + pause_s
        heapq.heappush(self._heap, task)

    def written(self) -> None:
        """What was to be recorded has been."""
        self.unwritten.clear()
        self.finished.clear()

    def _recipients(self, notice: Notice) -> list[tuple[str, str, list[Contact]]]:
        """Key, person and ways, of everybody a notice goes to."""
        if notice.kind == "board":
            return [(f"{notice.id}|{n}", "", [Contact(channel=n, to="")]) for n in self._boards]
        route = self._settings.route_of(notice.route)
        shared = [n for n in route.channels if n in self._named and n not in self._boards]
        people = {p.id: p for p in self._settings.people}
        found = [(f"{notice.id}|{n}", "", [Contact(channel=n, to="")]) for n in shared]
        for who in notice.audience:
            ways = (
                [c for c in people[who].contacts if c.channel in self._named]
                if who in people
                else []
            )
            if ways:
                found.append((f"{notice.id}|@{who}", who, ways))
        return found

    def _plan(
        self,
        partition: int,
        entry: Position,
        notice: Notice,
        who: str,
        ways: list[Contact],
        key: str,
        before: list[Attempt],
    ) -> None:
        person = person_of(self._settings, who)
        language = person.language if person else self._named[ways[0].channel].language
        way = next((n for n, w in enumerate(ways) if before and w.channel == before[-1].channel), 0)
        book = self._book.of(notice.store)
        delivery = message(
            notice, book, language, person=who, to=ways[way].to, key=key, links=self._links
        )
        self._order += 1
        task = Task(self._clock(), self._order, partition, entry, delivery, ways, before, way)
        task.attempt = before[-1].n + 1 if before else 1
        board = self._board_of(task)
        if board:
            self._supersede(board, task)
        heapq.heappush(self._heap, task)

    def _supersede(self, board: tuple[str, str], task: Task) -> None:
        """A newer board makes the one before it pointless; one that is being sent is let finish."""
        older = self._board_now.get(board)
        if older is not None:
            older.dropped = True
            if board not in self._board_busy:
                newest = Attempt(channel=older.channel, n=older.attempt, state="superseded")
                older.attempts.append(newest)
                self._finish(older)
        self._board_now[board] = task

    def _board_of(self, task: Task) -> tuple[str, str] | None:
        notice = task.delivery.notice
        return (task.channel, notice.store) if notice.kind == "board" else None

    def _finish(self, task: Task) -> None:
        self._note(task)
        self._live_keys.discard((task.partition, task.delivery.key))
        board = self._board_of(task)
        if board and self._board_now.get(board) is task:
            del self._board_now[board]
        place = (task.partition, task.entry)
        still = self._open.get(place, set())
        still.discard(task.delivery.key)
        if not still:
            self._open.pop(place, None)
            self.finished.append(place)

    def _note(self, task: Task) -> None:
        self.unwritten[task.partition, task.delivery.key] = [*task.attempts]


def backoff_s(settings: ChannelSettings, attempt: int, jitter: float) -> float:
    """Seconds before the next try: doubling, capped, spread over its upper half.

    >>> backoff_s(ChannelSettings(kind="log", backoff_s=1, backoff_max_s=60), 4, 0.5)
    6.0
    """
    longest: float = min(settings.backoff_s * 2 ** (attempt - 1), settings.backoff_max_s)
    return longest * (0.5 + jitter / 2)


def person_of(settings: AlertsSettings, who: str) -> Person | None:
    """Somebody in the staff directory."""
    return next((p for p in settings.people if p.id == who), None)
