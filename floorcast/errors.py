"""What a person can get wrong or find missing: one line each, and the exit code that goes with it."""

from enum import IntEnum
from urllib.parse import urlsplit


class Exit(IntEnum):
    """What the exit code says; every command keeps to these.

    Attributes:
        OK: done.
        FINDING: done, and the answer is no: a check failed, a difference was found, an input was rejected.
        REFUSED: the command line or the configuration cannot be used as given.
        UNAVAILABLE: something outside is missing or down: a file, a broker, a Redis, a port, a program.
        INTERNAL: a fault of Floorcast's own; ``--debug`` shows where.
        INTERRUPTED: stopped with Ctrl-C before it was done.
    """

    OK = 0
    FINDING = 1
    REFUSED = 2
    UNAVAILABLE = 3
    INTERNAL = 70
    INTERRUPTED = 130


class FloorcastError(Exception):
    """What was asked cannot be done as asked; the message is the one line to show, with what to do."""

    code = Exit.REFUSED


class UnavailableError(FloorcastError):
    """Something outside this process is missing or down."""

    code = Exit.UNAVAILABLE


def place_of(url: str) -> str:
    """An address as it may be shown: without the name and password it may hold.

    >>> place_of("mqtt://till:secret@broker:1883"), place_of("redis://127.0.0.1:6379/0")
    ('mqtt://broker:1883', 'redis://127.0.0.1:6379/0')
    """
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def unanswered(what: str, url: str, error: Exception) -> UnavailableError:
    """That a server does not answer, why, and what to do."""
    return UnavailableError(
        f"no {what} answers at {place_of(url)} ({error}): start it, or name another"
    )
