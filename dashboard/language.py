"""Which language an address asks for."""

from urllib.parse import parse_qs

from dashboard.catalogue import Language


def language_of(search: str | None, default: Language) -> Language:
    """The language an address asks for with ``?lang=``.

    >>> language_of("?lang=en", "zh"), language_of("?lang=zh-CN", "en"), language_of("", "zh")
    ('en', 'zh', 'zh')
    """
    asked = parse_qs((search or "").lstrip("?")).get("lang", [""])[0][:2]
    return "en" if asked == "en" else "zh" if asked == "zh" else default
