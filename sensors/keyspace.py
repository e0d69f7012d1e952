"""Every Redis name this package writes, its type and lifetime.

Keys carry the partition as a Redis Cluster hash tag, so that one partition's keys live on one node.

| key | type | holds | lifetime |
|---|---|---|---|
| ``log:{p}`` | stream | the event log of partition p | ``sensors.log.retention_h`` |
| ``dead:{p}`` | stream | rejects: reason, topic, bytes but no people | ``sensors.log.dead_letters`` entries |
| ``device:{p}`` | hash | last word of each device of the partition's stores | kept |
| ``memory:{p}`` | hash | what adapters keep between messages, by topic filter, adapter and entry | kept |
| ``claim:{group}`` | string | which ingest of a shared group hears the devices that one has to hear | seconds |
| ``committed:log:{p}`` | hash | how far each consumer of the stream has surely come; retention stops there | kept |
"""

from zlib import crc32


def partition_of(store: str, partitions: int) -> int:
    """The partition a store lives on: a stable hash, the same in every process and release.

    >>> partition_of("riverside", 16)
    3
    """
    return crc32(store.encode()) % partitions


def log_key(partition: int) -> str:
    """The event log of one partition."""
    return f"log:{{{partition}}}"


def dead_key(partition: int) -> str:
    """The dead letters of one partition; a reject without a known store goes to partition 0."""
    return f"dead:{{{partition}}}"


def device_key(partition: int) -> str:
    """What was last heard from each device, by ``store/source``."""
    return f"device:{{{partition}}}"


def memory_key(partition: int) -> str:
    """What adapters keep of their devices between messages."""
    return f"memory:{{{partition}}}"


def claim_key(group: str) -> str:
    """Which ingest of a shared group hears the devices whose messages explain one another."""
    return f"claim:{group}"


def committed_key(stream: str) -> str:
    """How far each consumer of a stream has surely come, by the consumer's name.

    >>> committed_key(log_key(3))
    'committed:log:{3}'
    """
    return f"committed:{stream}"
