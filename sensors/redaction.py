"""What is kept of a payload that was refused: its form, not the people in it. Pure.

A dead letter and a device's sample are there so that an engineer sees what a gateway sends. Fields that name or reach
a person are replaced by ``HIDDEN`` before anything is stored, whatever the format: JSON whole or torn, JSON within a
string, XML, forms; addresses of mail and telephone numbers anywhere. What has no field names (CSV, binary) keeps
everything but these two. The result has the same form, so an adapter can still be guessed from it.
"""

import re
from collections.abc import Iterator
from functools import lru_cache

HIDDEN = "(hidden)"
ROOM = 4  # times as much as is kept is looked at: hiding makes it shorter

_PERSONAL = re.compile(
    r"(.*(customer|member|associate|employee|cashier|operator|salesperson|buyer|payer|cardholder|recipient"
    r"|e?mail|phone|mobile|loyalty|passport|birth).*"
    r"|address.*|.*address|(first|last|full|given|family|middle|user|person)name"
    r"|(open|union|person)id|notes?|noteattributes|tel|dob|staff)"
)
_KEY = re.compile(rb'\\{0,3}"([^"\\]{1,64})\\{0,3}"\s*:\s*')
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*"?', re.DOTALL)
_ESCAPED = re.compile(rb'(\\{1,3}").*?(?:\1|$)', re.DOTALL)
_BARE = re.compile(rb"[^\s,\]}]*")
_SAYS_NOTHING = re.compile(rb"null|true|false")
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"?|[\[\]{}]', re.DOTALL)
_TAG = re.compile(rb"<((?:[\w.-]{1,64}:)?([\w.-]{1,64}))(\s[^<>]*)?(/?)>")
_ATTRIBUTE = re.compile(rb"""(?<=[\s?&])([\w:.-]{1,64})=("[^"<>]*"|'[^'<>]*'|[^&\s<>"']+)""")
_FIRST = re.compile(rb"^([\w.-]{1,64})=([^&\s]+)")
_MAIL = re.compile(rb"[\w.+-]{1,64}@[\w-]{1,64}(?:\.[\w-]{1,64}){1,4}")
_PHONE = re.compile(rb"\+\d[\d ()-]{6,20}\d")
_QUOTED = b'"' + HIDDEN.encode() + b'"'


def redacted(raw: bytes, most: int) -> bytes:
    """At most ``most`` bytes of a payload without the people in it.

    >>> redacted(b'{"till":"1","member":"zz-7","customer":{"name":"Chen"},"net":5', 100)
    b'{"till":"1","member":"(hidden)","customer":"(hidden)","net":5'
    >>> redacted(b'<Sale><OperatorID>77</OperatorID><Item id="3"/></Sale>', 100)
    b'<Sale><OperatorID>(hidden)</OperatorID><Item id="3"/></Sale>'
    """
    text = raw[: most * ROOM]
    text = _without(text, _json_values(text), _QUOTED)
    text = _without(text, _xml_contents(text), HIDDEN.encode())
    text = _without(text, _attributes(text), _QUOTED)
    for pattern in (_MAIL, _PHONE):
        text = pattern.sub(HIDDEN.encode(), text)
    return text[:most]


@lru_cache(4096)
def is_personal(name: bytes) -> bool:
    """Whether a field of this name says who somebody is.

    >>> [is_personal(name) for name in (b"customer_id", b"OperatorID", b"seq", b"door")]
    [True, True, False, False]
    """
    plain = re.sub(rb"[^a-z0-9]", b"", name.rpartition(b":")[2].lower()).decode()
    return _PERSONAL.fullmatch(plain) is not None


def _without(text: bytes, spans: Iterator[tuple[int, int]], instead: bytes) -> bytes:
    parts, done = [], 0
    for start, end in spans:
        if start >= done:  # not within one that is gone already
            parts += [text[done:start], instead]
            done = end
    return b"".join([*parts, text[done:]])


def _json_values(text: bytes) -> Iterator[tuple[int, int]]:
    done = 0
    for key in _KEY.finditer(text):
        if key.start() >= done and is_personal(key[1]) and not _SAYS_NOTHING.match(text, key.end()):
            done = _value_end(text, key.end())
            yield key.end(), done


def _value_end(text: bytes, start: int) -> int:
    """Where a JSON value ends, or the text if it is cut off."""
    first = text[start : start + 1]
    if first in {b"{", b"["}:
        return _closing(text, start)
    pattern = {b'"': _STRING, b"\\": _ESCAPED}.get(first, _BARE)
    found = pattern.match(text, start)
    return found.end() if found else len(text)


def _closing(text: bytes, start: int) -> int:
    depth = 0
    for token in _TOKEN.finditer(text, start):
        if token[0] in {b"{", b"["}:
            depth += 1
        elif token[0] in {b"}", b"]"}:
            depth -= 1
            if depth == 0:
                return token.end()
    return len(text)


def _xml_contents(text: bytes) -> Iterator[tuple[int, int]]:
    done = 0
    for tag in _TAG.finditer(text):
        if tag.start() >= done and not tag[4] and is_personal(tag[2]):
            end = text.find(b"</" + tag[1], tag.end())
            done = len(text) if end < 0 else end
            yield tag.end(), done


def _attributes(text: bytes) -> Iterator[tuple[int, int]]:
    """Of XML elements and of forms."""
    for pattern in (_FIRST, _ATTRIBUTE):
        for pair in pattern.finditer(text):
            if is_personal(pair[1]):
                yield pair.span(2)
