"""Rows of a declared table → events of the contract, and an account of every row."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import polars as pl

from floorcast.imports.mapping import Mapping, MappingError, RowEvent, Tickets
from floorcast.imports.table import matches, read_table
from sensors.events import AnyEvent, Line, Pos
from sensors.settings import Store


class Imported(NamedTuple):
    """A table as events.

    Attributes:
        told: the events by time, each with an id of its row or ticket, made as they are asked for: a ticket's lines as
            objects take five times the memory of the table.
        stores: every shop the table speaks of.
        accounts: rows by what became of them: all rows, each account the mapping declares, and those no rule took.
    """

    told: Callable[[], Iterator[AnyEvent]]
    stores: list[Store]
    accounts: dict[str, int]

    @property
    def events(self) -> list[AnyEvent]:
        """All of them."""
        return list(self.told())


def import_table(path: Path, mapping: Mapping) -> Imported:
    """Read a whole table through its mapping; raises ``MappingError`` if it does not fit."""
    frame = read_table(path, mapping).with_row_index("__row")
    accounts = {"rows": frame.height}
    for account in mapping.accounts:
        rows = _repeated() if account.repeated else matches(account.when)
        accounts[account.name] = frame.filter(rows).height
        if account.leave_out:
            frame = frame.filter(~rows)
    try:
        told = (
            _tickets(frame, mapping, mapping.tickets) if mapping.tickets else _rows(frame, mapping)
        )
    except (ValueError, pl.exceptions.PolarsError) as error:
        raise MappingError(f"{path}: {error}") from None
    accounts["events"] = told.number
    if not mapping.tickets:
        accounts["rows no rule takes"] = _untaken(frame, mapping)
    return Imported(told.events, _stores(frame, mapping), accounts)


class _Told(NamedTuple):
    """So many events, by time."""

    number: int
    events: Callable[[], Iterator[AnyEvent]]


def _repeated() -> pl.Expr:
    """Rows equal to an earlier one in everything but their number."""
    return ~pl.struct(pl.exclude("__row")).is_first_distinct()


def _untaken(frame: pl.DataFrame, mapping: Mapping) -> int:
    taken = pl.any_horizontal(matches(rule.when) for rule in mapping.events)
    return frame.filter(~taken).height


def _stores(frame: pl.DataFrame, mapping: Mapping) -> list[Store]:
    if not mapping.store_column:
        return [mapping.store]
    cells = frame[mapping.store_column].unique().sort().to_list()
    return [msgspec.structs.replace(mapping.store, id=_store_id(mapping, cell)) for cell in cells]


def _store_id(mapping: Mapping, cell: object) -> str:
    return f"{mapping.store.id}-{cell}" if mapping.store_column else mapping.store.id


def _rows(frame: pl.DataFrame, mapping: Mapping) -> _Told:
    """One event for each row and each rule it satisfies; of one instant those of earlier rules first."""
    events = [
        _event(row, rule, mapping)
        for rule in mapping.events
        for row in frame.filter(matches(rule.when)).iter_rows(named=True)
    ]
    events.sort(key=lambda event: event.at)
    return _Told(len(events), partial(iter, events))


def _event(row: dict[str, Any], rule: RowEvent, mapping: Mapping) -> AnyEvent:
    at = _instant([row[column] for column in mapping.at.columns], mapping)
    store = _store_id(mapping, row.get(mapping.store_column))
    fields = {name: row[column] for name, column in rule.take.items()}
    said = {
        "source": mapping.store.id,
        **rule.fix,
        **fields,
        "kind": rule.kind,
        "at": at,
        "store": store,
    }
    said["id"] = f"{rule.kind}-{row['__row']}"
    try:
        event: AnyEvent = msgspec.convert(said, AnyEvent, strict=False)
    except msgspec.ValidationError as error:
        raise MappingError(f"row {row['__row'] + 1}: {error}") from None
    return event


def _instant(cells: Sequence[object], mapping: Mapping) -> datetime:
    """The row's time in UTC."""
    first = cells[0]
    if not isinstance(first, datetime):
        first = datetime.strptime(" ".join(map(str, cells)), mapping.at.format)  # noqa: DTZ007
    local = first.replace(tzinfo=mapping.store.tz)
    return local.astimezone(UTC) + timedelta(seconds=mapping.at.shift_s)


def _tickets(frame: pl.DataFrame, mapping: Mapping, tickets: Tickets) -> _Told:
    """One ticket for each number, with a line for each of its rows in file order."""
    grouped = _grouped(frame, mapping, tickets)
    cells = grouped.select(f"__at{n}" for n in range(len(mapping.at.columns)))
    rung = pl.Series(
        "__rung", [_instant(row, mapping) for row in cells.iter_rows()], pl.Datetime("us", "UTC")
    )
    by_time = grouped.drop(cells.columns).with_columns(rung).sort("__rung", maintain_order=True)

    def events() -> Iterator[Pos]:
        return (_ticket(row, mapping, tickets) for row in by_time.iter_rows(named=True))

    return _Told(by_time.height, events)


def _grouped(frame: pl.DataFrame, mapping: Mapping, tickets: Tickets) -> pl.DataFrame:
    """A row for each ticket, with lists of its lines' columns."""
    keys = [tickets.number, *([mapping.store_column] if mapping.store_column else [])]
    lines = frame.select(
        *keys,
        *(pl.col(column).alias(f"__at{n}") for n, column in enumerate(mapping.at.columns)),
        pl.col(tickets.sku).cast(pl.String).fill_null("").alias("__sku"),
        _units(tickets).alias("__units"),
        _money(tickets).alias("__net"),
        (pl.col(tickets.member) if tickets.member else pl.lit(None))
        .cast(pl.String)
        .alias("__member"),
        (matches(tickets.returns) if tickets.returns else pl.lit(value=False)).alias("__return"),
    )
    first = [pl.col(f"__at{n}").first() for n in range(len(mapping.at.columns))]
    return lines.group_by(keys, maintain_order=True).agg(
        *first,
        pl.col("__member").first(),
        pl.col("__return").first(),
        pl.col("__sku", "__units", "__net"),
    )


def _ticket(row: dict[str, Any], mapping: Mapping, tickets: Tickets) -> Pos:
    number = str(row[tickets.number])
    return Pos(
        at=row["__rung"].astimezone(UTC),
        store=_store_id(mapping, row.get(mapping.store_column)),
        source=f"till-{tickets.till}",
        id=f"ticket-{number}",
        till=tickets.till,
        transaction=number,
        nature="return" if row["__return"] else "sale",
        net_minor=sum(row["__net"]),
        currency=mapping.store.currency,
        lines=[
            Line(sku=sku, units=units, net_minor=net)
            for sku, units, net in zip(row["__sku"], row["__units"], row["__net"], strict=True)
        ],
        member=row["__member"],
    )


def _units(tickets: Tickets) -> pl.Expr:
    return pl.col(tickets.units).cast(pl.Int64) if tickets.units else pl.lit(1, pl.Int64)


def _money(tickets: Tickets) -> pl.Expr:
    """Money of a line in minor units; 0 where the table has none."""
    if tickets.price:
        major = pl.col(tickets.price).cast(pl.Float64) * _units(tickets)
    elif tickets.net:
        major = pl.col(tickets.net).cast(pl.Float64)
    else:
        return pl.lit(0, pl.Int64)
    return (major * tickets.minor_per_major).round().cast(pl.Int64)
