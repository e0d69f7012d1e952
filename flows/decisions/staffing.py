"""How many tills and associates a quarter-hour needs."""

from collections.abc import Mapping, Sequence
from math import ceil, inf
from typing import NamedTuple

MOST = 500  # servers tried before a target is called out of reach


class Need(NamedTuple):
    """A number of servers with its working."""

    servers: int
    wait_s: float  # mean wait with so many
    load: float  # a = λ/μ, in servers
    occupied: float  # ρ = a/c, 0 to 1


def erlang_c(servers: int, load: float) -> float:
    """The chance that a customer has to wait: M/M/c (Erlang 1917), by the stable recursion of Erlang B.

    ``load`` a = λ/μ in servers; 1 if a ≥ c: the queue grows without end.

    >>> round(erlang_c(3, 2.0), 4), erlang_c(2, 2.0), erlang_c(1, 0.0)
    (0.4444, 1.0, 0.0)
    """
    if load <= 0:
        return 0.0
    if servers <= load:
        return 1.0
    blocked = 1.0
    for k in range(1, servers + 1):
        blocked = load * blocked / (k + load * blocked)
    return servers * blocked / (servers - load * (1 - blocked))


def mean_wait_s(servers: int, per_hour: float, service_s: float) -> float:
    """W_q = P_w ÷ (cμ − λ), seconds; infinite where the queue grows.

    >>> round(mean_wait_s(3, 120.0, 60.0), 1)
    26.7
    """
    arrivals = per_hour / 3600
    spare = servers / service_s - arrivals
    return erlang_c(servers, arrivals * service_s) / spare if spare > 0 else inf


def tills_needed(
    per_hour: float, service_s: float, wait_s: float, *, most: int = MOST
) -> Need | None:
    """The fewest tills whose mean wait is at most ``wait_s`` for ``per_hour`` customers.

    ``per_hour`` should be an upper quantile of the forecast (80 % band's high), not its mean: a till too many costs
    an hour's wage, one too few a queue. ``None`` if ``most`` do not reach the target. 0 customers need none.

    >>> tills_needed(120.0, 60.0, 30.0).servers, tills_needed(120.0, 60.0, 6.0).servers
    (3, 4)
    >>> tills_needed(0.0, 60.0, 30.0).servers
    0
    """
    load = per_hour * service_s / 3600
    if load <= 0:
        return Need(0, 0.0, 0.0, 0.0)
    for servers in range(int(load) + 1, most + 1):
        wait = mean_wait_s(servers, per_hour, service_s)
        if wait <= wait_s:
            return Need(servers, wait, load, load / servers)
    return None


def associates_needed(occupancy: float, per_associate: float, least: int = 1) -> int:
    """Associates on the sales floor for ``occupancy`` people inside, at most ``per_associate`` (STAR) each.

    >>> associates_needed(35, 12), associates_needed(0, 12)
    (3, 1)
    """
    return max(least, ceil(occupancy / per_associate - 1e-9))


def power_hours(by_hour: Mapping[int, float], hours: int = 20) -> set[int]:
    """The ``hours`` busiest hours of a week, by hour of the week.

    >>> sorted(power_hours({0: 1.0, 1: 9.0, 2: 5.0}, hours=2))
    [1, 2]
    """
    return set(sorted(by_hour, key=lambda h: (-by_hour[h], h))[:hours])


def last_chance(
    needed: Sequence[int], scheduled: Sequence[int], lead_slots: int
) -> tuple[int, int] | None:
    """The first slot short of staff and the slot by which a call still helps; ``None`` if nothing is short.

    A slot nearer than ``lead_slots`` gives a deadline in the past (negative): it is already too late to act for it.

    >>> last_chance([2, 2, 4, 4], [3, 3, 3, 3], 1)
    (2, 1)
    """
    for slot, (need, have) in enumerate(zip(needed, scheduled, strict=True)):
        if need > have:
            return slot, slot - lead_slots
    return None
