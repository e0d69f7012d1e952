"""Who is to be told: by role, shift and quiet hours. Pure."""

from datetime import datetime

from alerts.book import StoreBook
from alerts.hours import within
from alerts.settings import Person, Route


def audience(book: StoreBook, route: Route, rung: int, at: datetime) -> list[str]:
    """The people of a rung who are on shift and may be disturbed."""
    role = route.ladder[rung].role
    return [p.id for p in book.people if p.role == role and reachable(p, book, at)]


def reachable(person: Person, book: StoreBook, at: datetime) -> bool:
    """Whether somebody is on shift and not in quiet hours."""
    return on_shift(person, book, at) and not within(person.quiet, book.store, at)


def on_shift(person: Person, book: StoreBook, at: datetime) -> bool:
    """Whether somebody works now; without shifts they always do."""
    return not person.shifts or within(person.shifts, book.store, at)


def staffed(book: StoreBook, route: Route, rung: int, at: datetime) -> int:
    """The first rung from ``rung`` up with somebody to tell; ``rung`` itself if there is none.

    Without a staff directory the route's shared channels carry every rung.
    """
    if not book.people:
        return rung
    for higher in range(rung, len(route.ladder)):
        if audience(book, route, higher, at):
            return higher
    return rung
