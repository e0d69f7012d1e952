"""Of which time ``explain`` shows the raw events."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from floorcast.behind import kinds_of
from floorcast.explanation import window_of
from flows.facts import Fact

NOW = datetime(2026, 11, 20, 9, 48, tzinfo=UTC)
LEVEL = Fact(
    store="riverside", metric="conversion_evidence", window="now", start=NOW, end=NOW + timedelta(minutes=1),
    value=5.7, unit="score", as_of=NOW,
)  # fmt: skip


@pytest.mark.parametrize(
    ("since_min", "shown_min"), [(None, 30), (60, 60), (240, 240), (60 * 24 * 9, 30)]
)
def test_a_level_is_shown_since_when_it_says(since_min: int | None, shown_min: int) -> None:
    """Without a word of it the last half hour, and no days of a state that lasts."""
    since = {"since": (NOW - timedelta(minutes=since_min)).isoformat()} if since_min else {}
    fact = msgspec.structs.replace(LEVEL, detail=since)
    assert window_of(fact) == (NOW - timedelta(minutes=shown_min), NOW)


@pytest.mark.parametrize(
    ("metric", "kinds"),
    [
        ("conversion_evidence", {"footfall", "pos"}),
        ("unusual_traffic", {"footfall"}),
        ("plan_ahead", {"plan"}),
    ],
)
def test_what_an_alert_rests_on_has_raw_events(metric: str, kinds: set[str]) -> None:
    """Measures read by the clock name the tallies behind them, too."""
    assert set(kinds_of(metric)) == kinds
