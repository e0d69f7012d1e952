"""What a check of ``floorcast doctor`` found."""

from typing import Literal, NamedTuple

Level = Literal["ok", "note", "wrong"]


class Finding(NamedTuple):
    """What a check found.

    Attributes:
        level: ``wrong`` needs something done now, ``note`` soon.
        todo: what to do; empty when it is ``ok``.
    """

    check: str
    level: Level
    found: str
    todo: str = ""
