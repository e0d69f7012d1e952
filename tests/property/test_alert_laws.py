"""Laws of alerting that hold for any stream of facts and anything people do."""

from collections.abc import Sequence
from datetime import timedelta

import bytewax.operators as op
from bytewax.dataflow import Dataflow
from bytewax.testing import TestingSink, TestingSource, cluster_main, run_main
from hypothesis import HealthCheck, given
from hypothesis import settings as limits
from hypothesis import strategies as st
from msgspec.structs import replace

from alerts.book import Book
from alerts.incident import Incident, IncidentBatch
from alerts.memory import Memory
from alerts.pipeline import run
from alerts.settings import AlertsSettings, Rule
from alerts.topology import alerting
from flows.facts import FactBatch
from flows.settings import FlowsSettings
from sensors.settings import SensorsSettings
from tests.scenario import Story, shop

RULES = [
    Rule(name="low-conversion", metric="conversion"),
    Rule(
        name="queue-long", metric="queue_length", window="now", subject="till:*", compare="above",
        reference="fixed", level=6, clear_level=3, hold_s=30, clear_hold_s=30,
    ),
    Rule(
        name="sensor-silent", metric="sensor_health", window="now", subject="device:*", compare="is",
        values=["silent"], hold_s=0, severity="watch",
    ),
]  # fmt: skip
SETTINGS = AlertsSettings(rules=RULES)
SENSORS = SensorsSettings(stores=[shop()])

Deed = tuple[str, int, int]
deeds = st.lists(
    st.tuples(
        st.sampled_from(
            ["low", "fine", "few", "queue", "short", "silent", "online", "wait", "long_wait",
             "ack", "done", "dismiss", "snooze", "silence", "unsilence", "comment"]
        ),
        st.integers(1, 3),
        st.integers(0, 9),
    ),
    min_size=5,
    max_size=60,
)  # fmt: skip


def play(acts: Sequence[Deed]) -> Story:  # noqa: C901 - one arm a deed
    """A morning made of deeds; commands go to any incident ever opened, alive or not."""
    story = Story(SETTINGS, tick_s=20).at("09:30")
    for act, place, pick in acts:
        known = sorted(story.seen)
        match act:
            case "low":
                story.rate(30, 400)
            case "fine":
                story.rate(60, 400)
            case "few":
                story.rate(1, 12)
            case "queue":
                story.say("queue_length", 9, subject=f"till:{place}", window="now")
            case "short":
                story.say("queue_length", 1, subject=f"till:{place}", window="now")
            case "silent" | "online":
                story.say("sensor_health", act, subject=f"device:line-{place}", window="now")
            case "silence":
                until = story.now + timedelta(minutes=pick + 1)
                story.command("silence", "queue-*" if place == 1 else "low-*", until=until)
            case "unsilence":
                story.command("unsilence", "queue-*" if place == 1 else "low-*")
            case "wait" | "long_wait":
                pass
            case _ if known:
                more = {"until": story.now + timedelta(minutes=3)} if act == "snooze" else {}
                story.command(act, known[pick % len(known)], by=f"p{place}", **more)
        later = story.now + timedelta(minutes=7 if act == "long_wait" else place)
        story.at(f"{later:%H:%M:%S}")
    return story


