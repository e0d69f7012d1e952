"""Reading a vendor's JSON without trusting it: every step states what it expected and where."""

from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec

from sensors.adapters._unreadable import UnreadableError

type_names = {dict: "an object", list: "a list", str: "text", int: "a number", float: "a number"}
BOM = b"\xef\xbb\xbf"


def parse(payload: bytes) -> object:
    """JSON of any shape, a byte-order mark forgiven; raises ``UnreadableError``."""
    try:
        decoded: object = msgspec.json.decode(payload.removeprefix(BOM))
    except msgspec.DecodeError as error:
        raise UnreadableError(f"not JSON: {error}") from None
    except (UnicodeDecodeError, RecursionError, ValueError) as error:
        raise UnreadableError(f"not JSON: {error}"[:200]) from None
    return decoded


def obj(value: object, place: str = "$") -> dict[str, Any]:
    """``value`` as an object; raises ``UnreadableError``."""
    if isinstance(value, dict):
        return value
    raise UnreadableError(f"expected an object, got {named(value)}", place)


def parse_object(payload: bytes) -> dict[str, Any]:
    """A message that must be one JSON object."""
    return obj(parse(payload))


def sub(tree: dict[str, Any], key: str, place: str = "$") -> dict[str, Any]:
    """The object under ``key``; empty if absent or null."""
    value = tree.get(key)
    return {} if value is None else obj(value, f"{place}.{key}")


def each(tree: dict[str, Any], key: str, place: str = "$") -> Iterator[tuple[str, dict[str, Any]]]:
    """The objects of the list under ``key`` with their places; none if absent or null."""
    value = tree.get(key)
    if value is None:
        return
    if not isinstance(value, list):
        raise UnreadableError(f"expected a list, got {named(value)}", f"{place}.{key}")
    for i, item in enumerate(value):
        where = f"{place}.{key}[{i}]"
        yield where, obj(item, where)


def count(value: object, place: str = "$") -> int:
    """A whole number of people or things, sent as a number or as text; raises ``UnreadableError``.

    >>> count("20960"), count(12.0), count(" 7 ")
    (20960, 12, 7)
    """
    number = decimal(value, place)
    if number != number.to_integral_value() or not 0 <= number <= 2**53:
        raise UnreadableError(f"expected a whole number from 0, got {str(value)[:40]}", place)
    return int(number)


def maybe_count(value: object, place: str = "$") -> int | None:
    """As ``count``; ``None`` where the device says nothing."""
    return None if value is None or value == "" else count(value, place)


def decimal(value: object, place: str = "$") -> Decimal:
    """An exact finite number of sane size; floats by their shortest text. Raises ``UnreadableError``."""
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        raise UnreadableError(f"expected a number, got {named(value)}", place)
    text = (
        value.strip()
        if isinstance(value, str)
        else repr(value)
        if isinstance(value, float)
        else value
    )
    if isinstance(text, str) and (len(text) > 40 or not text.isascii()):
        raise UnreadableError("expected a number, got long text", place)
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise UnreadableError(f"expected a number, got {str(value)[:40]!r}", place) from None
    if not number.is_finite() or (number and not -12 <= number.adjusted() <= 18):
        raise UnreadableError(f"{str(value)[:40]} is out of every sensible range", place)
    return number


def real(value: object, place: str = "$") -> float:
    """A finite number; raises ``UnreadableError``."""
    return float(decimal(value, place))


def text(value: object) -> str:
    """Scalars as text, everything else and nothing as ``""``."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""


def named(value: object) -> str:
    """A value's type in the words of the format."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true or false"
    return type_names.get(type(value), type(value).__name__)
