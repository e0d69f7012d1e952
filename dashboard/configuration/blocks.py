"""Entries of ``[[arrays of tables]]`` as lines of text: put in and taken out with the comments around them. Pure.

A TOML library counts every comment up to the next header to the entry above it: to the last store belong the lines that
explain the section below. Here what stands after an entry's last key and a blank line is nobody's, and stays.
"""

import re
import tomllib
from typing import Any

import tomlkit

_HEADER = re.compile(r"^\s*(\[\[?)\s*([^\[\]]+?)\s*\]\]?\s*(?:#.*)?$")


def without(text: str, path: str, number: int) -> str | None:
    """The text without one entry of the array at ``path``; ``None`` where its lines cannot be told."""
    spans = _spans(text.splitlines(keepends=True), path)
    if number >= len(spans):
        return None
    lines = text.splitlines(keepends=True)
    begin, end = spans[number]
    return _sound("".join([*lines[:begin], *_from_blank(lines[end:])]))


def within(text: str, path: str, entry: dict[str, Any]) -> str | None:
    """The text with one more entry after the last of the array at ``path``; ``None`` where there is none to follow."""
    lines = text.splitlines(keepends=True)
    spans = _spans(lines, path)
    if not spans:
        return None
    end = spans[-1][1]
    return _sound("".join([*lines[:end], f"\n[[{path}]]\n", block(entry), *lines[end:]]))


def keyed(text: str, path: str, number: int, key: str, value: Any) -> str | None:  # noqa: ANN401
    """The text with one more key after the last one of an entry; ``None`` where its lines cannot be told."""
    lines = text.splitlines(keepends=True)
    spans = _spans(lines, path)
    if number >= len(spans):
        return None
    begin, end = spans[number]
    if any(_HEADER.match(line) for line in lines[begin + 1 : end]):
        return None
    return _sound("".join([*lines[:end], block({key: value}), *lines[end:]]))


def block(entry: dict[str, Any]) -> str:
    """An entry's keys as lines; what lies within it stands inline."""
    table = tomlkit.document()
    for key, value in entry.items():
        table[key] = inline(value)
    return tomlkit.dumps(table)


def inline(value: Any) -> Any:  # noqa: ANN401 - TOML values are of any type
    """A value on one line, however deep."""
    if isinstance(value, dict):
        made = tomlkit.inline_table()
        for key, inner in value.items():
            made[key] = inline(inner)
        return made
    if isinstance(value, list | tuple):
        rows = tomlkit.array()
        for inner in value:
            rows.append(inline(inner))
        return rows
    return value


def _spans(lines: list[str], path: str) -> list[tuple[int, int]]:
    """First line and line after the last key of every entry of an array of tables, tables within it included."""
    found: list[tuple[int, int]] = []
    begin: int | None = None
    for n, line in enumerate([*lines, "[[]]"]):
        header = _HEADER.match(line)
        if n < len(lines) and header is None:
            continue
        name = header[2] if header else ""
        if begin is not None and name.startswith(f"{path}."):
            continue
        if begin is not None:
            found.append((begin, _last_key(lines, begin, n)))
        begin = n if header and header[1] == "[[" and name == path else None
    return found


def _last_key(lines: list[str], begin: int, end: int) -> int:
    """The line after the last one that says something, and comments that follow it at once."""
    last = max(n for n in range(begin, end) if not _silent(lines[n]))
    after = last + 1
    while after < end and lines[after].strip().startswith("#"):
        after += 1
    return after


def _silent(line: str) -> bool:
    return not line.strip() or line.strip().startswith("#")


def _from_blank(lines: list[str]) -> list[str]:
    """Without the blank line that parted it from what was taken out."""
    return lines[1:] if lines and not lines[0].strip() else lines


def _sound(text: str) -> str | None:
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return None
    return text
