"""Ends the process groups of a supervisor that vanished: the last of them, when even ``kill -9`` must leave nothing.

Reads ``+<group>`` and ``-<group>`` lines from stdin. When that closes, the supervisor is gone: every group that is
still there is asked to end, and after ``GRACE_S`` made to. Runs in a session of its own.
"""

import os
import signal
import sys
import time
from collections.abc import Iterable

GRACE_S = 4.0


def follow(lines: Iterable[str]) -> set[int]:
    """The groups left when the lines end.

    >>> sorted(follow(["+10", "+11", "-10"]))
    [11]
    """
    groups: set[int] = set()
    for line in lines:
        sign, group = line[:1], int(line[1:])
        (groups.add if sign == "+" else groups.discard)(group)
    return groups


def signal_group(group: int, number: signal.Signals) -> bool:
    """Signal a process group; whether there was one."""
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return False
    return True


def group_lives(group: int) -> bool:
    """Whether any process of the group is left."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def end(groups: set[int]) -> None:
    """Ask the groups to end, wait, then make them."""
    for group in groups:
        signal_group(group, signal.SIGTERM)
    deadline = time.monotonic() + GRACE_S
    while any(map(group_lives, groups)) and time.monotonic() < deadline:
        time.sleep(0.05)
    for group in groups:
        signal_group(group, signal.SIGKILL)


def main() -> None:
    """Wait for the supervisor to go, then clean up behind it."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    end(follow(sys.stdin))


if __name__ == "__main__":
    main()
