"""What the history and chain processes count, for their metrics pages; Prometheus names, each once."""

from typing import Literal

from prometheus_client import Counter, Gauge, Histogram

Name = Literal[
    "floorcast_history_entries",
    "floorcast_history_files_written",
    "floorcast_history_files_deleted",
    "floorcast_history_staged_rows",
    "floorcast_history_newest_timestamp_seconds",
    "floorcast_history_write_seconds",
    "floorcast_chain_words",
    "floorcast_chain_newest_timestamp_seconds",
    "floorcast_chain_seconds",
]


def _counter(name: Name, what: str) -> Counter:
    return Counter(name, what)


def _gauge(name: Name, what: str, *labels: str) -> Gauge:
    return Gauge(name, what, labels)


def _histogram(name: Name, what: str, buckets: tuple[float, ...]) -> Histogram:
    return Histogram(name, what, buckets=buckets)


ENTRIES = _counter("floorcast_history_entries", "Entries of the fact streams read.")
WRITTEN = _counter("floorcast_history_files_written", "Parquet files written or rewritten.")
DELETED = _counter("floorcast_history_files_deleted", "Files that retention has deleted.")
STAGED = _gauge("floorcast_history_staged_rows", "Final rows whose day is not over yet.")
NEWEST = _gauge(
    "floorcast_history_newest_timestamp_seconds",
    "Log time reached, by partition; time() less this is the lag.",
    "partition",
)
WRITE_S = _histogram(
    "floorcast_history_write_seconds",
    "Writing the files of one store and day.",
    (0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 2.0),
)
WORDS = _counter("floorcast_chain_words", "Words told to stores about each other.")
WORDS_AT = _gauge(
    "floorcast_chain_newest_timestamp_seconds", "Log time that the last words were about."
)
WORDS_S = _histogram(
    "floorcast_chain_seconds",
    "Reading every store and telling what is new.",
    (0.01, 0.05, 0.1, 0.5, 2.0, 10.0, 60.0),
)
