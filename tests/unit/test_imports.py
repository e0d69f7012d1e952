"""Tables as events through declared mappings."""

from pathlib import Path

import pytest

from floorcast.imports.events import import_table
from floorcast.imports.mapping import MappingError, load_mapping, mapping_names
from sensors.events import Footfall, Pos

MINE = """
about = "three columns"
tick_s = 60
[at]
columns = ["when"]
format = "%Y-%m-%d %H:%M"
[store]
id = "mine"
name = { en = "Mine", zh = "我的" }
timezone = "Asia/Shanghai"
capacity = 10
hours = []
doors = [{ id = "d", name = { en = "Door", zh = "门" } }]
[[events]]
kind = "footfall"
when = { way = "in*" }
take = { entered = "people" }
fix = { door = "d" }
[[accounts]]
name = "without people"
when = { people = "" }
leave_out = true
"""


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    (tmp_path / "mine.toml").write_text(MINE)
    return tmp_path / "mine.toml"


def table(folder: Path, *rows: str) -> Path:
    path = folder / "table.csv"
    path.write_text("\n".join(("when,way,people", *rows)) + "\n")
    return path


def test_rows_become_events_in_time_order_and_every_row_is_accounted_for(
    tmp_path: Path, mine: Path
) -> None:
    """Rows are typed, put in UTC and sorted; what is left out or not taken is counted."""
    rows = (
        "2026-01-02 10:00,inward,3",
        "2026-01-01 09:30,in,2",
        "2026-01-01 09:00,out,2",
        "2026-01-01 09:00,in,",
    )
    made = import_table(table(tmp_path, *rows), load_mapping(str(mine)))
    assert made.accounts == {"rows": 4, "without people": 1, "events": 2, "rows no rule takes": 1}
    first, second = made.events
    assert isinstance(first, Footfall)
    assert isinstance(second, Footfall)
    assert (first.entered, second.entered) == (2, 3)
    assert first.at.isoformat() == "2026-01-01T01:30:00+00:00"


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("2026-01-01 09:00,in,-1", "row 1"),
        ("yesterday,in,1", "yesterday"),
        ("2026-01-01 09:00,in,many", "row 1"),
    ],
)
def test_a_cell_that_does_not_fit_is_told(
    tmp_path: Path, mine: Path, row: str, reason: str
) -> None:
    """A value outside the contract or a time in another format is refused with its place."""
    with pytest.raises(MappingError, match=reason):
        import_table(table(tmp_path, row), load_mapping(str(mine)))


def test_the_wrong_mapping_is_told_by_its_missing_columns(tmp_path: Path) -> None:
    """A table without the declared columns is refused with their names."""
    with pytest.raises(MappingError, match="has no column Date, Item, Time, Transaction"):
        import_table(table(tmp_path), load_mapping("bakery"))


def test_a_mistake_in_a_mapping_is_told_with_its_path(tmp_path: Path) -> None:
    """An unknown key in a mapping is refused with the file and the key; an unknown name with those there are."""
    (tmp_path / "bad.toml").write_text(MINE.replace("tick_s", "tock_s"))
    with pytest.raises(MappingError, match=r"bad[.]toml.*tock_s"):
        load_mapping(str(tmp_path / "bad.toml"))
    with pytest.raises(MappingError, match="bakery, calit2"):
        load_mapping("nothing")


@pytest.mark.parametrize("name", mapping_names())
def test_every_mapping_that_comes_along_is_sound(name: str) -> None:
    """Each shipped mapping loads and names a real time zone."""
    assert load_mapping(name).store.tz


@pytest.mark.data
def test_calit2_gives_the_published_totals(real_data: Path) -> None:
    """19,597 people in and 18,837 out, of every row."""
    made = import_table(real_data / "calit2" / "CalIt2.data", load_mapping("calit2"))
    counts = [event for event in made.events if isinstance(event, Footfall)]
    assert (sum(e.entered for e in counts), sum(e.left for e in counts)) == (19_597, 18_837)
    assert made.accounts == {"rows": 10_080, "events": 10_080, "rows no rule takes": 0}


@pytest.mark.data
def test_bakery_gives_the_published_totals(real_data: Path) -> None:
    """9,531 tickets of 21,293 lines, 786 of them without an item, over 159 days."""
    mapping = load_mapping("bakery")
    made = import_table(real_data / "bakery" / "BreadBasket_DMS.csv", mapping)
    assert made.accounts == {"rows": 21_293, "lines without an item": 786, "events": 9_531}
    assert len({event.at.astimezone(mapping.store.tz).date() for event in made.events}) == 159


@pytest.mark.data
def test_online_retail_gives_the_published_totals(real_data: Path) -> None:
    """Cancellations, lines without a customer and repeats are as published, and every kept line is on a ticket."""
    made = import_table(
        real_data / "online_retail" / "online_retail.csv.xz", load_mapping("online_retail")
    )
    assert made.accounts == {
        "rows": 1_067_371,
        "cancellation lines": 19_494,
        "lines without a customer": 243_007,
        "repeated lines": 34_335,
        "bad debt adjustments": 6,
        "events": 53_622,
    }
    tickets = [event for event in made.events if isinstance(event, Pos)]
    assert sum(len(ticket.lines) for ticket in tickets) == 1_067_371 - 6
    assert sum(len(t.lines) for t in tickets if t.nature == "return") == 19_494


@pytest.mark.data
def test_complete_journey_gives_the_published_totals(real_data: Path) -> None:
    """Every one of 1,469,307 lines is on a basket of one of 2,469 households in 457 stores."""
    path = real_data / "complete_journey" / "transactions.parquet"
    made = import_table(path, load_mapping("complete_journey"))
    baskets = [event for event in made.events if isinstance(event, Pos)]
    assert sum(len(basket.lines) for basket in baskets) == made.accounts["rows"] == 1_469_307
    assert len({basket.member for basket in baskets}) == 2_469
    assert len(made.stores) == len({basket.store for basket in baskets}) == 457
