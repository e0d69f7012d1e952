"""Why a number is what it is, in a definition list."""

from dash import html
from dash.development.base_component import Component

from dashboard.catalogue import Language, words
from dashboard.managers.rows import interval
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
        (text["col.metric"], f"{fact.metric} ({fact.unit})"),
        (text["col.value"], _number(fact)),
        (text["col.window"], f"{fact.window}: {window}"),
        (text["store.evidence"], of),
        (text["col.interval"], low),
        (text["col.coverage"], coverage),
        (text["col.state"], fact.state),
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


def _number(fact: Fact) -> str:
    if fact.value is None:
        return "–"
    return (
        fact.value
        if isinstance(fact.value, str)
        else f"{fact.value:.1%}"
        if fact.unit == "ratio"
        else f"{fact.value:,.6g}"
    )
