"""Till tickets: each counts once, at the time it was first completed, with what was last said of it.

Of everything said of one ticket the newest word (by event time) holds: completed amounts replace earlier ones, a void
takes the ticket out of all totals again. ``open`` announcements sell nothing; through another channel than the store
they place an order (``flows.orders``). Tickets are remembered for the deduplication horizon; for a snapshot they are
packed in blocks of some hundred, so that only what changed is packed again; the snapshot compresses them together.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Literal

import msgspec
from msgspec import Struct

from flows.orders import Order, Orders
from sensors.events import Line, Pos, Tender

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


class Row(Struct, array_like=True, gc=False):
    """A ticket as it is saved: what follows from ``order`` is left out.

    Attributes:
        order: of the ticket.
        voided: of the ticket.
        first_at: where it is not the instant of ``order``.
        words_order: where it is not ``order``.
        till, associate, member, channel, back, net_minor, discount_minor: of its words; no till: no words.
        lines: SKU, units, net, discount and category; tenders: means and amount.
    """

    order: tuple[float, int, int, str]
    voided: bool = False
    first_at: datetime | None = None
    words_order: tuple[float, int, int, str] | None = None
    till: str | None = None
    associate: str | None = None
    member: str | None = None
    channel: Literal["store", "pickup", "delivery"] = "store"
    back: bool = False
    net_minor: int = 0
    discount_minor: int = 0
    lines: list[tuple[str, int, int, int, str]] = []
    tenders: list[tuple[str, int]] = []


def row_of(ticket: Ticket) -> Row:
    """A ticket as it is saved."""
    row = Row(ticket.order, ticket.voided)
    if ticket.first_at != _instant(ticket.order):
        row.first_at = ticket.first_at
    words = ticket.words
    if words is not None:
        row.words_order = None if ticket.words_order == ticket.order else ticket.words_order
        row.till, row.associate, row.member = words.till, words.associate, words.member
        row.channel, row.back = words.channel, words.nature == "return"
        row.net_minor, row.discount_minor = words.net_minor, words.discount_minor
        row.lines = [
            (line.sku, line.units, line.net_minor, line.discount_minor, line.category)
            for line in words.lines
        ]
        row.tenders = [(tender.means, tender.amount_minor) for tender in words.tenders]
    return row


def ticket_of(row: Row) -> Ticket:
    """The ticket that was saved."""
    if row.till is None:
        return Ticket(row.order, voided=row.voided)
    first_at = row.first_at or _instant(row.order)
    words = Pos(
        at=first_at, till=row.till, transaction="", nature="return" if row.back else "sale",
        net_minor=row.net_minor, discount_minor=row.discount_minor, associate=row.associate,
        member=row.member, channel=row.channel, lines=[
            Line(sku=sku, units=units, net_minor=net, discount_minor=less, category=category)
            for sku, units, net, less, category in row.lines
        ], tenders=[Tender(means=means, amount_minor=amount) for means, amount in row.tenders],
    )  # fmt: skip
    return Ticket(row.order, first_at, words, row.voided, row.words_order or row.order)


def _instant(order: tuple[float, int, int, str]) -> datetime:
    return datetime.fromtimestamp(order[0], UTC)


_pack = msgspec.msgpack.Encoder().encode
_block_of = msgspec.msgpack.Decoder(dict[str, Row]).decode


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

    def resolve(self, event: Pos, now_s: float) -> Iterable[tuple[Pos | Order, int]]:
        """What this word changes: the ticket's old amounts back, its new ones added; likewise of an order."""
        name = event.transaction
        known = name in self._block_of or name in self.orders.known
        if known or event.state != "completed":
            return self._resolve(event, now_s)
        words = _essence(event, event.at)
        order = _order(event)
        self._put(name, Ticket(order, event.at, words, False, order), now_s)
        return ((words, 1),)

    def _resolve(self, event: Pos, now_s: float) -> Iterator[tuple[Pos | Order, int]]:
        """The same for any word; most are the first and only one of their ticket."""
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
        order = _order(event)
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
            return self._put(name, Ticket(order), now_s)
        self._frozen.pop(number, None)
        return self._blocks[number][name]

    def _put(self, name: str, ticket: Ticket, now_s: float) -> Ticket:
        number = self._block_of[name] = self._open_block(int(now_s // HOUR_S))
        self._blocks[number][name] = ticket
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
                rows = {name: row_of(ticket) for name, ticket in tickets.items()}
                self._frozen[number] = _pack(rows)
        row = dict(self._frozen)
        if self.orders.known:
            row[ORDERS] = self.orders.frozen()
        return row

    def restore(self, row: dict[int, bytes]) -> None:
        """Take a snapshot's row back."""
        self._frozen = {number: frozen for number, frozen in row.items() if number != ORDERS}
        self._blocks = {number: _thawed(frozen) for number, frozen in self._frozen.items()}
        if ORDERS in row:
            self.orders.restore(row[ORDERS])
        self._block_of = {name: number for number, names in self._blocks.items() for name in names}
        self._newest = -1

    def __len__(self) -> int:
        return len(self._block_of)


def _thawed(frozen: bytes) -> dict[str, Ticket]:
    return {name: ticket_of(row) for name, row in _block_of(frozen).items()}


def _order(event: Pos) -> tuple[float, int, int, str]:
    """Of all words about a ticket the greatest holds."""
    seq = -1 if event.seq is None else event.seq
    return event.at.timestamp(), int(event.state == "voided"), seq, event.id


def _essence(words: Pos, at: datetime) -> Pos:
    """A ticket's word without what no tally looks at, at the time it counts."""
    return Pos(
        at=at, till=words.till, transaction="", nature=words.nature, net_minor=words.net_minor,
        discount_minor=words.discount_minor, lines=words.lines, tenders=words.tenders, associate=words.associate,
        member=words.member, channel=words.channel,
    )  # fmt: skip
