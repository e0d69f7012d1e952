"""The timeline language: what happens on the floor, and what people must be told, on the log's virtual time.

    story = Story(settings)
    story.at("09:05").say("conversion", 0.09, k=27, n=300)
    story.at("09:10").expect(firing("low-conversion"))
    story.at("09:11").ack("low-conversion", by="chen")

A ``Story`` drives the real alert pipeline, tick by tick; nothing waits.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Self

import msgspec

from alerts.book import Book
from alerts.incident import Incident, IncidentBatch, Notice
from alerts.memory import Memory, open_incidents
from alerts.pipeline import run
from alerts.settings import AlertsSettings, Rule
from flows.facts import Evidence, Fact, FactBatch, Unit, Window
from flows.settings import FlowsSettings
from sensors.events import Command
from sensors.settings import SensorsSettings, Store, Text
from sensors.streams import Position

EVERY_DAY = ["mon", "tue", "wed", "thu", "fri", "sat", "sun", "holiday"]
DAY = datetime(2026, 11, 23, tzinfo=UTC)  # a Monday
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MINUTES: dict[str, int] = {
    "15m": 15, "60m": 60, "day": 1440, "quarter": 15, "hour": 60, "now": 0, "next15m": 15,
}  # fmt: skip
UNITS: dict[str, Unit] = {
    "conversion": "ratio", "visitors": "people", "occupancy": "people", "queue_length": "people",
    "queue_wait": "seconds", "atv": "minor", "sensor_health": "text", "sku_cover": "hours",
    "visitors_forecast": "people",
}  # fmt: skip

Check = Callable[["Story"], None]


def shop(**changes: object) -> Store:
    """A store in UTC, open 09:00 to 21:00."""
    hours = {"days": EVERY_DAY, "opens": "09:00:00", "closes": "21:00:00"}
    base = {
        "id": "s1",
        "name": {"en": "Shop", "zh": "店"},
        "timezone": "UTC",
        "capacity": 100,
        "hours": [hours],
        "doors": [{"id": "main", "name": {"en": "Main", "zh": "正门"}}],
        "zones": [{"id": "shoes", "name": {"en": "Shoes", "zh": "鞋区"}}],
        "tills": [{"id": n, "name": {"en": f"Till {n}", "zh": f"{n} 号台"}} for n in "123"],
        **changes,
    }
    return msgspec.convert(base, Store)


class Story:
    """A day at one shop, told in order; every ``at`` ticks the log on to that time first.

    Args:
        alerts: the settings under test, or just rules.
        tick_s: how often the log ticks.
    """

    def __init__(
        self,
        alerts: AlertsSettings | list[Rule],
        *,
        sensors: SensorsSettings | None = None,
        flows: FlowsSettings | None = None,
        tick_s: float = 10.0,
        begins: str = "08:59",
    ) -> None:
        settings = alerts if isinstance(alerts, AlertsSettings) else AlertsSettings(rules=alerts)
        sensors = sensors or SensorsSettings(stores=[shop()])
        self.store = sensors.stores[0].id
        self.book = Book(settings, sensors, flows or FlowsSettings()).of(self.store)
        self.memory = Memory()
        self.now = clock(begins)
        self.tick = timedelta(seconds=tick_s)
        self.batches: list[FactBatch] = []
        self.out: list[IncidentBatch] = []
        self.seen: dict[str, Incident] = {}
        self._facts: dict[tuple[str, str, Window], Fact] = {}
        self._commands: list[Command] = []

    # ── time ──
    def at(self, when: str) -> Self:
        """Let the log tick on to a time of the day, ``HH:MM`` or ``HH:MM:SS``; ``+1 09:00`` is tomorrow."""
        target = clock(when)
        assert target >= self.now, f"a story cannot go back to {when}"
        while self.now < target:
            self.now = min(self.now + self.tick, target)
            self._take([])
        return self

    # ── the floor ──
    def say(
        self,
        metric: str,
        value: float | str | None,
        *,
        subject: str = "",
        window: Window = "60m",
        k: float | None = None,
        n: float | None = None,
        low: float | None = None,
        high: float | None = None,
        coverage: float | None = None,
        newest: datetime | None = None,
        state: str = "live",
        start: datetime | None = None,
        reason: str = "",
        detail: dict[str, str | int | float | None] | None = None,
    ) -> Self:
        """The floor publishes one fact now."""
        length = timedelta(minutes=MINUTES[window])
        begin = start or self.now - length
        fact = Fact(
            store=self.store,
            metric=metric,
            window=window,
            start=begin,
            end=begin + length,
            value=value,
            unit=UNITS.get(metric, "score"),
            as_of=self.now,
            subject=subject,
            evidence=Evidence(k=k, n=n, low=low, high=high),
            coverage=coverage,
            state=state,  # type: ignore[arg-type]
            newest_at=newest or self.now,
            reason=reason,
            detail=detail or {},
        )
        self._take([fact])
        return self

    def rate(self, sales: int, visitors: int, *, minutes: int = 0, window: Window = "60m") -> Self:
        """The hour's conversion is ``sales`` of ``visitors``, said every tick for ``minutes``."""
        until = self.now + timedelta(minutes=minutes)
        while True:
            self.say("visitors", visitors, window=window)
            self.say("conversion", sales / visitors, k=sales, n=visitors, window=window)
            if self.now >= until:
                return self
            self.now = min(self.now + self.tick, until)

    # ── people ──
    def ack(self, rule: str, *, by: str = "chen", subject: str = "") -> Self:
        """Somebody takes the incident."""
        return self.command("ack", self.open(rule, subject).id, by=by)

    def command(self, action: str, target: str, *, by: str = "chen", **more: object) -> Self:
        """Somebody does something to a target."""
        said = Command(
            at=self.now, store=self.store, actor=by, action=action, target=target, **more
        )  # type: ignore[arg-type]
        self._take([], [said])
        return self

    # ── what came of it ──
    def expect(self, *checks: Check) -> Self:
        """Hold every check against what is known now."""
        for check in checks:
            check(self)
        return self

    def open(self, rule: str, subject: str = "") -> Incident:
        """The open incident of a rule."""
        found = [i for i in open_incidents(self.memory) if (i.rule, i.subject) == (rule, subject)]
        assert len(found) == 1, f"{len(found)} open incidents of {rule}/{subject}"
        return found[0]

    def last(self, rule: str, subject: str = "") -> Incident:
        """The newest incident of a rule, open or not."""
        found = [i for i in self.seen.values() if (i.rule, i.subject) == (rule, subject)]
        assert found, f"{rule}/{subject} never opened"
        return max(found, key=lambda i: (i.opened_at, i.id))

    @property
    def notices(self) -> list[Notice]:
        """Everything told so far, boards apart."""
        return [n for batch in self.out for n in batch.notices if n.kind != "board"]

    @property
    def boards(self) -> list[Notice]:
        """Every list of open incidents so far."""
        return [n for batch in self.out for n in batch.notices if n.kind == "board"]

    def told(self, kind: str, rule: str) -> list[Notice]:
        """Notices of a kind about a rule."""
        return [
            n for n in self.notices if n.kind == kind and any(i.rule == rule for i in n.incidents)
        ]

    def _take(self, facts: list[Fact], commands: list[Command] | None = None) -> None:
        millis = (self.now - EPOCH) // timedelta(milliseconds=1)
        same = [b for b in self.batches if Position.parse(b.position).ms == millis]
        batch = FactBatch(
            store=self.store,
            partition=0,
            position=f"{millis}-{len(same)}",
            at=self.now,
            facts=facts,
            commands=commands or [],
        )
        self.batches = [*self.batches[-50:], batch]
        self.log.append(batch)
        out = run(self.memory, batch, self.book)
        if out:
            self.out.append(out)
            self.seen |= {i.id: i for i in out.incidents}

    @property
    def log(self) -> list[FactBatch]:
        """Every batch of the story, to be run again some other way."""
        if not hasattr(self, "_log"):
            self._log: list[FactBatch] = []
        return self._log


