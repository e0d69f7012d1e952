"""What ingest counts, for a metrics page; Prometheus names, each once."""

from typing import Literal

from prometheus_client import Counter, Gauge, Histogram

MESSAGES = Counter("floorcast_ingest_messages", "MQTT messages taken from the broker.")
EVENTS = Counter("floorcast_ingest_events", "Events the log has taken.")
Rejected = Literal["unknown-place", "too-large", "clock", "adapter", "invalid"]
"""Why something went to the dead letters, in kinds; the letter itself says it exactly."""

REJECTS = Counter("floorcast_ingest_rejects", "What went to the dead letters.", ["reason"])
EVENT_TO_LOG_S = Histogram(
    "floorcast_ingest_latency_seconds",
    "Event to log: from when it happened, by its device, to when it was received; the last event of each message.",
    buckets=(0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0),
)
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


def kind_of(reason: str) -> Rejected:
    """The kind of a reject's reason.

    >>> kind_of("unknown store harbour"), kind_of("2000000 bytes, at most 1048576 are taken"), kind_of("no such field")
    ('unknown-place', 'too-large', 'invalid')
    """
    kinds: tuple[tuple[str, Rejected], ...] = (
        ("unknown topic", "unknown-place"), ("unknown store", "unknown-place"), (" on a topic of ", "unknown-place"),
        (" are taken", "too-large"), (" is older than ", "clock"), (" lies in the future", "clock"),
        ("adapter ", "adapter"),
    )  # fmt: skip
    return next((kind for words, kind in kinds if words in reason), "invalid")
