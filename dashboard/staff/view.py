"""What staff have to do at a store: every open incident as a card, who has it, and how it went. Pure."""

from dashboard.opening import business_day, opening
from dashboard.parts import Part, Parts
from dashboard.sentences import besides
from dashboard.shop import Shop
from dashboard.snapshot import Snapshot
from dashboard.view_incidents import OPEN, card, rank

CARDS = 40
"""Drawn on a phone; whoever has more open than that needs a manager, and is told how many there are."""


def staff_view(snapshot: Snapshot, shop: Shop) -> Parts:
    """The cards, act before watch and dearest first; a snoozed one rests at the end."""
    at = snapshot.at or snapshot.read_at
    found = rank([i for i in snapshot.incidents if i.state in OPEN])
    ranked = sorted(
        found,
        key=lambda i: (i.snoozed_until is not None and i.snoozed_until > at, i.severity != "act"),
    )
    shown = ranked[:CARDS]
    hours = opening(shop.store, business_day(shop.store, at))
    phase = "empty" if snapshot.at is None else hours.phase(at) if hours else "closed"
    head: Part = {"phase": phase}
    order: Part = {"ids": [i.id for i in shown], "open": len(ranked)}
    cards = {
        f"card:{i.id}": card(i, shop)
        | {
            "owner": i.owner,
            "besides": besides(i, shop.names),
            "until": int(i.snoozed_until.timestamp() * 1000)
            if i.snoozed_until and i.snoozed_until > at
            else None,
            "done": any(s.kind == "done" for s in i.steps),
        }
        for i in shown
    }
    return {"head": head, "rail": order} | cards
