"""Any device or till, by configuration alone: JSON through JMESPath, XML through XPath, CSV, or bytes.

```toml
[sensors.devices.options]
format = "json"                 # json, csv, xml or bytes
kind = "footfall"               # the event it makes
each = "readings[]"             # JMESPath or XPath of the records; default: the whole message
[sensors.devices.options.fields] # our field = where it is in a record
at = "ts"
entered = "people.in"
[sensors.devices.options.values] # our field = what it always is
counting = "interval"
interval_s = 60
```

A field ending in ``_minor`` takes an amount: ``money = "decimal"`` (default) or ``"minor"``. ``unit`` of the
device (``ms``, ``s``, ``min``) is that of fields ending in ``_s``. For ``bytes`` a field is
``offset:length:order``, as ``"4:2:big"``. The door, zone or till a record names is mapped as any other's.
"""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache, partial
from typing import Any, Literal

import jmespath
import msgspec
from jmespath.exceptions import JMESPathError
from lxml import etree
from msgspec import Struct

from sensors.adapters import _money, _xml, salvaged
from sensors.adapters._json import count, named, parse, real
from sensors.adapters._message import Message
from sensors.adapters._names import mapped
from sensors.adapters._radio import frame
from sensors.adapters._times import instant
from sensors.adapters._unreadable import UnreadableError
from sensors.events import KINDS, Event
from sensors.reject import Reject

NAME = "generic"
COUNTS = ("delta", "interval", "total", "level", "sale")

_RECORDS = 10_000  # of one message
_UNITS = {"ms": 0.001, "s": 1.0, "min": 60.0, "": 1.0}


class Rules(Struct, forbid_unknown_fields=True, frozen=True):
    """``options`` of a generic device."""

    kind: str
    fields: dict[str, str]
    format: Literal["json", "csv", "xml", "bytes"] = "json"
    each: str = ""
    values: dict[str, Any] = {}
    namespaces: dict[str, str] = {}
    delimiter: str = ","
    money: Literal["decimal", "minor"] = "decimal"
    currency: str = ""


def guess(payload: bytes, topic: str) -> float:  # noqa: ARG001 - needs a configuration
    """Never: it needs a configuration."""
    return 0.0


def read(message: Message) -> Iterable[Event | Reject]:
    """Every record as one event; a broken one is a reject and the others are taken."""
    try:
        how = msgspec.convert(message.device.options, Rules)
    except msgspec.ValidationError as error:
        raise UnreadableError(f"options of the generic adapter: {error}", "options") from None
    if how.kind not in KINDS:
        raise UnreadableError(
            f"kind {how.kind!r}: expected one of {', '.join(KINDS)}", "options.kind"
        )
    records = _READERS[how.format](message, how)
    return salvaged(
        message, (partial(_event, message, how, get, f"$[{i}]") for i, get in enumerate(records))
    )


Get = Callable[[str], object]


def _event(message: Message, how: Rules, get: Get, place: str) -> Iterator[Event | Reject]:
    drafted: dict[str, object] = {"kind": how.kind, **how.values}
    currency = how.currency or message.currency
    for field, where in how.fields.items():
        raw = get(where)
        if raw is not None and raw != "":
            drafted[field] = _typed(message, how, field, raw, currency, f"{place}.{where}"[:120])
    at = drafted.get("at")
    drafted["at"] = (
        instant(at, message.tz, message.received_at, f"{place}.{how.fields.get('at', 'at')}")
        if at is not None
        else message.received_at
    )
    if how.kind == "pos":
        drafted.setdefault("currency", currency)
    drafted["store"] = message.device.store
    drafted.setdefault("source", message.source())
    for field, names, fallback in (
        ("door", message.device.doors, message.device.door),
        ("zone", message.device.zones, message.device.zone),
        ("till", message.device.tills, message.device.till or "*"),
    ):
        if field in KINDS[how.kind].__struct_fields__ and (names or drafted.get(field) is None):
            if fallback == "" and not names and field == "zone":
                continue
            ours = mapped(
                names, "1" if fallback == "*" else fallback, (str(drafted.get(field, "")),), field
            )
            if ours is None:
                return
            drafted[field] = ours
    if message.device.invert and how.kind == "footfall":
        drafted["entered"], drafted["left"] = drafted.get("left", 0), drafted.get("entered", 0)
    try:
        yield msgspec.convert(drafted, KINDS[how.kind], strict=False)
    except msgspec.ValidationError as error:
        raise UnreadableError(str(error), place) from None


