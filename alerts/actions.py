"""What to suggest, and when not to: never staff who are not on shift, never a SKU that is short on cover. Pure.

Each action of a rule has a condition; one whose condition does not hold now is withheld with the reason, and comes
back when it does.
"""

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from alerts.book import StoreBook
from alerts.incident import Withheld
from alerts.memory import Args, Memory, fact_key
from alerts.people import on_shift
from alerts.reference import number
from alerts.settings import Rule


class No(NamedTuple):
    """Why not now: a catalogue key, with what fills its sentence."""

    reason: str
    args: Args


Found = Args | No
"""What the action's sentence is filled with, or why it cannot be taken."""


class Suggested(NamedTuple):
    """What can be done now, the best first, the arguments of those sentences, and what cannot."""

    actions: list[str]
    args: Args
    withheld: list[Withheld]


def suggested(rule: Rule, subject: str, memory: Memory, book: StoreBook, at: datetime) -> Suggested:
    """The rule's actions in its own order, parted into those that can be taken now and those that cannot."""
    found = Suggested([], {}, [])
    for key in dict.fromkeys(a for a in (rule.action, *rule.actions) if a):
        said = CONDITIONS.get(key, _always)(subject, memory, book, at)
        if isinstance(said, No):
            found.withheld.append(Withheld(action=key, reason=said.reason, args=said.args))
        else:
            found.actions.append(key)
            found.args.update(said)
    return found


def _always(_subject: str, _memory: Memory, _book: StoreBook, _at: datetime) -> Found:
    return {}


def staff(_subject: str, memory: Memory, book: StoreBook, at: datetime) -> Found:
    """Somebody can come: on shift by the directory; without one, on the floor, or nothing is known."""
    if book.people:
        here = [p for p in book.people if p.role == "associate" and on_shift(p, book, at)]
        names = ", ".join(p.name or p.id for p in here)
        return {"who": f": {names}"} if here else No("nobody-on-shift", {})
    known = memory.facts.get(fact_key("staff_on_floor", "", "now"))
    return No("nobody-on-floor", {}) if known is not None and number(known.value) == 0 else {}


def till(subject: str, memory: Memory, book: StoreBook, at: datetime) -> Found:
    """A till is closed, and somebody can come to it; where the tills are not known, somebody can come."""
    known = memory.facts.get(fact_key("tills_needed", "", "now"))
    serving, tills = (number(known.detail.get(k)) if known else None for k in ("serving", "tills"))
    if serving is not None and tills and serving >= tills:
        return No("all-tills-serve", {"tills": int(tills)})
    return staff(subject, memory, book, at)


def promotion(subject: str, memory: Memory, book: StoreBook, _at: datetime) -> Found:
    """A SKU whose stock is known to last: the incident's own, else the one that lasts longest."""
    own = subject.removeprefix("sku:") if subject.startswith("sku:") else None
    prefix = fact_key("sku_cover", subject, "now") if own else "sku_cover|"
    covers = [
        (hours, fact.subject.removeprefix("sku:"))
        for key, fact in memory.facts.items()
        if key.startswith(prefix) and (hours := number(fact.value)) is not None
    ]
    if not covers:
        return No("cover-unknown", {"sku": own or "SKU"})
    hours, sku = max(covers)
    if hours >= book.alerts.promote_cover_h:
        return {"sku": f": {sku}"}
    # whole hours: a figure that moved with each sale would make another incident of each
    args: Args = {"sku": sku, "hours": int(hours), "wanted_h": int(book.alerts.promote_cover_h)}
    return No("sku-short" if own else "all-skus-short", args)


CONDITIONS: dict[str, Callable[[str, Memory, StoreBook, datetime], Found]] = {
    "add-staff": staff,
    "open-till": till,
    "run-promotion": promotion,
}
