"""What the page behind a link says of an incident: what → where → how long → ¥ → what to do. Pure.

The same words as the cards of the staff page, written by the server: the browsers inside chat apps may run no script.
"""

import re
from datetime import datetime
from typing import NamedTuple

from alerts.incident import Incident
from dashboard.catalogue import Language, words
from dashboard.sentences import FORMS, action, besides, title
from dashboard.shop import Shop

MINOR = {"JPY": 0, "KRW": 0, "VND": 0, "KWD": 3, "BHD": 3, "TND": 3}
SIGNS = {"CNY": "¥", "JPY": "¥", "EUR": "€", "USD": "$", "GBP": "£"}


class Asked(NamedTuple):
    """One incident in one language; an empty text is left out."""

    what: str
    where: str
    age: str
    todo: str
    risk: str
    besides: list[str]


def asked(incident: Incident, shop: Shop, at: datetime, language: Language) -> Asked:
    """The incident as it stands at ``at``."""
    text = words(language)
    place = shop.place(incident.subject)
    todo = action(incident, shop.names)
    return Asked(
        what=_what(incident, shop, language),
        where=getattr(place, language) if place else text["place.store"],
        age=age((at - incident.opened_at).total_seconds(), language),
        todo=todo[language] if todo else "",
        risk=_filled(text["card.risk"], money(incident.at_risk_minor, shop.store.currency))
        if incident.at_risk_minor
        else "",
        besides=(besides(incident, shop.names) or {}).get(language, []),
    )


def age(seconds: float, language: Language) -> str:
    """How long it has lasted: minutes below two hours, then hours.

    >>> age(20, "en"), age(400, "en"), age(400, "zh"), age(9000, "en")
    ('just now', '6 min', '6 分钟前', '2 h')
    """
    text = words(language)
    if seconds < 60:
        return text["card.just_now"]
    if seconds < 7200:
        return _filled(text["card.ago"], f"{seconds // 60:.0f}")
    return _filled(text["card.hours_ago"], f"{seconds // 3600:.0f}")


def money(minor: int, currency: str) -> str:
    """An amount for a glance: from 100 on without its minor unit.

    >>> money(186_000, "CNY"), money(8_850, "CNY"), money(4_200, "JPY"), money(900, "CNY")
    ('¥1,860', '¥88.5', '¥4,200', '¥9')
    """
    digits = MINOR.get(currency, 2)
    major = minor / 10**digits
    whole = abs(major) >= 100 or major.is_integer() or not digits
    return SIGNS.get(currency, currency + " ") + (f"{major:,.0f}" if whole else f"{major:,.1f}")


def number(metric: str, value: float | None, currency: str, language: Language) -> str:
    """A metric's value as a card writes it; empty where it says nothing.

    >>> number("conversion", 0.182, "CNY", "en"), number("queue_wait", 250.0, "CNY", "en")
    ('18.2%', '4:10')
    >>> number("sku_cover", 0.4, "CNY", "zh"), number("sensor_drift", 3.0, "CNY", "en")
    ('24 分钟', '')
    """
    form = FORMS.get(metric)
    if value is None or form is None:
        return ""
    if form == "pct":
        return f"{value * 100:.1f}".removesuffix(".0") + "%"
    if form == "mmss":
        return f"{int(value) // 60}:{int(value) % 60:02d}"
    if form == "money":
        return money(int(value), currency)
    if form == "hours":
        text = words(language)
        return (
            _filled(text["cover.min"], f"{value * 60:.0f}")
            if value < 1
            else _filled(text["cover.hours"], f"{value:.1f}")
        )
    return f"{value:,.0f}" if form == "int" else f"{value:,.1f}"


def _what(incident: Incident, shop: Shop, language: Language) -> str:
    said = title(incident, shop.names)[language]
    value = number(incident.metric, incident.value, shop.store.currency, language)
    return said if not value or any(c.isdigit() for c in said) else f"{said} · {value}"


def _filled(template: str, value: str) -> str:
    """A catalogue sentence with its only argument."""
    return re.sub(r"\{\w+:\w+\}", value, template)
