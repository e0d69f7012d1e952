"""One change to the configuration's text; comments, order and layout of the rest stay as they are. Pure.

A path names tables as people do: ``sensors.stores.riverside.zones.promo.polygon``. An entry of a list is named by its
``id``, ``name`` or ``sku``, or by its number where it has none.
"""

# ruff: noqa: ANN401 - type expressions and TOML values are of any type

import re
import tomllib
from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

import msgspec
import tomlkit
from msgspec import Struct
from tomlkit.items import AoT, Array, InlineTable

from alerts.settings import AlertsSettings
from dashboard.configuration.blocks import inline, keyed, within, without
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
STORES = ("sensors", "stores")
NAMED_BY = ("id", "sku", "name")
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
        ValueError: the value is none of its type (``msgspec.ValidationError``), the entry is there already, or it would
            have another name: other tables, the log and the history know it by that.
    """
    if edit.op != "add" and _renames(edit):
        raise ValueError(
            f"{'.'.join(edit.path)}: known elsewhere by this name; add another one instead"
        )
    document = tomlkit.parse(text)
    lines: str | None = None
    if edit.op == "add":
        lines = within(text, ".".join(edit.path), _add(document, edit))
    elif edit.op == "remove":
        number = _remove(document, edit.path)
        lines = without(text, ".".join(edit.path[:-1]), number) if number is not None else None
    else:
        lines = _set(document, text, edit)
    made = tomlkit.dumps(document)
    same = lines is not None and tomllib.loads(lines) == tomllib.loads(made)
    return lines if lines is not None and same else made


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


def _add(document: Any, edit: Edit) -> dict[str, Any]:
    """Add an entry and return it as it was written."""
    kind = type_at((*edit.path, "0"))
    wanted = edit.value if isinstance(edit.value, dict) else {}
    name = name_of(wanted)
    entry = {k: v for k, v in _item(wanted, kind).items() if k in wanted}
    parent = _holder(document, edit.path[:-1], make=True)
    rows = parent.get(edit.path[-1])
    if rows is not None and name is not None and any(_named(row, name) for row in rows):
        raise ValueError(f"{'.'.join(edit.path)}: {name} is there already")
    if isinstance(rows, Array) or isinstance(parent, InlineTable):
        if rows is None:
            parent[edit.path[-1]] = tomlkit.array()
            rows = parent[edit.path[-1]]
        rows.add_line(inline(entry)) if len(rows) else rows.append(inline(entry))
        return entry
    if rows is None:
        parent[edit.path[-1]] = tomlkit.aot()
        rows = parent[edit.path[-1]]
    table = tomlkit.table()
    table.update({key: inline(value) for key, value in entry.items()})
    rows.append(table)
    return entry


def _set(document: Any, text: str, edit: Edit) -> str | None:
    """Set a value; the text with it, where it is a new key of an entry of an array of tables."""
    *above, key = edit.path
    holder = _holder(document, above)
    value = _item(edit.value, type_at(edit.path))
    rows = _holder(document, above[:-1]) if len(above) > 1 else None
    new = isinstance(rows, AoT) and key not in holder
    holder[_key(holder, key)] = value
    if not new:
        return None
    return keyed(text, ".".join(above[:-1]), int(_key(rows, above[-1])), key, value)


def _remove(document: Any, path: Path) -> int | None:
    """Remove an entry or a key; which entry it was, if it was one of an array of tables."""
    holder = _holder(document, path[:-1])
    key = _key(holder, path[-1])
    if path[:-1] == STORES and len(holder) == 1:
        raise ValueError(f"{'.'.join(path)}: the last store stays; add another one first")
    del holder[key]
    return key if isinstance(holder, AoT) and isinstance(key, int) else None


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
            if tuple(path[:n]) == (
                "flows",
                "benchmarks",
            ):  # the chain's targets held for it until now
                here[part].update(document["flows"].get("benchmark", {}))
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


def known_by(kind: Any) -> str | None:
    """The key by which an entry of this type is known: its id, else its SKU, else its name; ``None`` without one.

    >>> known_by(type_at(("alerts", "people", "mia"))), known_by(type_at(("alerts", "rules", "low-atv")))
    ('id', 'name')
    """
    keys = get_type_hints(kind) if isinstance(kind, type) and issubclass(kind, Struct) else {}
    return next((key for key in NAMED_BY if key in keys), None)


def _renames(edit: Edit) -> bool:
    """Whether an entry would be known by another name afterwards: other tables, the log and the history keep it."""
    holder = plain(type_at(edit.path[:-1])) if len(edit.path) > 1 else None
    if get_origin(holder) is not list:
        return edit.path[-1] == known_by(holder)
    named = known_by(plain(get_args(holder)[0])) is not None
    other = not isinstance(edit.value, dict) or name_of(edit.value) != edit.path[-1]
    return named and edit.op == "set" and other


def name_of(row: Any) -> str | None:
    """What an entry of a list is known by, as ``known_by``; ``None`` where it has none.

    >>> name_of({"id": "mia", "name": "chen"}), name_of({"opens": "09:00"})
    ('mia', None)
    """
    found = (row[key] for key in NAMED_BY if hasattr(row, "get") and key in row)
    return next((str(name) for name in found), None)


def _named(row: Any, name: str) -> bool:
    return name_of(row) == name
