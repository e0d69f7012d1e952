"""What a row of ``bench.floor`` prints: what it took, and a digest of what it counted. Standard library only."""

import hashlib
import json
import resource
import time
from collections.abc import Callable

Counts = dict[tuple[str, str, int], list[int]]
"""In, out, tickets, money by store, door (empty: the store) and minute since 1970."""


def digest(counts: Counts) -> str:
    """The same for rows that counted the same in every quarter-hour."""
    quarters: Counts = {}
    for (store, door, minute), numbers in counts.items():
        known = quarters.setdefault((store, door, minute - minute % 15), [0, 0, 0, 0])
        known[:] = [a + b for a, b in zip(known, numbers, strict=True)]
    kept = sorted((*pane, *numbers) for pane, numbers in quarters.items() if any(numbers))
    return hashlib.sha256(json.dumps(kept).encode()).hexdigest()[:16]


def timed(work: Callable[[], Counts | None]) -> tuple[Counts | None, dict[str, float]]:
    """What it counted, and the CPU (all threads) and wall seconds it took."""
    cpu_since, wall_since = time.process_time(), time.perf_counter()
    counts = work()
    return counts, {
        "cpu_s": time.process_time() - cpu_since,
        "wall_s": time.perf_counter() - wall_since,
    }


def report(counts: Counts | None, **spent: float) -> None:
    """Print it as one line of JSON."""
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(
        json.dumps(
            {**spent, "peak_mb": peak_mb, "digest": None if counts is None else digest(counts)}
        )
    )
