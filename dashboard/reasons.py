"""Why something was refused, in the reader's language: the English that was kept with it, found in the catalogue. Pure.

Rejects and the configuration's checks are written in English, where they are made, into dead letters and logs for
engineers. On a screen they are read by a shop; what the catalogue does not know stands there as it is.
"""

import re
from functools import cache

from dashboard.catalogue import Language
from dashboard.catalogue_reasons import DECODED, PLACE_LAST, REJECTED, SETTINGS

_PLACED = re.compile(r"(?P<place>[$\w][\w.$\[\]*-]*|top level): (?P<said>.+)", re.DOTALL)
_ESCAPED_HOLE, _HOLE = re.compile(r"\\\{(\w+)\\\}"), re.compile(r"\{(\w+)\}")
_SENTENCE = "said"
_DEEPEST = 6


def reason(said: str, language: Language) -> str:
    """A reason, or several joined by "; ", in a language.

    >>> reason("$[2].at: the time is missing; no counts in it", "zh")
    '$[2].at：缺少时间；没有计数'
    >>> reason("something nobody has words for", "zh")
    'something nobody has words for'
    """
    if language == "en" or not said:
        return said
    parts, made, n = said.split("; "), list[str](), 0
    while n < len(parts):
        for end in range(len(parts), n, -1):
            found = _found("; ".join(parts[n:end]))
            if found is not None:
                break
        made.append(parts[n] if found is None else found)
        n = n + 1 if found is None else end
    return "；".join(made)


def _found(said: str, depth: int = 0) -> str | None:
    """A sentence's words; ``None`` for one that the catalogue does not have."""
    if depth > _DEEPEST:
        return None
    placed = _PLACED.fullmatch(said)
    inner = _found(placed["said"], depth + 1) if placed else None
    if placed and inner is not None:
        return f"{placed['place']}：{inner}"
    for pattern, chinese in _patterns():
        if match := pattern.fullmatch(said):
            return _HOLE.sub(lambda hole: _filled(hole[1], match, depth), chinese)
    return None


def _filled(name: str, match: re.Match[str], depth: int) -> str:
    held = match[name]
    return (_found(held, depth + 1) or held) if name == _SENTENCE else held


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    """Every sentence as a pattern, the one that says most by itself first: "{n} is unknown" is the last resort."""
    every = {**REJECTED, **DECODED, **SETTINGS}
    ordered = sorted(every, key=lambda said: (said != PLACE_LAST, -len(_HOLE.sub("", said))))
    return tuple((_pattern(english), every[english]) for english in ordered)


def _pattern(english: str) -> re.Pattern[str]:
    return re.compile(_ESCAPED_HOLE.sub(r"(?P<\1>.+?)", re.escape(english)), re.DOTALL)
