"""A shop whose facts a test writes into Redis exactly as the dataflows do, at an instant that it moves."""

import tomllib
from datetime import UTC, date, datetime, timedelta
from math import exp
from pathlib import Path
from typing import Any

import msgspec
import redis

from alerts.incident import Incident, Step
from alerts.keyspace import incidents_key
from alerts.settings import AlertsSettings
from dashboard.opening import business_day, opening
from dashboard.settings import DashboardSettings
from dashboard.shop import Shop, Shops
from flows.facts import Evidence, Fact, Window
from flows.keyspace import changed_channel, clock_key, latest_key, series_key
from flows.settings import FlowsSettings
from sensors.keyspace import partition_of
from sensors.settings import SensorsSettings

QUARTER = timedelta(minutes=15)
DAY = date(2026, 11, 20)
ROOT = Path(__file__).parents[1]


def demo_shops(zone: str = "", **dashboard: object) -> Shops:
    """The configured demo shop as its screens see it, with its time zone or settings of the screen replaced."""
    tables = tomllib.loads((ROOT / "config.toml").read_text(encoding="utf-8"))
    for store in tables["sensors"]["stores"] if zone else ():
        store["timezone"] = zone
    return Shops.of(
        msgspec.convert(tables["sensors"], SensorsSettings),
        msgspec.convert(tables["flows"], FlowsSettings),
        msgspec.convert({**tables["dashboard"], **dashboard}, DashboardSettings),
        AlertsSettings(),
    )


def clock_time(hour: int, minute: int, shop: Shop) -> datetime:
    """An instant of the test's day on the shop's clock."""
    return datetime(DAY.year, DAY.month, DAY.day, hour, minute, tzinfo=shop.store.tz).astimezone(
        UTC
    )


