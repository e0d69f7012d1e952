"""The events of a message of our own format: all at once where all is well, else part by part. Pure."""

import re
from collections.abc import Iterator, Sequence

import msgspec

from sensors.events import AnyEvent, Event
from sensors.reject import Reject
from sensors.topics import Topic

Part = tuple[str, bytes, Event | Reject]
"""Its place in the message, its bytes, and what it is."""

UNDECODABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
SPACE = b" \t\r\n"

_one = msgspec.json.Decoder(AnyEvent)
_many = msgspec.json.Decoder(list[AnyEvent])
_AT = re.compile(r" - at `\$(?P<path>[^`]*)`$")
_TOKEN = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"?|[\[\]{},]', re.DOTALL)
_MARK = b"\xef\xbb\xbf"  # byte-order mark


def whole(payload: bytes) -> Sequence[Event] | None:
    """The events of a well-formed message; ``None`` if something is wrong somewhere."""
    payload = payload.removeprefix(_MARK).strip(SPACE)
    try:
        if not payload:
            return []
        if payload.startswith(b"["):
            return _many.decode(payload)
        if b"\n" in payload:
            return _one.decode_lines(payload)
        return [_one.decode(payload)]
    except UNDECODABLE:
        return None


def apart(payload: bytes, topic: Topic) -> Iterator[Part]:
    """The slow way: each part on its own, so that a bad one harms no other."""
    payload = payload.removeprefix(_MARK).strip(SPACE)
    is_array = payload.startswith(b"[")
    parts = [
        part
        for element in (_split_array(payload) if is_array else [payload])
        for part in _split_lines(element)
    ]
    for index, part in enumerate(parts):
        place = f"$[{index}]" if is_array or len(parts) > 1 else "$"
        try:
            yield place, part, _one.decode(part)
        except UNDECODABLE as error:
            reason, path = _explain(error)
            reject = Reject(reason, place + path, str(topic), part, topic.source, topic.store)
            yield place, part, reject


def _split_lines(part: bytes) -> list[bytes]:
    """Its lines where they stand for themselves, or the whole where it is one value written over several."""
    lines = [line for line in map(bytes.strip, part.splitlines()) if line]
    if len(lines) < 2 or _is_json(part):
        return [part] if lines else []
    if all(map(_is_json, lines)) or any(map(_is_event, lines)):
        return lines
    return [part]


def _is_json(part: bytes) -> bool:
    try:
        msgspec.json.decode(part, type=msgspec.Raw)
    except RecursionError:
        return True  # a reject of its own, not of its lines
    except UNDECODABLE:
        return False
    return True


def _is_event(line: bytes) -> bool:
    try:
        _one.decode(line)
    except UNDECODABLE:
        return False
    return True


def _split_array(payload: bytes) -> list[bytes]:
    """The elements of a JSON array by its brackets, however wrong or deep they are inside."""
    parts, depth, begin = [], 0, 1
    for token in _TOKEN.finditer(payload):
        sign = token[0]
        if sign in b"[{":
            depth += 1
        elif sign in b"]}":
            depth -= 1
        if (depth == 1 and sign == b",") or (depth == 0 and sign == b"]"):
            parts.append(payload[begin : token.start()].strip(SPACE))
            begin = token.end()
        if depth == 0:
            break
    parts.append(payload[begin:].strip(SPACE))  # after the array, or what was cut off
    return [part for part in parts if part]


def _explain(error: Exception) -> tuple[str, str]:
    """Reason and path within the event."""
    if isinstance(error, RecursionError):
        return "nested too deep", ""
    if isinstance(error, UnicodeDecodeError):
        return "not UTF-8", ""
    text = str(error)
    at = _AT.search(text)
    if at is None:
        return text, ""
    return text[: at.start()], at["path"]
