"""Weather files become plans, whatever is missing in them; a file that is none says which row."""

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest

from floorcast.errors import FloorcastError
from floorcast.weather import plans, spells

SHOP = timezone(timedelta(hours=8))
NOW = datetime(2026, 11, 22, 6, tzinfo=UTC)


def _told(content: str, name: str = "w.csv") -> list[tuple[str, str, float | None]]:
    told = plans(spells(content.encode(), name, SHOP), "s1", NOW)
    return [(plan.starts_at.isoformat(), plan.subject, plan.value) for plan in told]


def test_a_table_by_day_is_rain_in_cm_and_degrees_in_the_shops_own_days() -> None:
    """Days without an offset are the shop's; a blank is not said."""
    table = "date,rain_mm,temperature_c\n2026-11-23,4.5,\n2026-11-24,,11\n"
    assert _told(table) == [
        ("2026-11-23T00:00:00+08:00", "", 0.45),
        ("2026-11-24T00:00:00+08:00", "temperature", 11.0),
    ]


def test_hours_count_as_a_day_at_their_rate_and_offsets_hold() -> None:
    """Two millimetres in an hour are 4.8 cm a day; an instant with an offset stays that instant."""
    assert _told("starts,rain_mm\n2026-11-23T09:00:00Z,2\n") == [
        ("2026-11-23T09:00:00+00:00", "", 4.8)
    ]


@pytest.mark.parametrize("wrap", ["daily", "rows"])
def test_json_is_read_as_columns_or_rows(wrap: str) -> None:
    """What open-meteo answers and a list of rows say the same; null is not said."""
    columns = {"time": ["2026-11-23", "2026-11-24"], "precipitation_sum": [1.0, None]}
    rows = [
        {"time": "2026-11-23", "precipitation_sum": 1.0},
        {"time": "2026-11-24", "precipitation_sum": None},
    ]
    content = json.dumps({"daily": columns} if wrap == "daily" else rows)
    assert _told(content, "w.json") == [("2026-11-23T00:00:00+08:00", "", 0.1)]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("date,rain_mm\n2026-13-01,1\n", "row 1: month must be"),
        ("date,rain_mm\n2026-11-01,wet\n", "row 1: could not convert"),
        ("a,b\n1,2\n", "row 1: no starts, date, time"),
        ("date,rain_mm\n2026-11-01,\n", "no weather in it"),
        ("starts,ends,rain_mm\n2026-11-02,2026-11-01,1\n", "before it starts"),
    ],
)
def test_a_file_that_is_no_weather_says_where(content: str, said: str) -> None:
    """The mistake is one line with the row."""
    with pytest.raises(FloorcastError, match=said):
        _told(content)


def test_told_again_it_is_another_word() -> None:
    """A newer file's word on the same stretch has an id of its own, so that it is not taken for the old one."""
    table = spells(b"date,rain_mm\n2026-11-23,4\n", "w.csv", SHOP)
    ids = {plan.id for later in range(2) for plan in plans(table, "s1", NOW + later * timedelta(hours=6))}  # fmt: skip
    assert len(ids) == 2
