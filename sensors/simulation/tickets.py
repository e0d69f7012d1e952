"""Tickets: what the tills say of sales, returns and voids, with stock moving along."""

import heapq
from collections.abc import Iterable
from random import Random
from typing import Literal, NamedTuple

from sensors.events import Line, Pos, Tender
from sensors.simulation.checkout import Turn
from sensors.simulation.draw import around
from sensors.simulation.script import Script
from sensors.simulation.shelves import Shelves
from sensors.simulation.visits import Party

ANNOUNCED = 0.08  # tickets that are said to be open before they are completed
VOIDED = 0.01
MEMBERS = 0.45
VAT_PCT = 13
MEANS = (("wechat", 0.48), ("alipay", 0.34), ("card", 0.12), ("cash", 0.06))

State = Literal["open", "completed", "voided"]


class Ticket(NamedTuple):
    """A ticket as it was rung up."""

    turn: Turn
    number: str
    lines: list[Line]
    net_minor: int
    refers_to: str | None
    member: str | None
    means: str

    @property
    def units(self) -> int:
        """Units on it, negative for a return."""
        return sum(line.units for line in self.lines)


class Tills:
    """Rings up customers in the order they are done; voids fall due in between."""

    def __init__(self, rng: Random, script: Script, shelves: Shelves, atv_minor: float) -> None:
        self.rng, self.script, self.shelves, self.atv_minor = rng, script, shelves, atv_minor
        self.units = shelves.units_for(atv_minor)
        self.sold: list[Ticket] = []
        self.void_due: list[tuple[float, int]] = []  # heap of (second, index in sold)
        self.rung = 0

    def ring_up(
        self, turns: Iterable[Turn], parties: dict[int, Party], liked: dict[int, set[str]]
    ) -> None:
        """Every served customer's ticket, in order of time."""
        for turn in sorted(
            (t for t in turns if not t.gave_up), key=lambda t: (t.ended, t.customer)
        ):
            self._void_until(turn.ended)
            if parties[turn.customer].purpose == "return":
                self._take_back(turn)
            else:
                self._sell(turn, liked.get(turn.customer, set()))
        self._void_until(float("inf"))

    def _sell(self, turn: Turn, liked: set[str]) -> None:
        if self.shelves.products:
            lines = self.shelves.fill(self.rng, turn.ended, self.units, liked)
            if not lines:
                self.script.truth.lost_sales += 1
                return
            net = sum(line.net_minor for line in lines)
        else:  # a shop without a price list: the till names only the sum
            lines, net = [], round(around(self.rng, self.atv_minor * 0.88, 0.5))
        ticket = self._ticket(turn, lines, net, None)
        if self.rng.random() < ANNOUNCED:
            self._say(ticket, turn.started + 0.5 * (turn.ended - turn.started), "open")
        self._say(ticket, turn.ended, "completed")
        self._count(ticket, turn.ended, sales=1, sale_units=ticket.units, sale_minor=net)
        self.script.truth.sku_units.update({line.sku: line.units for line in lines})
        self.sold.append(ticket)
        if self.rng.random() < VOIDED:
            due = turn.ended + self.rng.uniform(60, 400)
            heapq.heappush(self.void_due, (due, len(self.sold) - 1))

    def _take_back(self, turn: Turn) -> None:
        """One line of an earlier ticket of the day; nothing if there is none yet."""
        due = {index for _, index in self.void_due}
        choices = [t for n, t in enumerate(self.sold) if t.lines and n not in due]
        if not choices:
            return
        bought = self.rng.choice(choices)
        line = self.rng.choice(bought.lines)
        back = Line(
            sku=line.sku, units=-line.units, net_minor=-line.net_minor, category=line.category
        )
        ticket = self._ticket(turn, [back], back.net_minor, bought.number)
        self._say(ticket, turn.ended, "completed")
        self._count(
            ticket, turn.ended, returns=1, return_units=back.units, return_minor=back.net_minor
        )
        self.script.truth.sku_returned.update({back.sku: -back.units})
        self.shelves.put_back(turn.ended, [back])

    def _void_until(self, second: float) -> None:
        while self.void_due and self.void_due[0][0] <= second:
            at, index = heapq.heappop(self.void_due)
            ticket = self.sold[index]
            self._say(ticket, at, "voided")
            self._count(
                ticket,
                ticket.turn.ended,
                voids=1,
                void_units=ticket.units,
                void_minor=ticket.net_minor,
            )
            self.script.truth.sku_units.subtract({line.sku: line.units for line in ticket.lines})
            self.shelves.put_back(at, ticket.lines)

    def _ticket(self, turn: Turn, lines: list[Line], net: int, refers_to: str | None) -> Ticket:
        self.rung += 1
        number = f"{self.script.day.date:%y%m%d}-{turn.till}-{self.rung:04d}"
        member = f"m{self.rng.randrange(4_000):04d}" if self.rng.random() < MEMBERS else None
        means = self.rng.choices([m for m, _ in MEANS], [p for _, p in MEANS])[0]
        return Ticket(turn, number, lines, net, refers_to, member, means)

    def _say(self, ticket: Ticket, second: float, state: State) -> None:
        tax = round(ticket.net_minor * VAT_PCT / 100)
        self.script.events.append(
            Pos(
                at=self.script.day.at(second), store=self.script.store.id, source=f"pos-{ticket.turn.till}",
                till=ticket.turn.till, transaction=ticket.number, state=state,
                nature="return" if ticket.refers_to else "sale", net_minor=ticket.net_minor, tax_minor=tax,
                discount_minor=sum(line.discount_minor for line in ticket.lines),
                currency=self.script.store.currency, lines=ticket.lines,
                tenders=[Tender(means=ticket.means, amount_minor=ticket.net_minor + tax)],
                member=ticket.member, refers_to=ticket.refers_to,
            )
        )  # fmt: skip

    def _count(self, ticket: Ticket, second: float, **amounts: int) -> None:
        self.script.truth.count(self.script.day.at(second), f"till:{ticket.turn.till}", **amounts)
