"""The rule book: settings turned once into what the stages look up. Pure."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from typing import NamedTuple

from alerts.memory import fact_key, track_key
from alerts.regime import Regime, regime_at
from alerts.settings import AlertsSettings, Person, Route, Rule
from flows.settings import Benchmark, FlowsSettings
from sensors.settings import Device, Product, SensorsSettings, Store

NO_DATA = "no-data"
ALIGNED_S = {"quarter": 900.0, "hour": 3600.0, "week": 604_800.0}
"""Windows that are judged when they have closed, and how long they are."""
CONTEXT = frozenset(
    {
        (metric, window)
        for metric in ("conversion", "visitors", "atv", "spv")
        for window in ("15m", "60m", "day")
    }
    | {("sensor_health", "now"), ("conversion_aligned", "day"), ("conversion_benchmark", "60m")}
)
"""Facts kept whatever the rules: to hear devices, to put a price on an incident, to measure what an action did."""
PLANNED = ("plan_ahead", "now")
NEEDS: dict[str, frozenset[tuple[str, str]]] = {
    "add-staff": frozenset({("staff_on_floor", "now")}),
    "open-till": frozenset({("staff_on_floor", "now"), ("tills_needed", "now")}),
    "run-promotion": frozenset({("sku_cover", "now")}),
}
"""Facts that the condition of an action reads (``actions``)."""


class Use(NamedTuple):
    """What is done with the facts of one name.

    Attributes:
        key: where the newest is remembered.
        is_forecast: it is remembered for each window apart.
        rules: those that judge it, each with the key of its condition.
        has_past: whether one of them holds it against its own past.
    """

    key: str
    is_forecast: bool
    rules: list[tuple[str, Rule]]
    has_past: bool


@dataclass(frozen=True)
class StoreBook:
    """What holds at one store."""

    id: str
    alerts: AlertsSettings
    store: Store | None
    benchmark: Benchmark
    rules: dict[str, Rule]
    devices: dict[str, Device]
    people: list[Person]
    products: dict[str, Product] = field(default_factory=dict)
    by_fact: dict[tuple[str, str], list[Rule]] = field(default_factory=dict)
    forecasts: frozenset[tuple[str, str]] = frozenset()
    kept: frozenset[tuple[str, str]] = CONTEXT
    least_no_data: timedelta = timedelta(0)
    names: str = ""
    absent: frozenset[str] = frozenset()
    _uses: dict[tuple[str, str, str], Use] = field(default_factory=dict)
    _regimes: list[Regime] = field(default_factory=list)

    def use_of(self, metric: str, window: str, subject: str) -> Use:
        """What is done with such a fact; worked out once a name."""
        name = (metric, window, subject)
        use = self._uses.get(name)
        if use is None:
            rules = [r for r in self.by_fact.get(name[:2], []) if fnmatchcase(subject, r.subject)]
            conditions = [(track_key(rule.name, subject), rule) for rule in rules]
            key = fact_key(metric, subject, window)
            past = any(rule.reference == "history" for rule in rules)
            use = self._uses[name] = Use(key, name[:2] in self.forecasts, conditions, past)
        return use

    def regime(self, at: datetime) -> Regime:
        """What may be judged at ``at``; worked out once a minute."""
        if not self._regimes or not self._regimes[-1].holds(at):
            self._regimes[:] = [regime_at(self, at)]
        return self._regimes[-1]

    def route(self, rule: str) -> Route:
        """The route of a rule's pushes."""
        return self.alerts.route_of(self.rules[rule].route)


class Book:
    """Rule books by store, made when first asked for."""

    def __init__(
        self, alerts: AlertsSettings, sensors: SensorsSettings, flows: FlowsSettings
    ) -> None:
        self._alerts, self._sensors, self._flows = alerts, sensors, flows
        self._books: dict[str, StoreBook] = {}

    def of(self, store: str) -> StoreBook:
        """The book of a store; one that is not configured is always open and has no people of its own."""
        if store not in self._books:
            self._books[store] = self._make(store)
        return self._books[store]

    def _make(self, store: str) -> StoreBook:
        alerts = self._alerts
        rules = {r.name: r for r in alerts.rules if not r.stores or store in r.stores}
        by_fact: dict[tuple[str, str], list[Rule]] = {}
        for rule in rules.values():
            by_fact.setdefault((rule.metric, rule.window), []).append(rule)
        forecasts = frozenset(
            (f"{r.metric}_forecast", r.window) for r in rules.values() if r.reference == "forecast"
        )
        also: set[tuple[str, str]] = {(c.metric, c.window) for r in rules.values() for c in r.where}
        also |= {
            need
            for r in rules.values()
            for a in (r.action, *r.actions)
            for need in NEEDS.get(a, ())
        }
        also |= {PLANNED}
        limits = [alerts.no_data.after_s, *(r.no_data_s for r in rules.values())]
        place = next((s for s in self._sensors.stores if s.id == store), None)
        ranged = self._sensors.ranges.get(place.range, []) if place else []
        return StoreBook(
            id=store,
            alerts=alerts,
            store=place,
            benchmark=self._flows.benchmark_of(store),
            rules={**rules, NO_DATA: no_data_rule(alerts)},
            devices={d.source: d for d in self._sensors.devices if d.store == store and d.source},
            people=[p for p in alerts.people if not p.stores or store in p.stores],
            products={product.sku: product for product in ranged},
            by_fact=by_fact,
            forecasts=forecasts,
            kept=CONTEXT | by_fact.keys() | forecasts | also,
            least_no_data=timedelta(seconds=min(limits)),
            names="\n".join(rules),
            absent=frozenset(r.name for r in rules.values() if r.compare == "absent"),
        )


def no_data_rule(alerts: AlertsSettings) -> Rule:
    """The condition that rules cannot be judged, as a rule of its own."""
    return Rule(
        name=NO_DATA,
        metric="data",
        window="now",
        compare="absent",
        hold_s=alerts.no_data.hold_s,
        clear_hold_s=0,
        severity=alerts.no_data.severity,
        route=alerts.no_data.route,
        action="check-gateway",
        title="data-old",
    )
