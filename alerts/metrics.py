"""What alerting and delivery count, for their metrics pages; Prometheus names, each once."""

from typing import Literal

from prometheus_client import Counter, Gauge, Histogram

Name = Literal[
    "floorcast_alert_incidents",
    "floorcast_alert_notices",
    "floorcast_alert_newest_timestamp_seconds",
    "floorcast_alert_latency_seconds",
    "floorcast_alert_fact_latency_seconds",
    "floorcast_deliver_pushes",
    "floorcast_deliver_latency_seconds",
]
SECONDS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 30.0, 300.0)


def _counter(name: Name, what: str, *labels: str) -> Counter:
    return Counter(name, what, labels)


def _gauge(name: Name, what: str, *labels: str) -> Gauge:
    return Gauge(name, what, labels)


def _histogram(name: Name, what: str) -> Histogram:
    return Histogram(name, what, buckets=SECONDS)


INCIDENTS = _counter("floorcast_alert_incidents", "Changes of incidents written, by state.", "state")  # fmt: skip
NOTICES = _counter("floorcast_alert_notices", "Notices put into the outbox.")
NEWEST = _gauge(
    "floorcast_alert_newest_timestamp_seconds",
    "Log time of the newest change written, by partition; it stands still while nothing changes.",
    "partition",
)
LATENCY_S = _histogram(
    "floorcast_alert_latency_seconds",
    "Log to incident: from a tick's time received to what changed with it in Redis, by the clock of Redis.",
)
FACT_S = _histogram(
    "floorcast_alert_fact_latency_seconds",
    "Fact to incident: from the facts' being in Redis to what changed with them, by the clock of Redis.",
)
PUSHES = _counter(
    "floorcast_deliver_pushes", "Attempts to deliver, by channel and outcome.", "channel", "outcome"
)
PUSH_S = _histogram(
    "floorcast_deliver_latency_seconds",
    "Incident to push: from the notice's tick to the channel's taking it, by the clock of Redis.",
)
