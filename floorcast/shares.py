"""A process's share of the log's partitions, as written on the command line."""

from floorcast.errors import FloorcastError


def share_of(text: str, partitions: int) -> list[int]:
    """The partitions named by ``0-7`` or ``0,3,5``; all of them by an empty text.

    >>> share_of("0-2,5", 16), len(share_of("", 16))
    ([0, 1, 2, 5], 16)

    Raises:
        FloorcastError: it is not written so, or a partition does not exist.
    """
    if not text:
        return list(range(partitions))
    share: set[int] = set()
    for part in text.split(","):
        first, dash, last = part.partition("-")
        try:
            share.update(range(int(first), int(last if dash else first) + 1))
        except ValueError:
            raise FloorcastError(f"--partitions {text}: write it like 0-7 or 0,3,5") from None
    if not share or min(share) < 0 or max(share) >= partitions:
        raise FloorcastError(f"--partitions {text}: the log has partitions 0 to {partitions - 1}")
    return sorted(share)
