"""Ways out to people: one file each, found by its name, behind one protocol.

A channel module defines ``build(settings, context) -> Channel``; nothing else is to be edited.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Protocol

from alerts.incident import Notice
from alerts.settings import ChannelSettings
from sensors.settings import Broker


class UnreachableError(Exception):
    """It did not get through this time; trying again may help."""


class RefusedError(Exception):
    """The other side will never take this; trying again is useless."""


@dataclass(frozen=True)
class Delivery:
    """One message for one person, or for a shared channel.

    Attributes:
        key: idempotency key, the same however often it is tried: one per notice and person.
        to: the person's address on the channel; empty for the channel's own.
        tag: the same for all messages of one push and what follows it, so that a newer one can replace an older.
        replaces: the key under which this person was told before, of a push that has grown; empty for a new one.
        actions: what can be answered, as (label, url) pairs; a tap on one must only ever POST.
    """

    key: str
    notice: Notice
    title: str
    body: str
    tag: str
    to: str = ""
    person: str = ""
    link: str = ""
    actions: tuple[tuple[str, str], ...] = ()
    replaces: str = ""

    @property
    def urgent(self) -> bool:
        """Whether it may interrupt somebody."""
        return self.notice.kind not in ("joined", "resolved", "expired", "digest") and any(
            i.severity == "act" for i in self.notice.incidents
        )


class Phones(Protocol):
    """Where people's own phones are to be reached: the push subscriptions they made on the staff page."""

    def of(self, person: str) -> list[bytes]:
        """A person's subscriptions as JSON; raises ``UnreachableError`` when that cannot be known now."""

    def forget(self, person: str, subscription: bytes) -> None:
        """One that its push service has ended."""


@dataclass(frozen=True)
class Context:
    """What channels need of the house around them."""

    broker: Broker
    phones: Phones | None = None


class Channel(Protocol):
    """A way out. ``send`` may block up to the channel's timeout; it is called from several threads.

    ``shows_board`` channels get the list of open incidents, others get messages. ``takes_joined``: it grows a push in
    place without a sound, or tells machines of everything; other channels are left out of what joins a push.
    """

    shows_board: bool
    takes_joined: bool

    def send(self, delivery: Delivery) -> None:
        """Deliver or raise: ``UnreachableError`` to be tried again, ``RefusedError`` to be given up."""

    def close(self) -> None:
        """Let go of connections."""


Build = Callable[[ChannelSettings, Context], Channel]


def kinds() -> list[str]:
    """The kinds of channel there are.

    >>> "log" in kinds() and "mqtt" in kinds()
    True
    """
    return sorted(module.name for module in iter_modules(__path__))


def build(settings: ChannelSettings, context: Context) -> Channel:
    """Make a channel; raises ``ValueError`` with what to do when its settings cannot work."""
    if settings.kind not in kinds():
        raise ValueError(f"no channel kind {settings.kind!r}; there are {', '.join(kinds())}")
    make: Build = import_module(f"{__name__}.{settings.kind}").build
    return make(settings, context)


def secret(settings: ChannelSettings) -> str:
    """The secret in ``secret_file``; empty where none is configured."""
    if not settings.secret_file:
        return ""
    return Path(settings.secret_file).read_text(encoding="utf-8").strip()