def _typed(
    message: Message, how: Rules, field: str, raw: object, currency: str, place: str
) -> object:
    if field.endswith("_minor"):
        return (
            _money.minor(raw, currency, place)
            if how.money == "decimal"
            else _money.whole(raw, place)
        )
    if field.endswith("_s"):
        return real(raw, place) * _UNITS.get(message.device.unit, 1.0)
    if field in _COUNTS:
        return count(raw, place)
    if field == "at" or isinstance(raw, str | bool | int | float):
        return (
            raw if field == "at" or isinstance(raw, bool) else str(raw) if field in _NAMES else raw
        )
    if isinstance(raw, list | dict) and field in ("lines", "tenders"):
        return raw
    raise UnreadableError(f"expected one value, got {named(raw)}", place)


_COUNTS = {
    "entered",
    "left",
    "passed",
    "groups",
    "children",
    "people",
    "visits",
    "length",
    "served",
    "abandoned",
}
_NAMES = {
    "door",
    "zone",
    "till",
    "source",
    "id",
    "transaction",
    "sku",
    "associate",
    "member",
    "track",
    "refers_to",
}


def _json_records(message: Message, how: Rules) -> Iterator[Get]:
    tree = parse(message.payload)
    records = _search(how.each, tree) if how.each else tree
    for record in (records if isinstance(records, list) else [records])[:_RECORDS]:
        if record is not None:
            yield partial(_search, record=record)


def _search(path: str, record: object) -> object:
    try:
        found: object = _compiled(path).search(record)
    except (JMESPathError, TypeError, ValueError, RecursionError) as error:
        raise UnreadableError(f"JMESPath {path!r}: {error}"[:200], "options.fields") from None
    return found


@lru_cache(maxsize=1024)
def _compiled(path: str) -> Any:  # noqa: ANN401 - jmespath's own class
    return jmespath.compile(path)


def _xml_records(message: Message, how: Rules) -> Iterator[Get]:
    root = _xml.parse(message.payload)
    records = _xpath(how.each, root, how.namespaces) if how.each else [root]
    for record in (records if isinstance(records, list) else [])[:_RECORDS]:
        if isinstance(record, _xml.Element):
            yield partial(_xml_value, record=record, namespaces=how.namespaces)


def _xml_value(path: str, record: _xml.Element, namespaces: Mapping[str, str]) -> object:
    found = _xpath(path, record, namespaces)
    if isinstance(found, list):
        found = found[0] if found else None
    if isinstance(found, _xml.Element):
        return (found.text or "").strip()
    return str(found).strip() if isinstance(found, str) else found


def _xpath(path: str, element: _xml.Element, namespaces: Mapping[str, str]) -> object:
    try:
        found: object = element.xpath(path, namespaces=dict(namespaces))
    except (etree.XPathError, ValueError, TypeError) as error:
        raise UnreadableError(f"XPath {path!r}: {error}"[:200], "options.fields") from None
    return found


def _csv_records(message: Message, how: Rules) -> Iterator[Get]:
    try:
        lines = io.StringIO(message.payload.decode("utf-8-sig"), newline="")
        rows = csv.DictReader(lines, delimiter=how.delimiter, strict=True)
        for i, row in enumerate(rows):
            if i >= _RECORDS:
                return
            yield {k: v for k, v in row.items() if isinstance(k, str)}.get
    except (UnicodeDecodeError, csv.Error, TypeError) as error:
        raise UnreadableError(f"not CSV: {error}"[:200]) from None


def _bytes_records(message: Message, _how: Rules) -> Iterator[Get]:
    data = frame(message).data
    yield partial(_slice, data=data)


def _slice(where: str, data: bytes) -> object:
    offset, _, rest = where.partition(":")
    length, _, order = rest.partition(":")
    if not (offset.isdigit() and length.isdigit()) or order not in ("big", "little", "hex"):
        raise UnreadableError(
            f'{where!r}: expected offset:length:order, as "4:2:big"', "options.fields"
        )
    start, size = int(offset[:3]), int(length[:3])
    if start + size > len(data) or not 0 < size <= 8:
        raise UnreadableError(f"bytes {where} are not in a frame of {len(data)}")
    piece = data[start : start + size]
    return (
        piece.hex()
        if order == "hex"
        else int.from_bytes(piece, "big" if order == "big" else "little")
    )


_READERS: dict[str, Callable[[Message, Rules], Iterator[Get]]] = {
    "json": _json_records,
    "xml": _xml_records,
    "csv": _csv_records,
    "bytes": _bytes_records,
}
