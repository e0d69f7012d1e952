"""What became of each try to tell somebody, and a delivery on its way."""

from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

from msgspec import Struct

from alerts.channels import Delivery
from alerts.settings import Contact
from sensors.streams import Position

Place = tuple[int, Position]
"""Where a notice stands in the outbox: its partition and its entry."""


class Attempt(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One try.

    Attributes:
        state: failed may pass next time, refused never will. skipped: the channel was known to be down, so the
            next one was taken. superseded: a newer board took its place. dead: given up.
        at_ms: when, by the clock of Redis; ``None`` where it did not answer.
    """

    channel: str
    n: int
    state: Literal["sent", "failed", "refused", "skipped", "superseded", "dead"]
    why: str = ""
    at_ms: int | None = None


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
    since: float = field(compare=False)
    attempts: list[Attempt] = field(compare=False, default_factory=list)
    way: int = field(compare=False, default=0)
    attempt: int = field(compare=False, default=1)
    dropped: bool = field(compare=False, default=False)

    @property
    def channel(self) -> str:
        """The channel to try next."""
        return self.ways[self.way].channel

    @property
    def has_another_way(self) -> bool:
        """Whether the person can be told by a further channel."""
        return self.way + 1 < len(self.ways)

    @property
    def place(self) -> Place:
        """Its notice's place in the outbox."""
        return self.partition, self.entry

    @property
    def board(self) -> tuple[str, str] | None:
        """The state it shows, as channel and store; ``None`` for a message."""
        notice = self.delivery.notice
        return (self.channel, notice.store) if notice.kind == "board" else None

    @property
    def endpoint(self) -> tuple[str, str]:
        """What is up or down as a whole: a channel, and the host of an address of the person's own.

        A person without an address on the channel (web push to their phones) stands for themselves.
        """
        address = self.ways[self.way].to
        host = urlsplit(address).netloc if "://" in address else ""
        return self.channel, host or ("" if address else self.delivery.person)
