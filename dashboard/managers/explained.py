"""Why a number is what it is, in a definition list."""

from collections.abc import Sequence

from dash import html
from dash.development.base_component import Component

from dashboard.catalogue import Language, term, words
from dashboard.managers.raw_reader import Raw
from dashboard.managers.rows import interval
from dashboard.numbers import amount, unit_shown
from dashboard.shop import Shop
from flows.facts import Fact


def explained(fact: Fact, shop: Shop, language: Language) -> Component:
    """A fact's window, evidence, coverage, state, revisions and further numbers."""
    text, tz, e = words(language), shop.store.tz, fact.evidence
    window = f"{fact.start.astimezone(tz):%m-%d %H:%M} – {fact.end.astimezone(tz):%m-%d %H:%M}"
    of = (
        f"{e.k:g} / {e.n:g}"
        if e.k is not None and e.n is not None
        else f"{e.n:g}"
        if e.n is not None
        else "–"
    )
    low = (
        interval(fact)
        if fact.unit == "ratio"
        else f"{e.low:,.4g} – {e.high:,.4g}"
        if e.low is not None and e.high is not None
        else "–"
    )
    newest = f"{fact.newest_at.astimezone(tz):%H:%M:%S}" if fact.newest_at else "–"
    coverage = "–" if fact.coverage is None else f"{fact.coverage:.0%}"
    told = [
        (
            text["col.metric"],
            f"{term('metric', fact.metric, language)} · {fact.metric} ({fact.unit})",
        ),
        (text["col.value"], _number(fact, shop.store.currency)),
        (text["col.window"], f"{term('window', fact.window, language)}: {window}"),
        (text["store.evidence"], of),
        (text["col.interval"], low),
        (text["col.coverage"], coverage),
        (text["col.state"], term("fact", fact.state, language)),
        (text["col.revision"], str(fact.revision)),
        (text["col.newest"], newest),
        (text["col.reason"], fact.reason or "–"),
        *(
            (name, "–" if v is None else f"{v:,.6g}" if isinstance(v, float) else str(v))
            for name, v in fact.detail.items()
        ),
    ]
    return html.Dl(
        [part for name, said in told for part in (html.Dt(name), html.Dd(said))], className="why"
    )


def _number(fact: Fact, currency: str) -> str:
    if isinstance(fact.value, str):
        return fact.value
    return amount(fact.value, unit_shown(fact.metric, fact.unit), currency)


def events(found: Sequence[Raw], fact: Fact, shop: Shop, language: Language) -> Component:
    """The raw events, the newest first, and the command that shows the whole chain."""
    text, tz = words(language), shop.store.tz
    name = f"{fact.store}/{fact.metric}/{fact.subject}/{fact.window}"
    listed = [
        html.Li([
            html.Time(f"{raw.received_at.astimezone(tz):%H:%M:%S}"), html.B(raw.kind),
            html.Code(raw.text, title=raw.position),
        ])
        for raw in found
    ]  # fmt: skip
    return html.Div(
        [
            html.H3(text["store.raw"]),
            html.Ol(listed, className="raw") if listed else html.P(text["store.no_raw"], className="sub"),
            html.P([text["store.chain"], " ", html.Code(f"floorcast explain {name}")], className="sub"),
        ]
    )  # fmt: skip
