"""CONTRACT: by how much a door's counts are to be corrected, as a hand count has left it in the log.

A correction travels as a ``setting`` command whose target is ``correction/<door>/<in|out>`` and whose note is the
``Correction`` as JSON. It stands in the log, so that a replay applies it from the same place on.
"""

from typing import Literal, NamedTuple

import msgspec
from msgspec import Struct

from sensors.events import Command

Direction = Literal["in", "out"]
LEVEL = 0.95  # of the interval, where it is not told
TARGET = "correction"


class Correction(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """What an audit leaves in the log, as the note of a ``setting`` command.

    Attributes:
        factor: by which the door's counts in this direction are multiplied from then on; 1 takes a correction back.
        low, high: its interval at ``level``.
        by_hand, by_sensor, minutes: what it was found from.
    """

    factor: float
    low: float
    high: float | None
    by_hand: int
    by_sensor: int
    minutes: float
    level: float = LEVEL

    @property
    def words(self) -> str:
        """The factor with its interval.

        >>> Correction(factor=1.08, low=1.02, high=1.15, by_hand=540, by_sensor=500, minutes=60).words
        '× 1.08 (1.02–1.15)'
        """
        return f"× {self.factor:.2f} ({self.low:.2f}–{'∞' if self.high is None else f'{self.high:.2f}'})"


class Corrected(NamedTuple):
    """A correction and what it is for."""

    door: str
    direction: Direction
    correction: Correction


def target_of(door: str, direction: Direction) -> str:
    """The target of the ``setting`` command that keeps a correction."""
    return f"{TARGET}/{door}/{direction}"


def parse_setting(command: Command) -> Corrected | None:
    """The correction of a command; ``None`` for any other command and for one that is not well formed."""
    parts = command.target.split("/")
    if command.action != "setting" or len(parts) != 3 or parts[0] != TARGET:
        return None
    if parts[2] not in {"in", "out"}:
        return None
    try:
        correction = msgspec.json.decode(command.note, type=Correction)
    except msgspec.MsgspecError:
        return None
    if not 0 < correction.factor <= 100:
        return None
    return Corrected(parts[1], "in" if parts[2] == "in" else "out", correction)
