"""Orders made elsewhere and handed over in the shop (BOPIS, delivery): when placed, when handed over, which still wait.

An order is a ticket that was announced (``open``) through another channel than the store. It is placed at the earliest
announcement, handed over when its ticket was first completed, and gone when it is voided. What is said of one order
depends on its words alone, not on their order of arrival. Pure.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Literal

import msgspec
from msgspec import Struct

from sensors.events import Event, Pos

HOUR_S = 3600
UNCOLLECTED_H = 8 * 24  # an order nobody came for is let go after this


class Order(Event, kw_only=True):
    """A step of an order, as an event of its own minute; never on the wire.

    Attributes:
        phase: ``placed`` or ``handed``; ``expired`` only takes a forgotten order off the waiting ones.
        placed_s: epoch seconds; ``waiting``: not handed over yet.
        skus: units ordered.
    """

    phase: Literal["placed", "handed", "expired"]
    transaction: str
    channel: str
    placed_s: float
    waiting: bool
    skus: dict[str, int]

    @property
    def units(self) -> int:
        """Units ordered."""
        return sum(self.skus.values())


class Known(Struct, array_like=True, gc=False):
    """What is known of one order.

    Attributes:
        order: instant and id of the announcement that holds, the earliest.
        done_s: when it was handed over, epoch seconds; ``gone``: voided.
        hour: of log time in which it was last heard of.
    """

    order: tuple[float, str]
    channel: str
    skus: dict[str, int]
    hour: int
    done_s: float | None = None
    gone: bool = False

    def steps(self, transaction: str) -> list[Order]:
        """What it adds to the panes."""
        if self.gone:
            return []
        waiting = self.done_s is None
        placed = self._step("placed", self.order[0], transaction, waiting=waiting)
        if self.done_s is None:
            return [placed]
        return [placed, self._step("handed", self.done_s, transaction, waiting=False)]

    def _step(
        self, phase: Literal["placed", "handed", "expired"], at_s: float, name: str, *, waiting: bool
    ) -> Order:  # fmt: skip
        return Order(
            at=datetime.fromtimestamp(at_s, UTC), phase=phase, transaction=name, channel=self.channel,
            placed_s=self.order[0], waiting=waiting, skus=self.skus,
        )  # fmt: skip

    def expired(self, name: str) -> Order:
        """The step that takes it off the waiting ones."""
        return self._step("expired", self.order[0], name, waiting=True)


_pack = msgspec.msgpack.Encoder().encode
_known = msgspec.msgpack.Decoder(dict[str, Known]).decode


class Orders:
    """The orders of one store: those that wait, and those handed over within the tickets' horizon."""

    def __init__(self, horizon_s: float) -> None:
        self._horizon_h = int(horizon_s // HOUR_S) + 1
        self.known: dict[str, Known] = {}
        self._hour = -1

    def resolve(
        self, name: str, event: Pos, fate: tuple[datetime | None, bool] | None, now_s: float
    ) -> Iterator[tuple[Order, int]]:
        """What a word about a ticket changes.

        Args:
            name: of the ticket.
            event: the word.
            fate: when the ticket was first completed, and whether its newest word is a void; ``None``: no such ticket.
            now_s: log time.
        """
        yield from self._forget(int(now_s // HOUR_S))
        known = self.known.get(name)
        announced = event.state == "open" and event.channel != "store"
        if known is None and not announced:
            return
        before = known.steps(name) if known else []
        order = (event.at.timestamp(), event.id)
        if known is None:
            known = self.known[name] = Known(order, event.channel, _skus(event), 0)
        elif announced and order < known.order:
            known.order, known.channel, known.skus = order, event.channel, _skus(event)
        known.hour = int(now_s // HOUR_S)
        if fate is not None:
            done, known.gone = fate
            known.done_s = done.timestamp() if done is not None and not known.gone else None
        after = known.steps(name)
        if before != after:
            yield from ((step, -1) for step in before)
            yield from ((step, 1) for step in after)

    def _forget(self, hour: int) -> Iterator[tuple[Order, int]]:
        if hour <= self._hour:
            return
        self._hour = hour
        for name, known in list(self.known.items()):
            waits = known.done_s is None and not known.gone
            if hour - known.hour > (UNCOLLECTED_H if waits else self._horizon_h):
                del self.known[name]
                if waits:
                    yield known.expired(name), -1

    def frozen(self) -> bytes:
        """For the snapshot."""
        return _pack(self.known)

    def restore(self, frozen: bytes) -> None:
        """Take a snapshot's bytes back."""
        self.known = _known(frozen)


def _skus(event: Pos) -> dict[str, int]:
    skus: dict[str, int] = {}
    for line in event.lines:
        if line.units > 0:
            skus[line.sku] = skus.get(line.sku, 0) + line.units
    return skus
