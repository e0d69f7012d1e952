"""Two rule books on the same facts: which incidents a draft gains, loses and moves, what it costs. Pure.

fact batches ─┬─▶ pipeline with today's rules ─┐
              └─▶ pipeline with the draft ─────┴─▶ per rule: incidents, pages, money at risk, money saved

What is saved is what actions are known to get back: over the incidents of the log whose outcome was measured under
today's rules, Σ recovered ÷ Σ at risk, held between 0 and 1, times what was at risk in the incidents of a rule.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import groupby
from statistics import median

from alerts.book import Book
from alerts.incident import Incident, NoticeKind
from alerts.memory import Memory
from alerts.pipeline import run
from alerts.settings import AlertsSettings
from alerts.tried import Fired, Outcome, Pair, RuleDid, RuleTrial
from flows.facts import FactBatch
from flows.settings import FlowsSettings
from sensors.settings import SensorsSettings

NEAR = timedelta(hours=1)  # incidents of one rule and subject this close are the same one, moved
PAGES: frozenset[NoticeKind] = frozenset({"firing", "repeated", "escalated"})


class Course:
    """One rule book through the log: what fired and who was told."""

    def __init__(
        self, alerts: AlertsSettings, sensors: SensorsSettings, flows: FlowsSettings
    ) -> None:
        self._book = Book(alerts, sensors, flows)
        self._memories: dict[str, Memory] = {}
        self._newest: dict[str, Incident] = {}
        self._risk: dict[str, int] = {}
        self._recovered: dict[str, tuple[int, int]] = {}  # got back, of what was at risk
        self.pages: list[tuple[datetime, str, str]] = []  # when, rule, store

    def take(self, batch: FactBatch) -> None:
        """One batch; those of a store come in log order."""
        memory = self._memories.setdefault(batch.store, Memory())
        made = run(memory, batch, self._book.of(batch.store))
        if made is None:
            return
        for incident in made.incidents:
            self._newest[incident.id] = incident
            risk = max(self._risk.get(incident.id, 0), incident.at_risk_minor or 0)
            self._risk[incident.id] = risk
            got = (incident.outcome or {}).get("recovered_minor")
            if isinstance(got, int) and risk:
                self._recovered[incident.id] = (got, risk)
        for notice in made.notices:
            if notice.kind in PAGES:
                rules = {i.rule for i in notice.incidents}
                self.pages += [(notice.at, rule, batch.store) for rule in rules]
        for ident in made.forget:
            if not _fired_at(self._newest.get(ident)):
                self._newest.pop(ident, None)
                self._risk.pop(ident, None)

    def recovered(self) -> tuple[float | None, int]:
        """The share of the money at risk that actions got back, and over how many incidents; ``None`` over none."""
        got = [sum(column) for column in zip(*self._recovered.values(), strict=True)]
        share = max(0.0, min(1.0, got[0] / got[1])) if got else None
        return share, len(self._recovered)

    def did(self) -> list[RuleDid]:
        """What every rule did at every store, by store and rule."""
        pages = Counter((store, rule) for _, rule, store in self.pages)
        made: list[RuleDid] = []
        for (store, rule), group in groupby(sorted(self.fired(), key=_place), key=_place):
            own = list(group)
            lasted = [(one.until - one.at).total_seconds() for one in own if one.until]
            made.append(
                RuleDid(
                    store=store, rule=rule, fired=len(own), pages=pages[store, rule],
                    risk_minor=sum(one.risk_minor for one in own), open_s=median(lasted) if lasted else None,
                )
            )  # fmt: skip
        return made

    def fired(self, since: datetime | None = None) -> list[Fired]:
        """Incidents that fired from ``since`` on, by time."""
        found: list[Fired] = []
        for incident in self._newest.values():
            at = _fired_at(incident)
            if at is not None and (since is None or at >= since):
                over = incident.updated_at if incident.state in ("resolved", "expired") else None
                found.append(
                    Fired(
                        store=incident.store, rule=incident.rule, subject=incident.subject, at=at,
                        until=over, risk_minor=self._risk[incident.id],
                    )
                )  # fmt: skip
        return sorted(found, key=lambda fired: (fired.at, fired.store, fired.rule, fired.subject))


def _place(fired: Fired) -> tuple[str, str]:
    return fired.store, fired.rule


def _fired_at(incident: Incident | None) -> datetime | None:
    steps = incident.steps if incident else []
    return next((step.at for step in steps if step.kind == "firing"), None)


class Trial:
    """Today's rules beside a draft, fed the same batches."""

    def __init__(
        self, today: AlertsSettings, draft: AlertsSettings, sensors: SensorsSettings, flows: FlowsSettings
    ) -> None:  # fmt: skip
        self.today, self.draft = Course(today, sensors, flows), Course(draft, sensors, flows)
        self.start: datetime | None = None
        self.end: datetime | None = None
        self.stores: set[str] = set()

    def take(self, batches: Iterable[FactBatch]) -> None:
        """Some batches, in log order within a store."""
        for batch in batches:
            self.start = self.start or batch.at
            self.end = max(self.end or batch.at, batch.at)
            self.stores.add(batch.store)
            self.today.take(batch)
            self.draft.take(batch)

    def outcome(
        self, last: timedelta | None = None, recovered_share: float | None = None
    ) -> Outcome | None:
        """What would have been otherwise in the ``last`` stretch of the log, or in all of it; ``None`` without any.

        ``recovered_share``: taken instead of the measured one.
        """
        if self.start is None or self.end is None:
            return None
        since = self.start if last is None else max(self.start, self.end - last)
        before, after = self.today.fired(since), self.draft.fired(since)
        pairs = pair(before, after)
        pages = [
            Counter(rule for at, rule, _ in course.pages if at >= since)
            for course in (self.today, self.draft)
        ]
        names = sorted({f.rule for f in (*before, *after)} | pages[0].keys() | pages[1].keys())
        share, measured = self.today.recovered()
        if recovered_share is not None:
            share, measured = recovered_share, 0
        return Outcome(
            start=since, end=self.end, stores=sorted(self.stores),
            recovered_share=share, measured=measured,
            changed=[p for p in pairs if p.change != "same"],
            rules=[_rule(name, before, after, pairs, pages, share) for name in names],
        )  # fmt: skip