quickly = limits(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@quickly
@given(deeds)
def test_no_step_is_told_twice(acts: list[Deed]) -> None:
    """No (incident, step) stands in two notices, no notice id is used twice."""
    story = play(acts)
    ids = [n.id for n in story.notices + story.boards]
    assert len(ids) == len(set(ids))
    told = [
        (i.id, step, n.kind)
        for n in story.notices
        for i, step in zip(n.incidents, n.steps, strict=True)
    ]
    assert len(told) == len(set(told))
    firing = [i.id for n in story.notices if n.kind == "firing" for i in n.incidents]
    for ident in set(firing):
        again = sum(
            s.kind in ("firing", "unsnoozed", "unsuppressed") for s in story.seen[ident].steps
        )
        assert firing.count(ident) <= again


@quickly
@given(deeds)
def test_no_resolve_is_lost(acts: list[Deed]) -> None:
    """Whoever was told of an incident hears of its end exactly once, silenced or not."""
    story = play(acts)
    for incident in story.seen.values():
        told = [n.kind for n in story.notices if any(i.id == incident.id for i in n.incidents)]
        ends = [kind for kind in told if kind in ("resolved", "expired")]
        began = any(kind not in ("resolved", "expired") for kind in told)
        closed = incident.state in ("resolved", "expired")
        assert len(ends) == (1 if closed and began else 0)
        if ends:
            assert told[-1] == ends[0]


@quickly
@given(deeds)
def test_every_unacknowledged_act_incident_escalates(acts: list[Deed]) -> None:
    """An audible act incident that nobody has for as long as a rung says has reached that rung."""
    story = play(acts)
    for incident in story.memory.incidents.values():
        care = story.memory.care[incident.id]
        loud = incident.state == "firing" and not incident.muted and not incident.snoozed_until
        if not loud or incident.severity != "act":
            continue
        assert care.since is not None
        waited = (story.now - care.since).total_seconds()
        ladder = story.book.route(incident.rule).ladder
        assert care.rung == max(n for n, rung in enumerate(ladder) if rung.after_s <= waited)


@quickly
@given(deeds)
def test_steps_are_appended_only(acts: list[Deed]) -> None:
    """Steps are numbered, in order of time, and once written never change."""
    story = play(acts)
    newest: dict[str, Incident] = {}
    for batch in story.out:
        for incident in batch.incidents:
            before = newest.get(incident.id)
            if before is not None:
                assert incident.steps[: len(before.steps)] == before.steps
                assert before.state not in ("resolved", "expired") or incident.state == before.state
            newest[incident.id] = incident
            assert [s.n for s in incident.steps] == list(range(len(incident.steps)))
            assert sorted(s.at for s in incident.steps) == [s.at for s in incident.steps]


@quickly
@given(deeds)
def test_one_incident_per_rule_and_subject(acts: list[Deed]) -> None:
    """At no time are two incidents of the same rule and subject open."""
    story = play(acts)
    alive: dict[str, Incident] = {}
    for batch in story.out:
        alive |= {i.id: i for i in batch.incidents}
        alive = {k: i for k, i in alive.items() if i.state not in ("resolved", "expired")}
        pairs = [(i.rule, i.subject) for i in alive.values()]
        assert len(pairs) == len(set(pairs))


@quickly
@given(deeds, st.lists(st.integers(0, 400), max_size=6))
def test_crash_points_and_repeats_change_nothing(acts: list[Deed], cuts: list[int]) -> None:
    """Resumed from a snapshot at any points, with everything since then read again, the outcome is the same."""
    story = play(acts)
    book = Book(SETTINGS, SENSORS, FlowsSettings()).of("s1")
    memory, saved, kept = Memory(), Memory().encode(), 0
    out: dict[str, IncidentBatch] = {}
    for n, batch in enumerate(story.log):
        made = run(memory, batch, book)
        if made:
            out[batch.position] = made
        if n % 17 == 0:
            saved, kept = memory.encode(), n
        if n in cuts:  # die here; come back from the snapshot, one batch of it read twice
            memory = Memory.decode(saved)
            for again in story.log[max(0, kept - 1) : n + 1]:
                made = run(memory, again, book)
                if made:
                    assert out[again.position] == made
    assert list(out.values()) == story.out


@limits(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(deeds, st.integers(1, 50))
def test_batching_does_not_matter(acts: list[Deed], size: int) -> None:
    """Through bytewax, however the facts are batched, come the very incidents of the pure pipeline."""
    story = play(acts)
    out: list[IncidentBatch] = []
    flow = Dataflow("law")
    facts = op.input("facts", flow, TestingSource(repeated(story.log), batch_size=size))
    op.output("out", alerting(facts, SETTINGS, SENSORS, FlowsSettings()), TestingSink(out))
    run_main(flow)
    assert out == story.out


@limits(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(deeds, st.integers(2, 3))
def test_the_number_of_workers_does_not_matter(acts: list[Deed], workers: int) -> None:
    """Two stores' facts over several workers give each store the very incidents of the pure pipeline."""
    story = play(acts)
    twin = [
        replace(b, store="s2", facts=[replace(f, store="s2") for f in b.facts]) for b in story.log
    ]
    both = [batch for pair in zip(story.log, twin, strict=True) for batch in pair]
    out: list[IncidentBatch] = []
    flow = Dataflow("law")
    facts = op.input("facts", flow, TestingSource(both, batch_size=7))
    op.output("out", alerting(facts, SETTINGS, SENSORS, FlowsSettings()), TestingSink(out))
    cluster_main(flow, [], 0, worker_count_per_proc=workers)
    assert [batch for batch in out if batch.store == "s1"] == story.out
    book, memory = Book(SETTINGS, SENSORS, FlowsSettings()).of("s2"), Memory()
    assert [b for b in out if b.store == "s2"] == [o for b in twin if (o := run(memory, b, book))]


@quickly
@given(deeds)
def test_what_is_skipped_would_have_changed_nothing(acts: list[Deed]) -> None:
    """Looking at every condition with every batch gives the incidents that looking at the touched ones gives."""
    story = play(acts)
    book, memory = Book(SETTINGS, SENSORS, FlowsSettings()).of("s1"), Memory()
    out: list[IncidentBatch] = []
    for batch in story.log:
        memory.rules, memory.minute, memory.rest_until = "", None, None  # as if all had turned
        made = run(memory, batch, book)
        out += [made] if made else []
    assert out == story.out


def repeated(log: list[FactBatch]) -> list[FactBatch]:
    """The log with its first half said again, as after a crash upstream."""
    half = len(log) // 2
    return log[:half] + log[half // 2 : half] + log[half:]
