"""Member segments against a book of who bought when: weeks of a shop, restarts, late words, bounded memory."""

import random
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import pytest

from flows.facts import Fact
from flows.ledger import Ledger
from flows.measures import segments
from flows.measures.segments import LEARNT, SegmentMemory, digest
from flows.profile import Profiles
from flows.publish import Publisher
from flows.snapshot import dump, load
from sensors.events import Line, Pos
from tests.floor_runs import FLOWS, SENSORS, START

DAYS = LEARNT + 7
NOON = START.replace(hour=12)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
METRICS = {measure.metric for measure in segments.MEASURES}
Held = dict[tuple[str, str, str, datetime], Fact]
Wanted = dict[tuple[str, str], float | None]


def day_of(number: int, draw: random.Random) -> list[Pos]:
    """A day's tickets: sales, returns, guests, and a ticket that is voided again; fewer on some days."""
    said: list[Pos] = []
    for n in range(draw.randint(0 if number else 3, 12)):
        at = NOON + timedelta(days=number, minutes=10, seconds=draw.randint(0, 2400))
        member, back = draw.choice([None, *(f"m{k}" for k in range(9))]), draw.random() < 0.15
        ticket = f"{number}-{n}"
        money, units = draw.randint(100, 900), draw.randint(1, 4)
        sign = -1 if back else 1
        base: dict[str, Any] = {"store": "north", "source": "t", "till": "1", "transaction": ticket}
        said.append(
            Pos(
                at=at, id=ticket, nature="return" if back else "sale", member=member, net_minor=sign * money,
                lines=[Line(sku="p", units=sign * units)], **base,
            )
        )  # fmt: skip
        if draw.random() < 0.1:
            said.append(Pos(at=at + timedelta(seconds=9), id=f"{ticket}v", state="voided", **base))
    return said


def told(shop: Publisher, held: Held, events: Iterable[Pos], at: datetime) -> None:
    """Take events and tick; keep what is said of segments."""
    shop.ledger.take(list(events), at)
    for fact in shop.tick(at):
        if fact.metric in METRICS:
            held[fact.metric, fact.subject, fact.window, fact.start] = fact


def standing(said: list[Pos]) -> list[Pos]:
    """The tickets that were not voided."""
    voided = {e.transaction for e in said if e.state == "voided"}
    return [e for e in said if e.state == "completed" and e.transaction not in voided]


def book(tickets: list[Pos], before: set[str]) -> Wanted:
    """What should be told of a day, from its tickets and everybody who bought before it."""
    parts: dict[str, list[Pos]] = defaultdict(list)
    for one in tickets:
        known = one.member in before
        parts["guest" if one.member is None else "returning" if known else "new"].append(one)
    found: Wanted = {}
    for name in ("guest", "new", "returning"):
        sold = [t for t in parts[name] if t.nature == "sale"]
        net = sum(t.net_minor for t in sold)
        people = len(sold) if name == "guest" else len({t.member for t in sold})
        subject = f"segment:{name}"
        found |= {
            ("segment_customers", subject): people,
            ("segment_transactions", subject): len(sold),
            ("segment_sales", subject): sum(t.net_minor for t in parts[name]),
            ("segment_atv", subject): round(net / len(sold), 6) if sold else None,
            ("segment_upt", subject): round(sum(t.lines[0].units for t in sold) / len(sold), 6) if sold else None,
        }  # fmt: skip
    sales = [t for t in tickets if t.nature == "sale"]
    members = sum(t.member is not None for t in sales)
    found["member_share", ""] = round(members / len(sales), 6) if sales else None
    return found


def check(held: Held, window: str, start: datetime, wanted: Wanted, *, learning: bool) -> int:
    """Hold what is told of a window against the book; how much of it was told."""
    seen = 0
    for (metric, subject), value in wanted.items():
        fact = held.get((metric, subject, window, start))
        if fact is None:
            continue
        seen += 1
        if learning and subject in ("segment:new", "segment:returning"):
            assert (fact.value, fact.reason) == (None, "learning")
        else:
            assert fact.value == value, (start, metric, subject)
    return seen


@pytest.mark.parametrize("seed", range(2))
def test_segments_equal_the_oracle(seed: int) -> None:
    """Every day and trailing hour equals the book, over restarts and with words that come after the day was final."""
    draw, profile = random.Random(seed), Profiles(FLOWS, SENSORS).of("north")
    shop, held, before = Publisher(Ledger(profile)), Held(), set[str]()
    wanted: list[Wanted] = []
    hours = 0
    for number in range(DAYS):
        said, noon = day_of(number, draw), NOON + timedelta(days=number)
        voided = {e.transaction for e in said if e.state == "voided"}
        late = [
            e for e in said if not e.member and e.transaction not in voided and draw.random() < 0.3
        ]
        told(shop, held, [e for e in said if e not in late], noon + HOUR)
        prompt = [t for t in standing(said) if t not in late]
        learning = number < LEARNT
        hours += check(held, "60m", noon + MINUTE, book(prompt, before), learning=learning)
        block = dump(shop)
        told(shop, held, [], noon + 6 * HOUR)
        if draw.random() < 0.4:  # killed, and begun again from the snapshot
            shop = load(block, lambda _store: profile)
            told(shop, held, [], noon + 6 * HOUR)
        told(shop, held, [], noon + 12 * HOUR + 20 * MINUTE)  # the day is final
        told(shop, held, late, noon + 12 * HOUR + 30 * MINUTE)
        wanted.append(book(standing(said), before))
        before |= {t.member for t in standing(said) if t.nature == "sale" and t.member}
    told_of = 0
    for number, each in enumerate(wanted):
        start = (NOON + timedelta(days=number)).replace(hour=0)
        told_of += check(held, "day", start, each, learning=number < LEARNT)
    assert min(hours, told_of) > 0.8 * sum(map(len, wanted))


def test_memory_is_bounded_and_says_how_far_it_reaches(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many members come, two generations are kept, and ``since`` is the first day of the older."""
    monkeypatch.setattr(segments, "MOST", 50)
    memory, names = SegmentMemory(), iter(f"m{n}" for n in range(10_000))
    days = [[next(names) for _ in range(20)] for _ in range(30)]
    for number, members in enumerate(days, 1):
        segments._fold(memory)
        memory.day = number * 1440
        memory.begun, memory.since = memory.begun or memory.day, memory.since or memory.day
        memory.last = segments._packed(map(digest, members))
        assert max(map(len, (memory.present, memory.previous))) <= 4 * 50
    blocks = (memory.present, memory.previous, memory.last)
    kept = {mark for block in blocks for mark in segments._unpacked(block)}
    since = memory.since // 1440
    assert kept == {digest(m) for members in days[since - 1 :] for m in members}
    assert 30 - since >= 3
