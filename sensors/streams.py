"""CONTRACT: positions and entries of the durable, partitioned streams between rooms."""

from datetime import datetime
from typing import NamedTuple, Self


class Position(NamedTuple):
    """Where an entry stands in its partition's stream; ordered as the stream is.

    >>> Position.parse("1700000000000-3") > Position.parse("1700000000000-2")
    True
    >>> str(Position(5, 1))
    '5-1'
    """

    ms: int
    seq: int

    @classmethod
    def parse(cls, text: str | bytes) -> Self:
        """From a Redis stream id; raises ``ValueError`` on anything else."""
        ms, _, seq = (text.decode() if isinstance(text, bytes) else text).partition("-")
        return cls(int(ms), int(seq or 0))

    def __str__(self) -> str:
        return f"{self.ms}-{self.seq}"


START = Position(0, 0)


class Entry(NamedTuple):
    """One entry of the event log: a micro-batch of one partition's events, or a tick.

    Attributes:
        partition: the partition it belongs to.
        position: its place in that partition's stream; in an archive the place it had live.
        received_at: when ingest took it; never decreases within a partition. A tick's only content.
        lines: newline-joined JSON events of the contract; empty for a tick.
    """

    partition: int
    position: Position
    received_at: datetime
    lines: bytes

    @property
    def is_tick(self) -> bool:
        """Whether this is the log saying only that time has passed."""
        return not self.lines
