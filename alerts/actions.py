"""What to suggest, and when not to: never staff who are not on shift, never a SKU that is short on cover. Pure.

Each action of a rule has a condition; one whose condition does not hold now is left out, and comes back when it does.
"""

from collections.abc import Callable
from datetime import datetime

from alerts.book import StoreBook
from alerts.memory import Args, Memory, fact_key
from alerts.people import on_shift
from alerts.reference import number
from alerts.settings import Rule

Found = Args | None
"""What the action's sentence is filled with; ``None``: not now."""


def suggested(
    rule: Rule, subject: str, memory: Memory, book: StoreBook, at: datetime
) -> tuple[list[str], Args]:
    """The rule's actions that can be taken now, the best first, and the arguments of their sentences."""
    found: list[str] = []
    args: Args = {}
    for key in dict.fromkeys(a for a in (rule.action, *rule.actions) if a):
        more = CONDITIONS.get(key, _always)(subject, memory, book, at)
        if more is not None:
            found.append(key)
            args |= more
    return found, args


def _always(_subject: str, _memory: Memory, _book: StoreBook, _at: datetime) -> Found:
    return {}


def staff(_subject: str, memory: Memory, book: StoreBook, at: datetime) -> Found:
    """Somebody can come: on shift by the directory; without one, on the floor, or nothing is known."""
    if book.people:
        here = [p for p in book.people if p.role == "associate" and on_shift(p, book, at)]
        return {"who": ": " + ", ".join(p.name or p.id for p in here)} if here else None
    known = memory.facts.get(fact_key("staff_on_floor", "", "now"))
    return None if known is not None and number(known.value) == 0 else {}


def till(subject: str, memory: Memory, book: StoreBook, at: datetime) -> Found:
    """A till is closed, and somebody can come to it; where the tills are not known, somebody can come."""
    known = memory.facts.get(fact_key("tills_needed", "", "now"))
    serving, tills = (number(known.detail.get(k)) if known else None for k in ("serving", "tills"))
    if serving is not None and tills and serving >= tills:
        return None
    return staff(subject, memory, book, at)


def promotion(subject: str, memory: Memory, book: StoreBook, _at: datetime) -> Found:
    """A SKU whose stock is known to last: the incident's own, else the one that lasts longest."""
    least = book.alerts.promote_cover_h
    if subject.startswith("sku:"):
        known = memory.facts.get(fact_key("sku_cover", subject, "now"))
        hours = number(known.value) if known else None
        return {"sku": f": {subject[4:]}"} if hours is not None and hours >= least else None
    covers = [
        (number(fact.value) or 0.0, fact.subject)
        for key, fact in memory.facts.items()
        if key.startswith("sku_cover|") and (number(fact.value) or 0.0) >= least
    ]
    return {"sku": f": {max(covers)[1].removeprefix('sku:')}"} if covers else None


CONDITIONS: dict[str, Callable[[str, Memory, StoreBook, datetime], Found]] = {
    "add-staff": staff,
    "open-till": till,
    "run-promotion": promotion,
}
