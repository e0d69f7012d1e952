"""A notice in a person's words: what → where → how long → ¥ → what to do. Pure."""

from alerts.book import StoreBook
from alerts.catalogue import (
    ANSWERS,
    STATES,
    Language,
    action,
    besides,
    say,
    title,
    where,
)
from alerts.channels import Delivery
from alerts.incident import Incident, Notice
from alerts.links import Links
from sensors.settings import Store

MINOR = {"JPY": 0, "KRW": 0, "VND": 0, "KWD": 3, "BHD": 3, "TND": 3}
NAMED = 6  # of the incidents of one push, the dearest: a push service takes 4 KB
SIGNS = {"CNY": "¥", "JPY": "¥", "EUR": "€", "USD": "$", "GBP": "£"}


def message(
    notice: Notice,
    book: StoreBook,
    language: Language,
    *,
    key: str,
    person: str = "",
    to: str = "",
    links: Links | None = None,
) -> Delivery:
    """Make the message for one person, or for a shared channel (no person)."""
    shown = [*notice.incidents, *notice.others]
    first = shown[0] if shown else None
    heading = title(first, language, book) if first else say(STATES, "board", language)
    if len(shown) > 1:
        heading = f"{heading} ×{len(shown)}"
    if notice.kind not in ("firing", "joined"):
        heading = f"{say(STATES, notice.kind, language)}: {heading}"
    link, actions = _answers(notice, shown, person, links, language)
    return Delivery(
        key=key,
        notice=notice,
        title=heading,
        body="\n".join(_lines(notice, shown, book, language)),
        tag=notice.group or (first.id if first else notice.store),
        to=to,
        person=person,
        link=link,
        actions=actions,
        replaces=f"{notice.group}|@{person}" if notice.kind == "joined" and person else "",
    )


def _answers(
    notice: Notice, shown: list[Incident], person: str, links: Links | None, language: Language
) -> tuple[str, tuple[tuple[str, str], ...]]:
    """A link and buttons for one person, for all that is named; a shared channel has none: nobody acts for another."""
    if links is None or not shown or not person or notice.kind in ("resolved", "expired"):
        return "", ()
    token = links.token(notice.store, [i.id for i in shown[:NAMED]], person, notice.at)
    actions = [(say(ANSWERS, key, language), links.act(token, key)) for key in ANSWERS]
    return links.confirm(token), tuple(actions)


def _lines(notice: Notice, shown: list[Incident], book: StoreBook, language: Language) -> list[str]:
    """A line an incident that is named; of a single one also what else can be done, and what cannot and why."""
    lines = [line(incident, notice, book, language) for incident in shown[:NAMED]]
    if rest := len(shown) - len(lines):
        lines.append(f"+{rest} more" if language == "en" else f"另有 {rest} 条")
    if len(shown) != 1 or notice.kind in ("resolved", "expired"):
        return lines
    return lines + besides(shown[0], language, book.alerts.names)


def line(incident: Incident, notice: Notice, book: StoreBook, language: Language) -> str:
    """One incident: where, its figures, its age, ¥ at risk, what to do."""
    minutes = int((notice.at - incident.opened_at).total_seconds() // 60)
    parts = [
        where(incident, language, book),
        _figures(incident, language),
        f"{minutes} min" if language == "en" else f"{minutes} 分钟",
        money(incident.at_risk_minor, book.store),
        action(incident, language, book) if notice.kind not in ("resolved", "expired") else "",
    ]
    return " · ".join(part for part in parts if part)


def money(minor: int | None, store: Store | None) -> str:
    """An amount at risk with its currency; empty where there is none.

    >>> money(128_050, None), money(None, None)
    ('¥1,280.50', '')
    """
    if not minor:
        return ""
    currency = store.currency if store else "CNY"
    digits = MINOR.get(currency, 2)
    return f"{SIGNS.get(currency, currency + ' ')}{minor / 10**digits:,.{digits}f}"


def _figures(incident: Incident, language: Language) -> str:
    if incident.value is None or incident.threshold is None:
        return ""
    unlike = "against" if language == "en" else "对比"
    reference = incident.threshold if incident.reference is None else incident.reference
    return f"{_number(incident, incident.value)} {unlike} {_number(incident, reference)}"


def _number(incident: Incident, value: float) -> str:
    """A figure in the unit its metric is read in."""
    if incident.metric in ("conversion", "capture_rate", "engagement"):
        return f"{value:.1%}"
    if incident.metric.endswith("_wait") or incident.metric.startswith("dwell"):
        return f"{value:.0f} s"
    if incident.metric == "sku_cover":
        return f"{value:.1f} h"
    return f"{value:,.10g}" if abs(value) < 1e9 else f"{value:.3g}"
