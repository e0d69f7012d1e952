"""Net sales, transactions and people who join the line, to come; by hours, for quarter-hours hold too few of them."""

from collections.abc import Callable, Iterator
from functools import partial

from flows.facts import Unit
from flows.measure import Measure, Reading, View
from flows.measures.tills import customers
from flows.outlook import ForecastMemory, Target, learn
from flows.outlook_readings import readings
from flows.tallies.sales import TillTally

HOUR = 60


class SalesMemory(ForecastMemory):
    """The store's net sales."""


class TransactionsMemory(ForecastMemory):
    """The store's transactions."""


class InflowMemory(ForecastMemory):
    """People who join the lines at the tills."""


def net_of(view: View) -> float:
    """Net sales less returns, minor units."""
    tills = view.total(TillTally)
    return float(tills.net_minor - tills.returned_minor)


def transactions_of(view: View) -> float:
    """Completed sales."""
    return float(view.total(TillTally).transactions)


def inflow_of(view: View) -> float:
    """People who reached the tills: served or gave up."""
    return float(customers(view))


SALES = Target("net_sales", SalesMemory, HOUR, net_of)
TRANSACTIONS = Target("transactions", TransactionsMemory, HOUR, transactions_of)
INFLOW = Target("queue_inflow", InflowMemory, HOUR, inflow_of)


def _read(target: Target, digits: int) -> Callable[[View], Iterator[Reading]]:
    """The readings of one target; what it has seen today is its amount over the day's pane."""

    def read(view: View) -> Iterator[Reading]:
        yield from readings(view, target, today, digits=digits)

    def today(view: View) -> float:
        day = View(view.profile, "day", (view.start, view.end), view.today, view.at)
        return max(0.0, target.amount(day))

    return read


def _measure(metric: str, unit: Unit, target: Target, digits: int) -> Measure:
    return Measure(
        metric, unit, (), _read(target, digits), ("now",), cadence=5, quiet=True,
        memory=target.memory, learn=partial(learn, target=target),
    )  # fmt: skip


MEASURES = (
    _measure("net_sales_forecast", "minor", SALES, 0),
    _measure("transactions_forecast", "transactions", TRANSACTIONS, 1),
    _measure("queue_inflow_forecast", "people", INFLOW, 1),
)
