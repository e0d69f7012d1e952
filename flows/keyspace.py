"""Every Redis name this package writes, its type and lifetime.

| key | type | holds | lifetime |
|---|---|---|---|
| ``facts:{p}`` | stream | newline-joined ``FactBatch`` JSON, for the alert dataflow | ``flows.facts_retention_h`` |
| ``latest:{p}:<store>`` | hash | newest fact by ``metric|subject|window`` (trailing windows, levels) | kept |
| ``series:{p}:<store>:<day>`` | hash | aligned windows by ``metric|subject|window|start`` | ``series_days`` |
| ``clock:{p}:<store>`` | hash | ``at``, ``position`` of the newest batch, written with its facts | kept |
| ``through:{p}`` | string | log time of the newest entry the floor took, at most twice a second | kept |
| ``changed:{p}`` | channel | store ids whose facts or incidents changed | – |
"""

from datetime import date


def facts_key(partition: int) -> str:
    """The stream of fact batches of one partition."""
    return f"facts:{{{partition}}}"


def latest_key(partition: int, store: str) -> str:
    """The newest fact of each trailing window and level of a store."""
    return f"latest:{{{partition}}}:{store}"


def series_key(partition: int, store: str, day: date) -> str:
    """The facts of a business day's aligned windows."""
    return f"series:{{{partition}}}:{store}:{day.isoformat()}"


def clock_key(partition: int, store: str) -> str:
    """The newest batch written for a store."""
    return f"clock:{{{partition}}}:{store}"


def through_key(partition: int) -> str:
    """How far the floor has come in a partition, whether or not a store of it has news."""
    return f"through:{{{partition}}}"


def changed_channel(partition: int) -> str:
    """Where screens hear which store to read again; a hint only, the hashes are the truth."""
    return f"changed:{{{partition}}}"
