"""One change to the configuration's text; comments, order and layout of the rest stay as they are. Pure.

A path names tables as people do: ``sensors.stores.riverside.zones.promo.polygon``. An entry of a list is named by its
``id``, ``name`` or ``sku``, or by its number where it has none.
"""

# ruff: noqa: ANN401 - type expressions and TOML values are of any type

import re
from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

import msgspec
import tomlkit
from msgspec import Struct
from tomlkit.items import AoT, Array, InlineTable

from alerts.settings import AlertsSettings
from dashboard.settings import DashboardSettings
from flows.settings import FlowsSettings
from sensors.settings import SensorsSettings

Path = tuple[str, ...]
ROOTS: dict[str, type[Struct]] = {
    "sensors": SensorsSettings,
    "flows": FlowsSettings,
    "alerts": AlertsSettings,
    "dashboard": DashboardSettings,
}
NAMED_BY = ("id", "name", "sku")
_MINUTES = re.compile(r"^[0-2]\d:[0-5]\d$")


class Edit(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a page asks for.

    Attributes:
        op: set a value; add an entry to a list; remove an entry of a list, or a key, whose default then holds.
        path: of the value, of the list that is added to, or of what is removed.
        value: as JSON; a time of day as ``"09:00"``.
    """

    op: Literal["set", "add", "remove"]
    path: Path
    value: Any = None


def type_at(path: Sequence[str]) -> Any:
    """The type the settings give to a path; raises ``KeyError`` with the part that is not known.

    >>> type_at(("sensors", "stores", "riverside", "doors", "main", "counts_passers"))
    <class 'bool'>
    """
    found: Any = ROOTS[path[0]]
    for part in path[1:]:
        bare = plain(found)
        if isinstance(bare, type) and issubclass(bare, Struct):
            found = get_type_hints(bare, include_extras=True)[part]
        elif get_origin(bare) in {list, dict}:
            found = get_args(bare)[-1]
        else:
            raise KeyError(part)
    return found


def plain(kind: Any) -> Any:
    """A type without its bounds, and without "or nothing"."""
    while get_origin(kind) is Annotated:
        kind = get_args(kind)[0]
    options = [a for a in get_args(kind) if a is not type(None)]
    return options[0] if len(options) == 1 and len(get_args(kind)) == 2 and options else kind


def apply(text: str, edit: Edit) -> str:
    """The text after an edit.

    Raises:
        KeyError: there is no such place.
        ValueError: the value is none of its type (``msgspec.ValidationError``), or the entry is there already.
    """
    document = tomlkit.parse(text)
    if edit.op == "add":
        _add(document, edit)
    elif edit.op == "remove":
        _remove(document, edit.path)
    else:
        holder = _holder(document, edit.path[:-1])
        holder[_key(holder, edit.path[-1])] = _item(edit.value, type_at(edit.path))
    return tomlkit.dumps(document)


def _item(value: Any, kind: Any) -> Any:
    """A JSON value as TOML of the right type; what equals its default is written all the same: it was chosen."""
    try:
        typed = msgspec.convert(value, kind, strict=False)
    except msgspec.ValidationError:  # browsers say a time of day without its seconds
        typed = msgspec.convert(_with_seconds(value), kind, strict=False)
    return _lean(msgspec.to_builtins(typed, builtin_types=(time, date, datetime)))


def _with_seconds(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _with_seconds(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_with_seconds(v) for v in value]
    return f"{value}:00" if isinstance(value, str) and _MINUTES.match(value) else value


def _lean(value: Any) -> Any:
    """Without what TOML has no word for."""
    if isinstance(value, dict):
        return {k: _lean(v) for k, v in value.items() if v is not None}
    return [_lean(v) for v in value] if isinstance(value, list | tuple) else value


def _add(document: Any, edit: Edit) -> None:
    kind = type_at((*edit.path, "0"))
    wanted = edit.value if isinstance(edit.value, dict) else {}
    name = next((wanted[k] for k in NAMED_BY if isinstance(wanted.get(k), str)), None)
    entry = {k: v for k, v in _item(wanted, kind).items() if k in wanted}
    parent = _holder(document, edit.path[:-1], make=True)
    rows = parent.get(edit.path[-1])
    if rows is not None and name is not None and any(_named(row, name) for row in rows):
        raise ValueError(f"{'.'.join(edit.path)}: {name} is there already")
    if isinstance(rows, Array) or isinstance(parent, InlineTable):
        if rows is None:
            rows = parent[edit.path[-1]] = tomlkit.array()
            rows = parent[edit.path[-1]]
        inline = tomlkit.inline_table()
        inline.update(entry)
        rows.add_line(inline) if len(rows) else rows.append(inline)
        return
    if rows is None:
        parent[edit.path[-1]] = rows = tomlkit.aot()
        rows = parent[edit.path[-1]]
    table = tomlkit.table()
    table.update(entry)
    rows.append(table)


def _remove(document: Any, path: Path) -> None:
    holder = _holder(document, path[:-1])
    del holder[_key(holder, path[-1])]


def _holder(document: Any, path: Sequence[str], *, make: bool = False) -> Any:
    """What a path leads to; a table that is missing is made where the settings know of it."""
    here: Any = document
    for n, part in enumerate(path):
        if isinstance(here, AoT | Array):
            rows: Any = here
            here = rows[_key(rows, part)]
            continue
        if part not in here:
            kind = get_origin(plain(type_at(path[: n + 1])))
            if kind is list and not make:
                raise KeyError(part)
            here[part] = (
                tomlkit.inline_table() if isinstance(here, InlineTable) else tomlkit.table()
            )
        here = here[part]
    return here


def _key(holder: Any, part: str) -> str | int:
    """A key of a table, or the number of a list's entry; raises ``KeyError``."""
    if not isinstance(holder, AoT | Array):
        return part
    for n, row in enumerate(holder):
        if _named(row, part):
            return n
    if part.isdigit() and int(part) < len(holder):
        return int(part)
    raise KeyError(part)


def _named(row: Any, name: str) -> bool:
    return hasattr(row, "get") and any(row.get(key) == name for key in NAMED_BY)
