"""The sales gap in words and by factor. Pure."""

from dash import html
from dash.development.base_component import Component

from dashboard.catalogue import Language, term, words
from dashboard.numbers import amount
from dashboard.shop import Shop
from flows.facts import Fact


def gap(found: list[Fact], shop: Shop, language: Language) -> Component | None:
    """Today's sales against the usual up to now, split over visitors, conversion and the average transaction."""
    text, currency = words(language), shop.store.currency
    fact = next(
        (f for f in found if f.metric == "sales_gap" and isinstance(f.value, int | float)), None
    )
    if fact is None or not isinstance(fact.value, int | float):
        return html.P(text["gap.none"], className="sub")
    parts = [
        html.Div([
            html.Span(term("metric", name, language), className="sub"),
            html.B(
                ("+" if effect > 0 else "") + amount(effect, "minor", currency),
                className="less" if effect < 0 else "more",
            ),
        ], className="factor")
        for name in ("visitors", "conversion", "atv")
        if isinstance(effect := fact.detail.get(name), int | float)
    ]  # fmt: skip
    said = text["gap.said"].format(
        sales=amount(fact.evidence.k, "minor", currency), usual=amount(fact.evidence.n, "minor", currency),
        gap=amount(float(fact.value), "minor", currency), why=term("gap", fact.reason, language),
    )  # fmt: skip
    return html.Div([html.P(said), html.Div(parts, className="factors")])
