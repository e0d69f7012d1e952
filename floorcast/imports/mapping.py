"""What a mapping may declare: which columns of somebody's table mean what in the event contract. Data, not code."""

import tomllib
from collections.abc import Mapping as Dict
from pathlib import Path
from typing import Literal

import msgspec

from floorcast.errors import FloorcastError
from floorcast.settings import explain
from sensors.settings import Positive, PositiveInt, Store, Table

HERE = Path(__file__).parent


class MappingError(FloorcastError):
    """A mapping that is missing or cannot be used, or a table that does not fit it."""


When = Dict[str, str]
"""Conditions on a row, all of which must hold: column → shell pattern; ``""`` means that the cell is empty."""


class At(Table, kw_only=True, frozen=True):
    """When a row happened, in the store's local time.

    Attributes:
        columns: their cells, joined by a blank, are read with ``format`` (strptime); a parquet timestamp needs none.
        shift_s: added to it, e.g. the interval's length where the cell names its start.
    """

    columns: list[str]
    format: str = ""
    shift_s: float = 0.0


class RowEvent(Table, kw_only=True, frozen=True):
    """Each row that satisfies ``when`` is one event of ``kind``.

    Attributes:
        take: field of the event → column; ``fix``: field → the same value for every row.
    """

    kind: str
    when: When = {}
    take: dict[str, str] = {}
    fix: dict[str, str | int | float | bool] = {}


class Tickets(Table, kw_only=True, frozen=True):
    """Rows are ticket lines; those with the same ``number`` are one ticket, at the time of its first row.

    Attributes:
        number, sku, units, member: columns; without ``units`` each row is one.
        price, net: column with the price of one unit, or with the line's money; in the currency's major unit.
        minor_per_major: minor units in a major one.
        returns: rows of tickets that bring goods back.
        till: the till they all are booked on.
    """

    number: str
    sku: str
    units: str = ""
    price: str = ""
    net: str = ""
    member: str = ""
    minor_per_major: PositiveInt = 100
    returns: When = {}
    till: str = "1"


class Account(Table, kw_only=True, frozen=True):
    """A count of rows that the import reports; ``leave_out``: those rows become no event."""

    name: str
    when: When = {}
    repeated: bool = False  # rows equal to an earlier one in every column
    leave_out: bool = False


class Mapping(Table, kw_only=True, frozen=True):
    """One table as events.

    Attributes:
        about: what it is, whose, and under which terms.
        format: csv (plain, .gz, .xz or .zst) or parquet.
        columns: names, where the file has no header line.
        store: the shop it comes from; ``store_column``: where a table holds many, its cell is appended to the id.
        tick_s: time between the ticks of the log that is made of it.
    """

    about: str
    format: Literal["csv", "parquet"] = "csv"
    columns: list[str] = []
    at: At
    store: Store
    store_column: str = ""
    tick_s: Positive = 900.0
    events: list[RowEvent] = []
    tickets: Tickets | None = None
    accounts: list[Account] = []


def mapping_names() -> list[str]:
    """The mappings that come with Floorcast."""
    return sorted(path.stem for path in HERE.glob("*.toml"))


def load_mapping(name: str) -> Mapping:
    """A mapping by its name, or from a file of your own; raises ``MappingError``."""
    path = Path(name) if name.endswith(".toml") else HERE / f"{name}.toml"
    if not path.is_file():
        raise MappingError(
            f"no mapping {name}: give one of {', '.join(mapping_names())} or a .toml file"
        )
    try:
        mapping = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), Mapping)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise MappingError(f"{path}: {explain(str(error))}") from None
    if not mapping.events and not mapping.tickets:
        raise MappingError(f"{path}: declares neither [[events]] nor [tickets]")
    return mapping
