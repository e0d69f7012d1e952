"""How a vendor's names become the shop's."""

import re
from collections.abc import Mapping
from hashlib import blake2b

from sensors.adapters._unreadable import UnreadableError

Names = tuple[str | int | None, ...]
"""What a vendor may call one line, zone or till: its name, its id, the channel; the first mapped one counts."""


def slug(text: str) -> str:
    """A vendor's name as one of ours: at most 64 characters of ``a-z0-9_.-``.

    >>> slug("Line-based logic 2"), slug("Köln / Ost")
    ('line-based-logic-2', 'k-ln-ost')
    """
    return re.sub(r"[^a-z0-9_.-]+", "-", text.lower()).strip("-.")[:64] or "unnamed"


def short(text: str, limit: int = 64) -> str:
    """``text``, or where it is too long its beginning and a hash of the whole, still unique."""
    if len(text) <= limit:
        return text
    return f"{text[: limit - 13]}-{blake2b(text.encode(), digest_size=6).hexdigest()}"


def mapped(mapping: Mapping[str, str], fallback: str, names: Names, what: str) -> str | None:
    """Our name for the first of the vendor's ``names`` that is mapped; ``None``: mapped to nothing.

    The key ``*`` stands for every other name, and the value ``*`` takes the vendor's own.

    >>> mapped({"Line 0": "main", "Line 1": ""}, "", ("Line 0", 2), "door")
    'main'
    >>> mapped({"*": "*"}, "", ("Line 7",), "door")
    'line-7'
    """
    known = [str(name) for name in names if name is not None and name != ""]
    for name in (*known, "*"):
        if name in mapping:
            ours = mapping[name]
            own = slug(known[0]) if known else what
            return (own + ours[1:] if ours.startswith("*") else ours) or None
    if fallback:
        return fallback
    called = f"{known[0]!r}" if known else "of this device"
    raise UnreadableError(
        f'{what} {called} is not mapped: name it under {what}s, or as "" to leave it out'
    )
