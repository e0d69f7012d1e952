"""Laws of opening hours and evidence."""

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.evidence import still_needed, wilson
from alerts.hours import open_for_s
from tests.scenario import EVERY_DAY, shop

unhurried = settings(deadline=None)
INSTANTS = st.datetimes(
    datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC)  # noqa: DTZ001 - given a zone here
)  # fmt: skip


@unhurried
@given(INSTANTS, st.times(), st.times())
def test_open_time_grows_second_by_second(at: datetime, opens: object, closes: object) -> None:
    """Open for s now means closed, or open for s + 1, a second later; never open longer than a day."""
    hours = {"days": EVERY_DAY, "opens": opens, "closes": closes}
    store = shop(hours=[hours])
    now, later = open_for_s(store, at), open_for_s(store, at + timedelta(seconds=1))
    if now is not None:
        assert 0 <= now < 86_400
        assert later is None or later < 1 or abs(later - now - 1) < 1e-6


@unhurried
@given(st.integers(1, 500), st.data(), st.floats(0.02, 0.98))
def test_needed_evidence_is_enough_and_just(n: int, data: st.DataObject, threshold: float) -> None:
    """With as much more evidence as is said, at the same rate, the bound passes the threshold; before, it does not."""
    k = data.draw(st.integers(0, n))
    rate = k / n
    needed = still_needed(k, n, threshold, 0.9)
    if needed is None or needed > 10**7 or abs(rate - threshold) < 1e-6:
        return
    low, high = wilson(k, n, 0.9)
    beyond = high < threshold if rate < threshold else low > threshold
    assert beyond == (needed == 0) or abs((high if rate < threshold else low) - threshold) < 1e-9
    grown = n + needed + 1
    low, high = wilson(rate * grown, grown, 0.9)
    assert high < threshold if rate < threshold else low > threshold
