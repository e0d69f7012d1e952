"""Orders placed elsewhere and handed over here (BOPIS, delivery): demand, work that waits, and how fast it is done."""

from collections.abc import Iterator

from flows.facts import Evidence, Window
from flows.measure import Measure, Reading, View, ratio
from flows.profile import minute_of
from flows.tallies.orders import OrderTally, WaitingOrders

_HOUR_DAY: tuple[Window, ...] = ("60m", "day")


def _by_channel(view: View) -> Iterator[tuple[str, OrderTally]]:
    yield "", view.total(OrderTally)
    for channel, tally in view.of(OrderTally).items():
        yield f"channel:{channel}", tally


def placed(view: View) -> Iterator[Reading]:
    """Orders placed in the window, cancelled ones left out; ``detail.units`` what they ask for."""
    if view.of(OrderTally):
        for subject, tally in _by_channel(view):
            yield Reading(tally.placed, subject, detail={"units": tally.units})


def response(view: View) -> Iterator[Reading]:
    """Mean seconds from an order's announcement to its handing over, of those handed over in the window."""
    if view.of(OrderTally):
        for subject, tally in _by_channel(view):
            value = ratio(tally.wait_ms / 1000, tally.handed)
            yield Reading(value, subject, Evidence(n=tally.handed))


def waiting(view: View) -> Iterator[Reading]:
    """Orders not handed over yet, with their units and how many whole minutes the oldest has waited."""
    known = view.of(WaitingOrders)
    rows = {channel: level.rows() for channel, level in known.items()}
    every = sorted(row for some in rows.values() for row in some)
    for subject, some in (("", every), *((f"channel:{name}", r) for name, r in rows.items())):
        oldest = minute_of(view.at) - int(some[0][0] // 60) if some else None
        yield Reading(
            len(some), subject, detail={"units": sum(units for _, units in some), "oldest_min": oldest}
        )  # fmt: skip


MEASURES = (
    Measure("orders", "transactions", (OrderTally,), placed, _HOUR_DAY, cadence=5, steady=True),
    Measure(
        "order_response", "seconds", (OrderTally,), response, _HOUR_DAY, cadence=5, steady=True
    ),
    Measure("orders_waiting", "transactions", (WaitingOrders,), waiting, ("now",), cadence=1),
)
