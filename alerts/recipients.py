"""Who a notice goes to and by which ways, each under an idempotency key. Pure."""

from collections.abc import Iterable
from typing import NamedTuple

from msgspec.structs import replace

from alerts.book import Book
from alerts.incident import Notice
from alerts.people import audience
from alerts.settings import AlertsSettings, Contact, Person


class Recipient(NamedTuple):
    """A person, or a shared channel (no person); ``ways`` are tried in their order."""

    key: str
    person: str
    ways: list[Contact]


class Recipients:
    """Looks them up in the staff directory and the routes.

    Args:
        boards: channels that show the list of open incidents.
        apart: channels that would disturb people anew with what joins a push, and are left out of it.
    """

    def __init__(
        self, book: Book, settings: AlertsSettings, boards: Iterable[str], apart: Iterable[str] = ()
    ) -> None:
        self._book, self._settings, self._boards = book, settings, list(boards)
        self._apart = set(apart)
        self._channels = set(settings.channels_by_name())
        self._people = {p.id: p for p in settings.people}

    def person(self, who: str) -> Person | None:
        """Somebody in the staff directory."""
        return self._people.get(who)

    def of(self, notice: Notice) -> list[Recipient]:
        """Everybody a notice goes to."""
        if notice.kind == "board":
            return [_shared(notice, name) for name in self._boards]
        route = self._settings.route_of(notice.route)
        found = [_shared(notice, n) for n in route.channels if n not in self._boards]
        found += self._persons(notice, notice.audience)
        ways = self._channels - self._apart if notice.kind == "joined" else self._channels
        kept = [r._replace(ways=[w for w in r.ways if w.channel in ways]) for r in found]
        return [recipient for recipient in kept if recipient.ways]

    def above(self, notice: Notice, rung: int) -> tuple[int, list[Recipient]] | None:
        """The next rung with somebody on shift to tell instead, where nobody of ``rung`` could be reached."""
        book, route = self._book.of(notice.store), self._settings.route_of(notice.route)
        if notice.kind not in ("firing", "repeated", "escalated") or not _urgent(notice):
            return None
        for higher in range(rung + 1, len(route.ladder)):
            people = audience(book, route, higher, notice.at)
            if found := self._persons(notice, (p for p in people if p not in notice.audience)):
                return higher, found
        return None

    def keys(self, notice: Notice) -> list[str]:
        """Every key under which something of a notice may have been recorded."""
        found, rung = self.of(notice), notice.rung
        while notice.audience and (above := self.above(notice, rung)):
            rung, more = above
            found += more
        return list(dict.fromkeys(r.key for r in found))

    def _persons(self, notice: Notice, people: Iterable[str]) -> list[Recipient]:
        found = []
        for who in people:
            contacts = self._people[who].contacts if who in self._people else []
            if ways := [c for c in contacts if c.channel in self._channels]:
                found.append(Recipient(f"{notice.id}|@{who}", who, ways))
        return found


def risen(notice: Notice, rung: int) -> Notice:
    """The notice as a higher rung is told it."""
    return notice if rung == notice.rung else replace(notice, kind="escalated", rung=rung)


def _shared(notice: Notice, channel: str) -> Recipient:
    return Recipient(f"{notice.id}|{channel}", "", [Contact(channel=channel, to="")])


def _urgent(notice: Notice) -> bool:
    return any(i.severity == "act" for i in notice.incidents)
