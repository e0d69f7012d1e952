"""What ingest counts, for a metrics page; Prometheus names, each once."""

from typing import Literal

from prometheus_client import Counter, Gauge, Histogram

MESSAGES = Counter("floorcast_ingest_messages", "MQTT messages taken from the broker.")
EVENTS = Counter("floorcast_ingest_events", "Events the log has taken.")
REJECTS = Counter("floorcast_ingest_rejects", "What went to the dead letters.")
HELD = Gauge("floorcast_ingest_held_messages", "Messages decoded but not yet taken by the log.")
BLOCKED = Gauge("floorcast_ingest_blocked", "1 while the log takes nothing: Redis full or away.")
APPEND_S = Histogram(
    "floorcast_ingest_append_seconds",
    "One round trip of appends to the log.",
    buckets=(0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 2.0),
)

Hooked = Literal[
    "taken", "repeated", "handshake", "refused", "unknown", "too-large", "too-many", "unavailable"
]
"""What became of a webhook call."""

WEBHOOKS = Counter("floorcast_webhook_calls", "Webhook calls.", ["path", "outcome"])
HELD_BACK = Gauge(
    "floorcast_log_held_back_seconds",
    "By how much the slowest consumer keeps the log beyond its retention.",
)
