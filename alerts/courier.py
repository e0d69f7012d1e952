"""When a delivery is tried, tried again, goes another way, or to somebody higher up: decisions without sockets."""

import heapq
import random
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from alerts.attempts import FINAL, Attempt, Place, Task
from alerts.book import Book
from alerts.breaker import Breaker
from alerts.incident import Notice
from alerts.links import Links
from alerts.message import message
from alerts.recipients import Recipient, Recipients, risen
from alerts.settings import AlertsSettings, ChannelSettings
from sensors.streams import Position

Records = Mapping[str, list[Attempt]]


@dataclass
class _Letter:
    """A notice whose deliveries are on their way.

    Attributes:
        rung: how far up it has been taken because nobody below could be reached.
        open: keys that are not finished, and whether each is a person's.
        reached, lost: whether some person got it, or some person did not.
    """

    notice: Notice
    rung: int
    open: dict[str, bool] = field(default_factory=dict)
    reached: bool = False
    lost: bool = False

    @property
    def in_vain(self) -> bool:
        """Whether every person it was for has turned out to be out of reach."""
        return self.lost and not self.reached and not any(self.open.values())


class Courier:
    """Plans deliveries. Holds no connection; its clock is only for pauses between tries.

    Args:
        links: makes links to answer by; ``None`` leaves them out.
        boards, apart: channels that show the list of open incidents; that are left out of what joins a push.
        clock, jitter: monotonic seconds; a number in [0, 1) that spreads retries.

    ``unwritten`` and ``finished`` are to be recorded by its owner, who then calls ``written``; ``down`` names
    channels of which an endpoint has just turned out to be down, until they are looked at.
    """

    def __init__(
        self,
        book: Book,
        settings: AlertsSettings,
        boards: Iterable[str],
        *,
        apart: Iterable[str] = (),
        links: Links | None = None,
        clock: Callable[[], float] = time.monotonic,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._book, self._recipients = book, Recipients(book, settings, boards, apart)
        self._named = settings.channels_by_name()
        self._links, self._clock, self._jitter = links, clock, jitter
        self._heap: list[Task] = []
        self._order = 0
        self._letters: dict[Place, _Letter] = {}
        self._live_keys: set[tuple[int, str]] = set()
        self._board_now: dict[tuple[str, str], Task] = {}
        self._board_busy: set[tuple[str, str]] = set()
        self._breakers: dict[tuple[str, str], Breaker] = {}
        self.unwritten: dict[tuple[int, str], list[Attempt]] = {}
        self.finished: list[Place] = []
        self.down: set[str] = set()

    def keys(self, notice: Notice) -> list[str]:
        """The idempotency keys of a notice's deliveries."""
        return self._recipients.keys(notice)

    def take(self, partition: int, entry: Position, notice: Notice, records: Records) -> None:
        """Plan a notice, going on where ``records`` of an earlier life left off."""
        place = (partition, entry)
        if place in self._letters:
            return
        letter = self._letters[place] = _Letter(notice, notice.rung)
        self._add(place, letter, self._recipients.of(notice), records)
        self._settle(place, records)

    def due(self) -> list[Task]:
        """What is to be tried now."""
        ready: list[Task] = []
        waiting: list[Task] = []
        now = self._clock()
        while self._heap and self._heap[0].due <= now:
            task = heapq.heappop(self._heap)
            if task.dropped:
                continue
            if task.board and task.board in self._board_busy:
                waiting.append(task)
            elif self._breaker(task).admits(now):
                if task.board:
                    self._board_busy.add(task.board)
                ready.append(task)
            else:
                self._go_round(task, now)
        for task in waiting:
            heapq.heappush(self._heap, task)
        return ready

    def give_back(self, task: Task) -> None:
        """Take back what ``due`` handed out and nobody has begun."""
        if task.board:
            self._board_busy.discard(task.board)
        self._breaker(task).given_back()
        heapq.heappush(self._heap, task)

    def report(self, task: Task, attempt: Attempt) -> None:
        """Take a try's result: finish, try again later, take the next channel, or give up."""
        if task.board:
            self._board_busy.discard(task.board)
        task.attempts.append(attempt)
        settings, now = self._named[attempt.channel], self._clock()
        if attempt.state == "failed":
            pause_s = backoff_s(settings, task.attempt, self._jitter())
            if self._breaker(task).failed(now, pause_s):
                self.down.add(task.channel)
        else:
            pause_s = 0.0
            self._breaker(task).answered()
        if attempt.state == "sent" or task.dropped:
            self._finish(task)
        elif attempt.state == "failed" and (task.board or task.attempt < _most(settings, task)):
            task.attempt += 1
            self._again(task, now + pause_s)
        elif task.has_another_way:
            self._next_way(task, now)
        else:
            self._give_up(task)

    def written(self) -> None:
        """What was to be recorded has been."""
        self.unwritten.clear()
        self.finished.clear()

    def _add(
        self, place: Place, letter: _Letter, people: list[Recipient], records: Records
    ) -> None:
        """Plan deliveries to some recipients, less those that are finished or on their way already."""
        for recipient in people:
            before = [*records.get(recipient.key, [])]
            live = (place[0], recipient.key)
            ended = before[-1].state if before and before[-1].state in FINAL else ""
            if recipient.person:
                letter.reached |= ended == "sent" or live in self._live_keys
                letter.lost |= ended == "dead"
            if ended or live in self._live_keys:
                continue
            letter.open[recipient.key] = bool(recipient.person)
            self._live_keys.add(live)
            self._plan(place, risen(letter.notice, letter.rung), recipient, before)

    def _settle(self, place: Place, records: Records) -> None:
        """Take a notice a rung up while nobody of those below can be reached; let go of one that is done."""
        letter = self._letters[place]
        while letter.in_vain and (above := self._recipients.above(letter.notice, letter.rung)):
            letter.rung, people = above
            self._add(place, letter, people, records)
        if not letter.open:
            del self._letters[place]
            self.finished.append(place)

    def _plan(self, place: Place, notice: Notice, to: Recipient, before: list[Attempt]) -> None:
        person = self._recipients.person(to.person)
        language = person.language if person else self._named[to.ways[0].channel].language
        way = next(
            (n for n, w in enumerate(to.ways) if before and w.channel == before[-1].channel), 0
        )
        delivery = message(
            notice, self._book.of(notice.store), language, person=to.person, to=to.ways[way].to,
            key=to.key, links=self._links,
        )  # fmt: skip
        self._order += 1
        now = self._clock()
        task = Task(now, self._order, *place, delivery, to.ways, now, before, way)
        task.attempt = before[-1].n + 1 if before else 1
        if task.board:
            self._supersede(task.board, task)
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

    def _breaker(self, task: Task) -> Breaker:
        return self._breakers.setdefault(task.endpoint, Breaker())

    def _go_round(self, task: Task, now: float) -> None:
        """An endpoint that is down is not waited for where there is another way, and not for ever where not."""
        if task.has_another_way:
            skipped = Attempt(
                channel=task.channel, n=task.attempt, state="skipped", why="it is down"
            )
            task.attempts.append(skipped)
            self._next_way(task, now)
        elif not task.board and now - task.since >= self._named[task.channel].give_up_s:
            self._give_up(task)
        else:
            task.due = self._breaker(task).next_look(now)
            heapq.heappush(self._heap, task)

    def _next_way(self, task: Task, now: float) -> None:
        task.way, task.attempt = task.way + 1, 1
        task.delivery = replace(task.delivery, to=task.ways[task.way].to)
        self._again(task, now)

    def _again(self, task: Task, due: float) -> None:
        self._note(task)
        task.due = due
        heapq.heappush(self._heap, task)

    def _give_up(self, task: Task) -> None:
        task.attempts.append(Attempt(channel=task.channel, n=task.attempt, state="dead"))
        self._finish(task)

    def _finish(self, task: Task) -> None:
        self._note(task)
        key = task.delivery.key
        self._live_keys.discard((task.partition, key))
        if task.board and self._board_now.get(task.board) is task:
            del self._board_now[task.board]
        letter = self._letters[task.place]
        if letter.open.pop(key, False):
            sent = task.attempts[-1].state == "sent"
            letter.reached, letter.lost = letter.reached or sent, letter.lost or not sent
        self._settle(task.place, {})

    def _note(self, task: Task) -> None:
        self.unwritten[task.partition, task.delivery.key] = [*task.attempts]


def _most(settings: ChannelSettings, task: Task) -> int:
    """How often to try by this way."""
    if task.has_another_way:
        return min(settings.attempts, settings.attempts_before_next)
    return settings.attempts


def backoff_s(settings: ChannelSettings, attempt: int, jitter: float) -> float:
    """Seconds before the next try: doubling, capped, spread over its upper half.

    >>> backoff_s(ChannelSettings(kind="log", backoff_s=1, backoff_max_s=60), 4, 0.5)
    6.0
    """
    longest: float = min(settings.backoff_s * 2 ** min(attempt - 1, 60), settings.backoff_max_s)
    return longest * (0.5 + jitter / 2)
