"""A settings struct → the form that edits it, from the struct's own types and bounds. Pure."""

# ruff: noqa: ANN401 - type expressions and TOML values are of any type

from collections.abc import Callable, Iterator, Sequence
from datetime import date, time
from typing import Annotated, Any, Literal, NamedTuple, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Meta, Struct

from dashboard.configuration.edits import known_by, plain

Name = Callable[[str], str]
"""A field's key → its words."""

DRAWN = frozenset({"polygon", "spot", "plan"})  # on the plan, not in a form
APART = frozenset({"doors", "zones", "tills"})  # have a section of their own


class Field(NamedTuple):
    """One value to edit.

    Attributes:
        kind: text, number, time, date, check, choice, choices or words (separated by commas).
        low, high: bounds of a number, ``None`` if there are none; ``step`` is ``1`` for whole numbers, else ``any``.
        fixed: other tables know the entry by it. ``optional``: it may be left empty.
    """

    path: tuple[str, ...]
    label: str
    kind: str
    value: Any
    options: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    step: str = "any"
    fixed: bool = False
    optional: bool = False


class Group(NamedTuple):
    """Values that belong together; ``rows`` are entries of lists within it, ``adds`` lists that take more."""

    path: tuple[str, ...]
    title: str
    fields: list[Field]
    rows: list["Group"]
    adds: list[
        tuple[tuple[str, ...], str, str]
    ] = []  # path of the list, its words, an entry as JSON


def group(value: Struct, path: Sequence[str], title: str, name: Name) -> Group:
    """The form of one struct."""
    made = Group(tuple(path), title, [], [], [])
    fixed = known_by(type(value))
    for key, kind in get_type_hints(type(value), include_extras=True).items():
        if key in DRAWN or key in APART:
            continue
        _place(made, (*path, key), kind, getattr(value, key), name)
    made.fields[:] = [f._replace(fixed=f.path == (*path, fixed)) for f in made.fields]
    return made


def _place(made: Group, path: tuple[str, ...], kind: Any, value: Any, name: Name) -> None:
    bare, key = plain(kind), path[-1]
    if isinstance(bare, type) and issubclass(bare, Struct):
        for inner, inner_kind in get_type_hints(bare, include_extras=True).items():
            words = f"{name(key)} · {inner}"
            made.fields.append(_field((*path, inner), inner_kind, getattr(value, inner), words))
        return
    entry = plain(get_args(bare)[0]) if get_origin(bare) is list else None
    if isinstance(entry, type) and issubclass(entry, Struct):
        for n, row in enumerate(value):
            made.rows.append(group(row, (*path, str(n)), f"{name(key)} {n + 1}", name))
        made.adds.append((path, name(key), msgspec.json.encode(_blank(entry)).decode()))
        return
    if get_origin(bare) is dict:
        return
    made.fields.append(_field(path, kind, value, name(key)))


def _field(path: tuple[str, ...], kind: Any, value: Any, label: str) -> Field:
    bare = plain(kind)
    low, high = _bounds(kind)
    base = Field(path, label, "text", value, optional=type(None) in get_args(kind))
    if bare is bool:
        return base._replace(kind="check")
    if bare in {int, float}:
        shown = "" if value is None else f"{value:g}" if value < 1e6 else str(value)
        step = "1" if bare is int else "any"
        return base._replace(kind="number", value=shown, low=low, high=high, step=step)
    if bare is time:
        return base._replace(kind="time", value=f"{value:%H:%M}")
    if get_origin(bare) is Literal:
        return base._replace(kind="choice", options=tuple(map(str, get_args(bare))))
    if get_origin(bare) in {list, tuple}:
        inner = plain(get_args(bare)[0])
        if get_origin(inner) is Literal:
            return base._replace(kind="choices", options=tuple(map(str, get_args(inner))))
        shown_words = ", ".join(_word(v) for v in value or ())
        return base._replace(kind="words", value=shown_words)
    return base._replace(value="" if value is None else str(value))


def _word(value: object) -> str:
    return (
        f"{value:%H:%M}"
        if isinstance(value, time)
        else value.isoformat()
        if isinstance(value, date)
        else str(value)
    )


def _bounds(kind: Any) -> tuple[float | None, float | None]:
    """The bounds a number was given, the tightest word wins."""
    low: float | None = None
    high: float | None = None
    for meta in _metas(kind):
        low = meta.ge if meta.ge is not None else meta.gt if meta.gt is not None else low
        high = meta.le if meta.le is not None else meta.lt if meta.lt is not None else high
    return low, high


def _metas(kind: Any) -> Iterator[Meta]:
    if get_origin(kind) is Annotated:
        inner, *notes = get_args(kind)
        yield from (n for n in notes if isinstance(n, Meta))
        yield from _metas(inner)
    for option in get_args(kind) if type(None) in get_args(kind) else ():
        yield from _metas(option)


def _blank(entry: type[Struct]) -> dict[str, Any]:
    """An entry to begin with: what has no default, at its plainest."""
    plainest: dict[Any, Any] = {str: "", time: "09:00", int: 1, float: 1.0}
    usual = {
        "metric": "conversion",
        "channel": "log",
        "closes": "18:00",
        "ends": "17:00",
        "days": ["holiday"],
    }
    made: dict[str, Any] = {}
    for field in msgspec.structs.fields(entry):
        if field.required:
            bare = plain(field.type)
            made[field.name] = [] if get_origin(bare) is list else plainest.get(bare, "")
    return {key: usual.get(key, value) for key, value in made.items()}
