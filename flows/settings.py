"""The ``[flows]`` table: windows, lateness, deduplication, benchmarks."""

from datetime import date, datetime
from typing import Annotated, Literal

from msgspec import Meta

from sensors.settings import Positive, PositiveInt, Table

Ratio = Annotated[float, Meta(gt=0, le=10)]


class Benchmark(Table, kw_only=True, frozen=True):
    """What is normal until the shop's own history says so; defaults are the trade press's figures.

    Attributes:
        conversion: transactions ÷ visitors; ``conversion_low`` and ``_high`` its usual band.
        atv_minor: net sales ÷ transactions.
    """

    conversion: Ratio = 0.15
    conversion_low: Ratio = 0.12
    conversion_high: Ratio = 0.18
    atv_minor: PositiveInt = 10_250
    atv_low_minor: PositiveInt = 8_500
    atv_high_minor: PositiveInt = 12_000
    queue_wait_s: Positive = 180.0


class Lateness(Table, kw_only=True, frozen=True):
    """How late devices may be: a window is settling until then, final after it."""

    settle_s: Positive = 120.0
    sensor_silent_s: Positive = 900.0  # an active sensor unheard this long holds no watermark back


class CalendarSettings(Table, kw_only=True, frozen=True):
    """``[flows.calendar.<country>]``: corrections to the public holidays, by day.

    Attributes:
        holidays: days off the library does not know; ``workdays``: days it wrongly has off (make-up workdays).
        school_breaks: first and last day of each.
    """

    holidays: list[date] = []
    workdays: list[date] = []
    school_breaks: list[tuple[date, date]] = []


class PlannedEvent(Table, kw_only=True, frozen=True):
    """``[[flows.plans]]``: what is known to come, as a ``plan`` message would say it, known from the start.

    Attributes:
        value: its strength: 1 is a usual promotion; rain in cm a day; temperature (``subject``) in °C.
        subject: ``sku:…`` or ``category:…`` of a promotion that is not the whole store's.
        stores: whom it concerns; empty: all.
    """

    about: Literal["promotion", "event", "closure", "weather", "heat", "delivery"]
    starts_at: Annotated[datetime, Meta(tz=True)]
    ends_at: Annotated[datetime, Meta(tz=True)]
    value: float = 1.0
    subject: str = ""
    note: str = ""
    stores: list[str] = []


class Decisions(Table, kw_only=True, frozen=True):
    """``[flows.decisions]``: what proposals for staff and stock are held to.

    Attributes:
        service_level: chance of not running out until the next order arrives; of a product with a cost the
            newsvendor's own (margin lost against money tied up), never below it.
        review_days: between two orders. ``budget_minor``: money for one restock list; 0: no limit.
        call_lead_min: from calling an associate (or opening a till) to their being on the floor.
    """

    service_level: Annotated[float, Meta(ge=0.5, lt=1)] = 0.9
    review_days: Positive = 1.0
    budget_minor: Annotated[int, Meta(ge=0)] = 0
    call_lead_min: PositiveInt = 45


class Associate(Table, kw_only=True, frozen=True):
    """``[[flows.staff.<store>]]``: who can be rostered: contract hours a week; ``days`` empty: any day."""

    name: str
    hours: PositiveInt
    days: list[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]] = []


class FlowsSettings(Table, kw_only=True, frozen=True):
    """``[flows]``."""

    publish_s: Positive = 1.0  # at most one publication per store in this time
    dedup_horizon_h: Positive = 24.0
    dedup_ids: PositiveInt = (
        20_000  # ids a store holds at most before the hour's own (and as many of those)
    )
    pane_hours: PositiveInt = 48
    star_target: Positive = 15.0  # visitors an associate can serve in an hour
    facts_retention_h: Positive = 48.0
    series_days: PositiveInt = 35
    evidence_level: Annotated[float, Meta(gt=0.5, lt=1)] = 0.95  # of the intervals shown
    snapshot_s: Positive = 2.0  # of the recovery store
    recovery_dir: str = ".floorcast/recovery"
    lateness: Lateness = Lateness()
    benchmark: Benchmark = Benchmark()
    benchmarks: dict[str, Benchmark] = {}  # by store id; instead of ``benchmark``
    calendar: dict[str, CalendarSettings] = {}  # by country: corrections to its public holidays
    plans: list[PlannedEvent] = []
    decisions: Decisions = Decisions()
    staff: dict[str, list[Associate]] = {}  # by store

    def benchmark_of(self, store: str) -> Benchmark:
        """The benchmark profile of a store."""
        return self.benchmarks.get(store, self.benchmark)