class Floor:
    """Writes one shop's facts and incidents; ``at`` is the log's time."""

    def __init__(self, client: redis.Redis, shop: Shop, at: datetime, partitions: int = 16) -> None:
        self.client, self.shop, self.at = client, shop, at
        self.published = False
        self.partition = partition_of(shop.store.id, partitions)

    def now(self) -> datetime:
        """The data store's time, as the reader is told it."""
        return self.at

    def fact(
        self,
        metric: str,
        window: Window,
        value: Any,
        unit: str = "people",
        subject: str = "",
        **more: Any,
    ) -> Fact:
        """A fact of the present moment; ``start`` and ``end`` may be given."""
        widths = {
            "15m": timedelta(minutes=15),
            "60m": timedelta(hours=1),
            "day": timedelta(hours=16),
        }
        more.setdefault("start", self.at - widths.get(window, timedelta(0)))
        more.setdefault("end", self.at)
        more.setdefault("newest_at", self.at)
        return Fact(
            store=self.shop.store.id, metric=metric, window=window, value=value, unit=unit,  # type: ignore[arg-type]
            subject=subject, as_of=self.at, **more,
        )  # fmt: skip

    def publish(self, *facts: Fact, incidents: tuple[Incident, ...] = ()) -> None:
        """Write facts, incidents and the clock, then say that they changed."""
        store, p = self.shop.store.id, self.partition
        pipe = self.client.pipeline()
        for fact in facts:
            raw = msgspec.json.encode(fact)
            if fact.window in {"quarter", "hour", "day", "week"}:
                start = fact.start.astimezone(UTC)
                field = f"{fact.metric}|{fact.subject}|{fact.window}|{start.isoformat()}"
                pipe.hset(
                    series_key(p, store, business_day(self.shop.store, fact.start)), field, raw
                )
            if fact.window not in {"quarter", "hour"} and fact.start <= fact.as_of <= fact.end:
                pipe.hset(latest_key(p, store), f"{fact.metric}|{fact.subject}|{fact.window}", raw)
        for incident in incidents:
            pipe.hset(incidents_key(p, store), incident.id, msgspec.json.encode(incident))
        self.published = True
        position = f"{int(self.at.timestamp() * 1000)}-0"
        pipe.hset(clock_key(p, store), mapping={"at": self.at.isoformat(), "position": position})
        pipe.publish(changed_channel(p), store)
        pipe.execute()

    def advance(self, seconds: float = 1.0) -> datetime:
        """Let log time pass."""
        self.at += timedelta(seconds=seconds)
        return self.at

    def afternoon(self) -> list[Fact]:
        """A full set of facts for a busy shop at ``at``."""
        return [*self.store_facts(), *self.zone_facts(), *self.stock_facts(), *self.curve()]

    def store_facts(self, visitors: int = 523, conversion: float = 0.235) -> list[Fact]:
        """The tiles' numbers."""
        sales = Evidence(n=170, k=40, low=0.18, high=0.30, level=0.95)
        return [
            self.fact("occupancy", "now", 144),
            self.fact("visitors", "day", visitors),
            self.fact("visitors", "15m", 17),
            self.fact("conversion", "60m", conversion, "ratio", evidence=sales),
            self.fact("atv", "60m", 18_900, "minor", evidence=Evidence(n=40)),
            self.fact("spv", "60m", 4_430, "minor", evidence=Evidence(n=170)),
            self.fact("queue_length", "now", 7),
            self.fact("queue_wait", "now", 250, "seconds"),
            self.fact("visitors_forecast", "day", 1_370, detail={"champion": "profile"}),
        ]

    def zone_facts(self) -> list[Fact]:
        """Median dwell of each zone."""
        seconds = {
            "women": 341, "men": 170, "kids": 123, "beauty": 155, "shoes": 195, "home": 104,
            "fitting": 425, "tills": 246, "promo": 84, "entrance": 50,
        }  # fmt: skip
        return [
            self.fact("dwell_median", "15m", s, "seconds", f"zone:{z}", evidence=Evidence(n=30))
            for z, s in seconds.items()
        ]

    def stock_facts(self) -> list[Fact]:
        """Top sellers and what is left."""
        rows = [
            ("W-LIN-M", 14, 3, 0.4), ("H-TOT-NAT", 11, 6, 1.1), ("B-RET-30", 9, 12, 2.6),
            ("K-RAI-110", 8, 17, 4.2), ("S-RUN-42", 7, 9, 2.4), ("H-CAN-FIG", 6, 31, 9.8),
        ]  # fmt: skip
        facts = []
        for sku, sold, left, cover in rows:
            facts.append(self.fact("sku_units", "60m", sold, "units", f"sku:{sku}"))
            facts.append(self.fact("sku_on_hand", "now", left, "units", f"sku:{sku}"))
            facts.append(self.fact("sku_cover", "now", cover, "hours", f"sku:{sku}"))
        return facts

    def curve(self) -> list[Fact]:
        """Visitors per quarter so far and the whole day's forecast."""
        hours = opening(self.shop.store, business_day(self.shop.store, self.at))
        assert hours is not None
        facts, start = [], hours.opens
        while start < hours.closes:
            due = _shape((start - hours.opens) / timedelta(hours=1))
            window = {"start": start, "end": start + QUARTER}
            band = Evidence(low=due * 0.8, high=due * 1.18)
            facts.append(self.fact("visitors_forecast", "quarter", due, evidence=band, **window))
            if start + QUARTER <= self.at:
                seen = round(due * (1 + 0.12 * ((start.hour * 7 + start.minute) % 5 - 2) / 2))
                facts.append(self.fact("visitors", "quarter", seen, state="final", **window))
            start += QUARTER
        return facts

    def incident(
        self, rule: str, subject: str, severity: str, minutes: int, **more: Any
    ) -> Incident:
        """An open incident that began ``minutes`` ago."""
        opened = self.at - timedelta(minutes=minutes)
        kept: dict[str, Any] = {
            "state": "firing", "metric": "conversion", "window": "60m", "value": 1.0, "threshold": 2.0,
            "steps": [Step(n=0, at=opened, kind="firing")],
        }  # fmt: skip
        return Incident(
            id=f"{self.shop.store.id}/{rule}/{subject}/{opened.isoformat()}", store=self.shop.store.id,
            rule=rule, subject=subject, severity=severity, opened_at=opened, updated_at=self.at,  # type: ignore[arg-type]
            **(kept | more),
        )  # fmt: skip

    def incidents(self) -> tuple[Incident, ...]:
        """Four open incidents, one of them taken, and one that is over."""
        taken = Step(n=1, at=self.at - timedelta(minutes=14), kind="acknowledged", actor="LW")
        fitting = self.incident(
            "zone-unattended",
            "zone:fitting",
            "watch",
            16,
            metric="dwell_median",
            value=425.0,
            action="add-staff",
            at_risk_minor=21_000,
        )
        over = self.incident("low-conversion", "", "act", 190, state="resolved")
        return (
            self.incident(
                "queue-wait", "till:2", "act", 6,
                metric="queue_wait", value=250.0, action="open-till", at_risk_minor=186_000,
            ),
            self.incident(
                "sells-out", "sku:W-LIN-M", "act", 10,
                metric="sku_cover", value=0.4, action="replenish", at_risk_minor=95_500,
            ),
            msgspec.structs.replace(fitting, state="acknowledged", owner="LW", steps=[*fitting.steps, taken]),
            self.incident(
                "low-conversion", "zone:promo", "watch", 24,
                value=0.182, action="change-display", at_risk_minor=8_800,
            ),
            over,
        )  # fmt: skip


def _shape(hour: float) -> float:
    """People per quarter: a hump at lunch and a larger one in the early evening."""
    return (
        7.0 + 35.0 * exp(-(((hour - 3.75) / 1.1) ** 2)) + 52.0 * exp(-(((hour - 9.2) / 1.6) ** 2))
    )
