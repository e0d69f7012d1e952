"""Hand counts correct the doors' counts from then on, exactly, and nothing else."""

import random
from collections.abc import Iterable
from datetime import datetime, timedelta
from math import floor

import msgspec
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from flows.factors import Factors
from flows.facts import Fact, FactKey
from flows.ledger import Ledger
from flows.profile import Profiles
from flows.publish import Publisher
from flows.snapshot import dump, load
from sensors.corrections import Correction, Direction, target_of
from sensors.events import Command, Event, Footfall
from tests.floor_runs import FLOWS, SENSORS, START, aligned, entries_of, floor_batches

MINUTE = timedelta(minutes=1)
AUDIT = START + 30 * MINUTE
HOLDS = AUDIT + 2 * MINUTE  # from here on counts are multiplied
PROFILE = Profiles(FLOWS, SENSORS).of("north")
Arrival = tuple[datetime, Event]
quick = settings(max_examples=4, deadline=None, phases=(Phase.generate,))


def correction(
    factor: float, door: str = "a", way: Direction = "in", at: datetime = AUDIT
) -> Arrival:
    """What ``floorcast audit --apply`` leaves in the log."""
    note = msgspec.json.encode(
        Correction(
            factor=factor, low=round(factor - 0.06, 4), high=round(factor + 0.07, 4),
            by_hand=108, by_sensor=100, minutes=5,
        )
    )  # fmt: skip
    command = Command(
        at=at, store="north", id=f"{door}{way}{at}", source="audit", actor="chen", action="setting",
        target=target_of(door, way), note=note.decode(),
    )  # fmt: skip
    return at, command


def people(seed: int, count: int = 200) -> list[Footfall]:
    """People through both doors over ninety minutes, counted one by one, by interval and by running total."""
    draw, events = random.Random(seed), []
    total = 0
    for n in range(count):
        at = START + timedelta(seconds=round(n * 5400 / count + draw.uniform(0, 20), 3))
        entered, left = draw.randint(0, 4), draw.randint(0, 4)
        kind = draw.choice(["delta", "delta", "interval", "total"])
        total += entered
        events.append(
            Footfall(
                at=at, store="north", id=f"e{n}", source=f"{kind}s", door="b" if kind == "total" else "a",
                entered=total if kind == "total" else entered, left=0 if kind == "total" else left,
                counting=kind, interval_s=60.0 if kind == "interval" else None,
                children=draw.choice([None, min(1, entered)]) if kind == "delta" else None,
            )  # type: ignore[arg-type]
        )  # fmt: skip
    return events


def publisher() -> Publisher:
    """Of a store with doors a and b, empty."""
    return Publisher(Ledger(PROFILE))


def lived(arrivals: Iterable[Arrival], *, restart: bool = False) -> dict[FactKey, Fact]:
    """The newest fact of each key of a floor that ticks for two hours, restarted every twenty minutes or never."""
    floor_, waiting = publisher(), sorted(arrivals, key=lambda arrival: arrival[0])
    known: dict[FactKey, Fact] = {}
    for minute in range(5, 136, 5):
        tick = START + minute * MINUTE
        while waiting and waiting[0][0] <= tick:
            at, event = waiting.pop(0)
            floor_.ledger.take([msgspec.structs.replace(event)], at)
        if restart and minute % 20 == 5:
            floor_ = load(dump(floor_), lambda _: PROFILE)
        known |= {fact.key: fact for fact in floor_.tick(tick)}
    return known


def of(facts: dict[FactKey, Fact], metric: str, subject: str = "", window: str = "day") -> Fact:
    """The only fact so named, whatever its day."""
    (found,) = (
        f for f in facts.values() if (f.metric, f.subject, f.window) == (metric, subject, window)
    )
    return found


def nearest(value: float) -> int:
    """The nearest whole number, halves up."""
    return floor(value + 0.5)


@quick
@given(st.integers(0, 10_000), st.sampled_from([0.8, 0.9137, 1.08, 1.25, 2.5]))
def test_later_counts_are_multiplied(seed: int, factor: float) -> None:
    """Visitors of the corrected door are those before, and those after times the factor; exits are as counted."""
    events = [e for e in people(seed) if e.counting == "delta"]
    facts = lived([*((e.at, e) for e in events), correction(factor)])
    came = {e.id: e.entered - (e.children or 0) for e in events}
    before = sum(came[e.id] for e in events if e.at < HOLDS)
    after = sum(came[e.id] for e in events if e.at >= HOLDS)
    said = of(facts, "visitors", "door:a")
    assert said.value == nearest(before + round(factor * 10_000) * after / 10_000)
    assert of(facts, "conversion").evidence.n == of(facts, "visitors").value == said.value
    assert of(facts, "exits").value == sum(e.left for e in events)


