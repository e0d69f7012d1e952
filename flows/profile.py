"""A store as the floor dataflow needs it: its business days, opening minutes, ranges and benchmark."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from statistics import NormalDist

from flows.forecasting.calendar import ShopCalendar
from flows.settings import Benchmark, FlowsSettings
from sensors.keyspace import partition_of
from sensors.settings import Hours, Product, SensorsSettings, Store, Text

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MINUTE_S = 60


def minute_of(at: datetime) -> int:
    """Whole minutes since 1970 UTC.

    >>> minute_of(datetime(1970, 1, 1, 0, 1, 59, tzinfo=UTC))
    1
    """
    return int(at.timestamp() // MINUTE_S)


@lru_cache(16_384)  # the same few windows begin and end thousands of facts
def instant_of(minute: int) -> datetime:
    """The start of a minute.

    >>> instant_of(1).isoformat()
    '1970-01-01T00:01:00+00:00'
    """
    return datetime.fromtimestamp(minute * MINUTE_S, UTC)


class Profile:
    """What is configured of one store, with its calendar in its own time zone."""

    def __init__(self, store: Store, settings: FlowsSettings, sensors: SensorsSettings) -> None:
        self.store = store
        self.id = store.id
        self.partition = partition_of(store.id, sensors.log.partitions)
        self.settings = settings
        self.benchmark: Benchmark = settings.benchmark_of(store.id)
        self.z = NormalDist().inv_cdf(0.5 + settings.evidence_level / 2)
        self.products: dict[str, Product] = {
            product.sku: product for product in sensors.ranges.get(store.range, [])
        }
        self.doors = [door.id for door in store.doors]
        self.zones = {zone.id: zone for zone in store.zones}
        self._tz = store.tz
        self._bounds = lru_cache(maxsize=8)(self._bounds_of)
        self._open = lru_cache(maxsize=8)(self._open_of)
        self._date = lru_cache(maxsize=8)(self._date_of)
        self._span: tuple[int, int] = (0, 0)
        self.calendar = ShopCalendar(store.country, settings.calendar.get(store.country))

    def day_of(self, minute: int) -> tuple[int, int]:
        """First minute of the business day that holds ``minute``, and of the next one; 23 to 25 hours apart."""
        if self._span[0] <= minute < self._span[1]:
            return self._span
        local = instant_of(minute).astimezone(self._tz)
        day = local.date()
        if local.time() < self.store.day_starts:
            day -= timedelta(days=1)
        self._span = self._bounds(day)
        return self._span

    def date_of(self, minute: int) -> date:
        """The business day that holds ``minute``, by the date it begins on."""
        return self._date(self.day_of(minute)[0])

    def _date_of(self, start: int) -> date:
        return instant_of(start).astimezone(self._tz).date()

    def bounds_of(self, day: date) -> tuple[int, int]:
        """First minute of the business day that begins on a date, and of the next one."""
        return self._bounds(day)

    def _bounds_of(self, day: date) -> tuple[int, int]:
        return self._at(day), self._at(day + timedelta(days=1))

    def _at(self, day: date) -> int:
        return minute_of(datetime.combine(day, self.store.day_starts, tzinfo=self._tz))

    def open_minutes(self, minute: int) -> range:
        """The opening minutes of the business day that holds ``minute``; empty on a closed day."""
        return self._open(self.date_of(minute))

    def is_open(self, minute: int) -> bool:
        """Whether the shop is; one without hours always is."""
        return not self.store.hours or minute in self.open_minutes(minute)

    def _open_of(self, day: date) -> range:
        usual = _DAYS[day.weekday()]
        special = "holiday" if self.calendar.is_holiday(day) else usual
        for name in (special, usual):
            for hours in self.store.hours:
                if name in hours.days:
                    return self._opening(day, hours)
        return range(0)

    def _opening(self, day: date, hours: Hours) -> range:
        if hours.opens < self.store.day_starts:
            day += timedelta(days=1)
        until = day + timedelta(days=1) if hours.closes <= hours.opens else day
        return range(
            minute_of(datetime.combine(day, hours.opens, tzinfo=self._tz)),
            minute_of(datetime.combine(until, hours.closes, tzinfo=self._tz)),
        )


def profiles(settings: FlowsSettings, sensors: SensorsSettings) -> "Profiles":
    """Every configured store."""
    return Profiles(settings, sensors)


class Profiles:
    """Profiles by store id; a store that is not configured gets one without doors, on UTC."""

    def __init__(self, settings: FlowsSettings, sensors: SensorsSettings) -> None:
        self._settings, self._sensors = settings, sensors
        self._known = {store.id: store for store in sensors.stores}

    def of(self, store: str) -> Profile:
        """The profile of a store."""
        known = self._known.get(store) or Store(
            id=store, name=Text(en=store, zh=store), timezone="UTC", hours=[], capacity=1, doors=[]
        )
        return Profile(known, self._settings, self._sensors)

    def on(self, partition: int) -> Iterable[str]:
        """The configured stores of one partition."""
        partitions = self._sensors.log.partitions
        return [store for store in self._known if partition_of(store, partitions) == partition]
