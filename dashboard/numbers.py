"""Numbers as people read them, where the server and not the browser writes them. Pure."""

from functools import lru_cache

SYMBOL = {"CNY": "¥", "JPY": "¥", "EUR": "€", "GBP": "£", "USD": "$", "HKD": "HK$"}
WHOLE = frozenset({"JPY", "KRW", "VND"})
"""Currencies without a minor unit (ISO 4217)."""

PLAIN = frozenset({"upt", "star_now", "zone_heat", "basket_pair"})
"""Ratios that are no share of a whole: 2.05 units a ticket, not 205 %."""


def unit_shown(metric: str, unit: str) -> str:
    """How a measure's values are written: its unit, but ``ratio_plain`` for a ratio that is no share.

    >>> unit_shown("conversion", "ratio"), unit_shown("upt", "ratio"), unit_shown("upt", "people")
    ('ratio', 'ratio_plain', 'people')
    """
    return "ratio_plain" if unit == "ratio" and metric in PLAIN else unit


@lru_cache(maxsize=64)
def minor_digits(currency: str) -> int:
    """Digits of a currency's minor unit.

    >>> minor_digits("CNY"), minor_digits("JPY")
    (2, 0)
    """
    return 0 if currency in WHOLE else 2


def amount(value: float | None, unit: str, currency: str) -> str:
    """A value in its unit; unknown is a dash.

    >>> amount(None, "people", "CNY"), amount(1370.4, "people", "CNY"), amount(18_850, "minor", "CNY")
    ('–', '1,370', '¥188.50')
    >>> amount(0.235, "ratio", "CNY"), amount(250, "seconds", "CNY"), amount(-1_234_500, "minor", "CNY")
    ('23.5%', '4:10', '−¥12,345')
    >>> amount(2.048, "ratio_plain", "CNY")
    '2.05'
    """
    if value is None:
        return "–"
    sign = "−" if value < 0 else ""
    size = abs(value)
    if unit == "minor":
        main = size / 10 ** minor_digits(currency)
        digits = 2 if main < 1000 and minor_digits(currency) and main != int(main) else 0
        return f"{sign}{SYMBOL.get(currency, currency + ' ')}{main:,.{digits}f}"
    if unit == "ratio_plain":
        return f"{sign}{size:.2f}"
    if unit == "ratio":
        return f"{sign}{size:.1%}"
    if unit == "seconds":
        return f"{sign}{int(size) // 60}:{int(size) % 60:02d}"
    if unit == "hours":
        return f"{sign}{size:.1f} h"
    return f"{sign}{size:,.0f}" if size >= 10 or size == int(size) else f"{sign}{size:.1f}"


def signed(share: float) -> str:
    """A relative difference with its sign.

    >>> signed(0.081), signed(-0.25), signed(-0.001)
    ('+8%', '−25%', '±0%')
    """
    return "±0%" if abs(share) < 0.005 else f"{share:+.0%}".replace("-", "−")