def test_it_is_shown() -> None:
    """The fact says the factor with its interval and what the counter itself told; so does the sensor's own fact."""
    facts = lived([*((e.at, e) for e in people(3)), correction(1.08)])
    said = of(facts, "visitors", "door:a")
    assert said.reason == "corrected × 1.08 (1.02–1.15)"
    assert (said.detail["factor"], said.detail["factor_low"], said.detail["factor_high"]) == (
        1.08,
        1.02,
        1.15,
    )
    plain = of(lived((e.at, e) for e in people(3)), "visitors", "door:a")
    assert said.detail["by_counter"] == said.evidence.k == plain.value != said.value
    whole = [
        f for key, f in facts.items()
        if key.metric == "visitors" and not key.subject and f.window == "quarter" and f.start >= HOLDS and f.value
    ]  # fmt: skip
    assert {f.reason for f in whole} == {"corrected"}
    assert of(facts, "visitors", "door:b").reason in {"", "door_silent"}
    assert plain.reason == ""
    told = [
        f for f in facts.values() if f.metric == "sensor_health" and f.detail.get("door") == "a"
    ]
    assert [f.detail["corrected_in"] for f in told] == ["× 1.08 (1.02–1.15)"]


@pytest.mark.parametrize(("seed", "shuffle"), [(1, 2), (3, 4)])
def test_order_repeats_and_restarts_do_not_matter(seed: int, shuffle: int) -> None:
    """Late, shuffled, repeated events and a floor that is killed and restored end at the same corrected numbers."""
    draw = random.Random(shuffle)
    audits = [
        correction(1.08),
        correction(0.9, way="out", at=AUDIT + 9 * MINUTE),
        correction(1.3, "b"),
    ]
    prompt = [(e.at, e) for e in people(seed)]
    late = [(at + timedelta(seconds=draw.uniform(0, 100)), e) for at, e in prompt]
    late += [
        (at + timedelta(seconds=draw.uniform(0, 300)), e) for at, e in late if draw.random() < 0.2
    ]

    def final(facts: dict[FactKey, Fact]) -> dict[FactKey, tuple[object, ...]]:
        return {
            key: (f.value, f.evidence, f.reason)
            for key, f in facts.items()
            if f.window == "quarter"
            and f.state == "final"
            and f.metric in ("visitors", "exits", "conversion")
        }

    expected = final(lived([*prompt, *audits]))
    assert expected
    assert final(lived([*late, *audits])) == expected
    assert final(lived([*prompt, *audits], restart=True)) == expected


def test_a_day_through_the_dataflow() -> None:
    """The dataflow's final quarters are the corrected ones, however its log is cut into batches."""
    arrivals: list[Arrival] = [*((e.at, e) for e in people(5, 60)), correction(1.25)]
    end = START + timedelta(hours=2)
    one = aligned(floor_batches(entries_of(arrivals, until=end)))
    assert aligned(floor_batches(entries_of(arrivals, until=end, batch=1), batch_size=3)) == one
    assert any(f.reason.startswith("corrected") for f in one.values())


@quick
@given(st.integers(0, 10_000))
def test_a_replaced_interval_leaves_nothing(seed: int) -> None:
    """An interval that is told again as zero takes back all that it added, corrected part and rounding included."""
    told = [
        Footfall(
            at=HOLDS + n * MINUTE, store="north", id=f"{n}", source="s", door="a", entered=seed % 97 + n,
            counting="interval", interval_s=900.0,
        )
        for n in range(0, 40, 15)
    ]  # fmt: skip
    again = [msgspec.structs.replace(e, id=f"{e.id}again", entered=0) for e in told]
    arrivals = [
        *((e.at, e) for e in told),
        *((e.at + 5 * MINUTE, e) for e in again),
        correction(1.0837),
    ]
    assert of(lived(arrivals), "visitors").value == 0


def test_a_reset_takes_it_back() -> None:
    """From a factor of 1 on counts are as the counter tells them; what was corrected before stays."""
    arrivals: list[Arrival] = [(e.at, e) for e in people(7)]
    back = AUDIT + 20 * MINUTE
    facts = lived([*arrivals, correction(2.0), correction(1.0, at=back)])
    plain = lived(arrivals)
    for key, fact in plain.items():
        if key in facts and fact.metric == "visitors" and fact.window == "quarter":
            if fact.start >= back + 2 * MINUTE:
                assert facts[key].value == fact.value
            elif fact.start >= HOLDS and fact.end <= back and fact.subject == "door:a":
                assert facts[key].value == 2 * int(fact.value or 0)


def test_without_a_correction_there_is_no_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """A store that was never audited is never looked up, and other settings do not make it one."""

    def never(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(Factors, "correct", never)
    other = Command(
        at=AUDIT, store="north", id="x", source="w", actor="a", action="setting", target="correction/a/in", note="{}"
    )  # fmt: skip
    lived([*((e.at, e) for e in people(1)), (AUDIT, other)])


def test_old_factors_are_forgotten() -> None:
    """Of a door corrected again and again only what a pane still alive may need is kept."""
    factors = Factors()
    for n in range(1000):
        command = correction(1 + n / 1000, at=START + n * MINUTE)[1]
        assert isinstance(command, Command)
        oldest = int(START.timestamp() // 60) + n - 100
        factors.note(command, START + n * MINUTE, oldest)
    assert sum(map(len, factors.known.values())) <= 104
    found = factors.at("a", "in", int(START.timestamp() // 60) + 2000)
    assert found is not None
    assert found.factor == 1.999