def clock(when: str) -> datetime:
    """A time of the story's day."""
    plus, _, rest = when.rpartition(" ")
    parts = [int(part) for part in rest.split(":")]
    hours, minutes, seconds = (*parts, 0)[:3]
    return DAY + timedelta(days=int(plus or 0), hours=hours, minutes=minutes, seconds=seconds)


def in_state(rule: str, state: str, subject: str = "") -> Check:
    """The newest incident of a rule is in a state."""

    def check(story: Story) -> None:
        incident = story.last(rule, subject)
        assert incident.state == state, [(s.at.time(), s.kind, s.reason) for s in incident.steps]

    return check


def pending(rule: str, subject: str = "") -> Check:
    """It has begun, nobody is told yet."""
    return in_state(rule, "pending", subject)


def firing(rule: str, subject: str = "") -> Check:
    """It fires and nobody has it."""
    return in_state(rule, "firing", subject)


def resolved(rule: str, subject: str = "") -> Check:
    """It is over."""
    return in_state(rule, "resolved", subject)


def quiet(rule: str = "") -> Check:
    """No incident is open, of a rule or at all, and nobody is told that one is."""

    def check(story: Story) -> None:
        found = [i for i in open_incidents(story.memory) if not rule or i.rule == rule]
        assert not found, found

    return check


def told(kind: str, rule: str, times: int = 1) -> Check:
    """Exactly so many notices of a kind about a rule have gone out."""

    def check(story: Story) -> None:
        found = story.told(kind, rule)
        assert len(found) == times, [(n.at.time(), n.id) for n in found]

    return check


def stepped(rule: str, *kinds: str, subject: str = "") -> Check:
    """The incident's steps so far are exactly these."""

    def check(story: Story) -> None:
        steps = [s.kind for s in story.last(rule, subject).steps]
        assert steps == list(kinds), steps

    return check


__all__ = ["Story", "Text", "firing", "pending", "quiet", "resolved", "shop", "stepped", "told"]