def pair(today: list[Fired], draft: list[Fired], near: timedelta = NEAR) -> list[Pair]:
    """Each incident with the nearest one of its rule and subject under the other book; both lists are by time."""
    rest = list(draft)
    pairs: list[Pair] = []
    for one in today:
        same = [
            o for o in rest if (o.store, o.rule, o.subject) == (one.store, one.rule, one.subject)
        ]
        other = min(same, key=lambda o: abs(o.at - one.at), default=None)
        if other is None or abs(other.at - one.at) > near:
            pairs.append(Pair(change="lost", today=one, draft=None))
            continue
        rest.remove(other)
        moved_s = (other.at - one.at).total_seconds()
        pairs.append(
            Pair(change="moved" if moved_s else "same", today=one, draft=other, moved_s=moved_s)
        )
    return pairs + [Pair(change="gained", today=None, draft=other) for other in rest]


def _rule(
    name: str, before: list[Fired], after: list[Fired], pairs: list[Pair], pages: list[Counter[str]],
    share: float | None,
) -> RuleTrial:  # fmt: skip
    changes = Counter(
        p.change for p in pairs for fired in [p.today or p.draft] if fired and fired.rule == name
    )
    own = [[fired for fired in course if fired.rule == name] for course in (before, after)]
    risks = [sum(fired.risk_minor for fired in course) for course in own]
    saved = [None if share is None else round(share * risk) for risk in risks]
    return RuleTrial(
        rule=name, today=len(own[0]), draft=len(own[1]), gained=changes["gained"],
        lost=changes["lost"], moved=changes["moved"],
        pages_today=pages[0][name], pages_draft=pages[1][name],
        risk_today_minor=risks[0], risk_draft_minor=risks[1],
        saved_today_minor=saved[0], saved_draft_minor=saved[1],
    )  # fmt: skip
