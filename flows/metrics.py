"""What the floor counts, for a metrics page; Prometheus names, each once."""

from typing import Literal

from prometheus_client import Counter, Gauge, Histogram

Name = Literal[
    "floorcast_floor_events",
    "floorcast_floor_facts",
    "floorcast_floor_newest_timestamp_seconds",
    "floorcast_floor_latency_seconds",
    "floorcast_floor_snapshot_bytes",
    "floorcast_floor_panes",
]
SECONDS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 30.0, 300.0)


def _counter(name: Name, what: str) -> Counter:
    return Counter(name, what)


def _gauge(name: Name, what: str, *labels: str) -> Gauge:
    return Gauge(name, what, labels)


def _histogram(name: Name, what: str, buckets: tuple[float, ...]) -> Histogram:
    return Histogram(name, what, buckets=buckets)


EVENTS = _counter("floorcast_floor_events", "Events counted.")
FACTS = _counter("floorcast_floor_facts", "Facts written.")
NEWEST = _gauge(
    "floorcast_floor_newest_timestamp_seconds",
    "Log time whose facts are written, by partition; time() less this is the lag.",
    "partition",
)
LATENCY_S = _histogram(
    "floorcast_floor_latency_seconds",
    "Log to fact: from a tick's time received to its facts in Redis, by the clock of Redis.",
    SECONDS,
)
SNAPSHOT_BYTES = _histogram(
    "floorcast_floor_snapshot_bytes",
    "State of one store, each time it is saved anew.",
    (1024, 4096, 16384, 65536, 262144, 1048576),
)
PANES = _histogram(
    "floorcast_floor_panes",
    "Minutes that one store keeps, each time its state is saved anew.",
    (60, 360, 720, 1440, 2880, 4320),
)
