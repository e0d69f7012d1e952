"""Till tickets: each counts once, at the time it was first completed, with what was last said of it.

Of everything said of one ticket the newest word (by event time) holds: completed amounts replace earlier ones, a void
takes the ticket out of all totals again. ``open`` announcements sell nothing; through another channel than the store
they place an order (``flows.orders``). Tickets are remembered for the deduplication horizon; in a snapshot they are
frozen in blocks of some hundred, so that only what changed is encoded again.
"""

from collections.abc import Iterator
from datetime import datetime

import msgspec
from msgspec import Struct

from flows.orders import Order, Orders
from flows.panes import squeeze, unsqueeze
from sensors.events import Pos

HOUR_S = 3600
BLOCK = 256  # tickets frozen together, all of one hour of log time
# more than an hour can have: a block's number is hour * BLOCKS + its place in the hour
BLOCKS = 1 << 20
ORDERS = -1  # the snapshot's block of orders


class Ticket(Struct, array_like=True, gc=False):
    """What is known of one ticket.

    Attributes:
        order: instant, kind (1 for a void), sequence number and id of the newest word.
        first_at: when it was first completed.
        words: the newest completed word, whatever came after; ``None`` if only a void is known.
        voided: whether the newest word is a void.
        words_order: ``order`` of ``words``.
    """

    order: tuple[float, int, int, str]
    first_at: datetime | None = None
    words: Pos | None = None
    voided: bool = False
    words_order: tuple[float, int, int, str] = (0.0, 0, 0, "")

    @property
    def counted(self) -> Pos | None:
        """What it adds to the panes now."""
        return None if self.voided else self.words


_pack = msgspec.msgpack.Encoder().encode
_block_of = msgspec.msgpack.Decoder(dict[str, Ticket]).decode


class Tickets:
    """The tickets of one store within the horizon."""

    def __init__(self, horizon_s: float) -> None:
        self._horizon_s = horizon_s
        self._blocks: dict[
            int, dict[str, Ticket]
        ] = {}  # by the hour of log time they were first heard in, and a count
        self._block_of: dict[str, int] = {}
        self._newest = -1  # block
        self._frozen: dict[int, bytes] = {}  # blocks unchanged since they were last encoded
        self.orders = Orders(horizon_s)

    def resolve(self, event: Pos, now_s: float) -> Iterator[tuple[Pos | Order, int]]:
        """What this word changes: the ticket's old amounts back, its new ones added; likewise of an order."""
        voids = event.state == "voided"
        name = (event.refers_to or event.transaction) if voids else event.transaction
        if event.state != "open":
            yield from self._resolve_ticket(name, event, now_s)
        if event.state != "open" and name not in self.orders.known:
            return
        number = self._block_of.get(name)
        ticket = None if number is None else self._blocks[number][name]
        fate = None if ticket is None else (ticket.first_at, ticket.voided)
        yield from self.orders.resolve(name, event, fate, now_s)

    def _resolve_ticket(self, name: str, event: Pos, now_s: float) -> Iterator[tuple[Pos, int]]:
        voids = event.state == "voided"
        seq = -1 if event.seq is None else event.seq
        order = (event.at.timestamp(), int(voids), seq, event.id)
        ticket = self._ticket(name, order, now_s)
        before = ticket.counted
        if order >= ticket.order:
            ticket.order, ticket.voided = order, voids
        if not voids:
            moved = ticket.first_at is None or event.at < ticket.first_at
            first_at = event.at if moved or ticket.first_at is None else ticket.first_at
            newer = ticket.words is None or order > ticket.words_order
            words = event if newer or ticket.words is None else ticket.words
            if newer:
                ticket.words_order = order
            if newer or moved:
                ticket.first_at, ticket.words = first_at, _essence(words, first_at)
        after = ticket.counted
        if before != after:
            if before is not None:
                yield before, -1
            if after is not None:
                yield after, 1

    def _ticket(self, name: str, order: tuple[float, int, int, str], now_s: float) -> Ticket:
        number = self._block_of.get(name)
        if number is None:
            number = self._block_of[name] = self._open_block(int(now_s // HOUR_S))
            ticket = self._blocks[number][name] = Ticket(order)
        else:
            ticket = self._blocks[number][name]
        self._frozen.pop(number, None)
        return ticket

    def _open_block(self, hour: int) -> int:
        """The block that takes a new ticket."""
        if self._newest // BLOCKS != hour:
            self._forget(hour)
            self._newest = max(
                (n for n in self._blocks if n // BLOCKS == hour), default=hour * BLOCKS
            )
        if len(self._blocks.setdefault(self._newest, {})) >= BLOCK:
            self._newest += 1
            self._blocks[self._newest] = {}
        return self._newest

    def _forget(self, hour: int) -> None:
        oldest = (hour - int(self._horizon_s // HOUR_S) - 1) * BLOCKS
        for old in [known for known in self._blocks if known < oldest]:
            for name in self._blocks.pop(old):
                del self._block_of[name]
            self._frozen.pop(old, None)

    def row(self) -> dict[int, bytes]:
        """For the snapshot: every block frozen; shares nothing that changes."""
        for number, tickets in self._blocks.items():
            if number not in self._frozen:
                self._frozen[number] = squeeze(_pack(tickets))
        row = dict(self._frozen)
        if self.orders.known:
            row[ORDERS] = squeeze(self.orders.frozen())
        return row

    def restore(self, row: dict[int, bytes]) -> None:
        """Take a snapshot's row back."""
        self._frozen = {number: frozen for number, frozen in row.items() if number != ORDERS}
        self._blocks = {
            number: _block_of(unsqueeze(frozen)) for number, frozen in self._frozen.items()
        }
        if ORDERS in row:
            self.orders.restore(unsqueeze(row[ORDERS]))
        self._block_of = {name: number for number, names in self._blocks.items() for name in names}
        self._newest = -1

    def __len__(self) -> int:
        return len(self._block_of)


def _essence(words: Pos, at: datetime) -> Pos:
    """A ticket's word without what only its message needed, at the time it counts."""
    return msgspec.structs.replace(words, at=at, id="", seq=None, source="", store="", skew_s=None)
