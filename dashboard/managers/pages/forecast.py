"""What is coming at one store: numbers with intervals, which model speaks and why, how good it was, what to do."""

from datetime import timedelta
from typing import Any

import dash_mantine_components as dmc  # type: ignore[import-untyped]
from dash import Dash, Input, Output, State, dcc, html, no_update
from dash.development.base_component import Component

from dashboard import forecasts
from dashboard.catalogue import Language, term, words
from dashboard.forecasts import SUFFIX
from dashboard.managers.desk import Desk
from dashboard.managers.forecast_parts import (
    DAYS,
    RESTOCK,
    STAFF,
    curve_figure,
    day_row,
    error_figure,
    head_card,
    quality_line,
    restock_row,
    staff_row,
    switch_lines,
)
from dashboard.managers.forecast_words import Said, factors, spoken
from dashboard.managers.frame import heading
from dashboard.managers.grid import table
from dashboard.managers.past_reader import PastReader, Wanted
from dashboard.opening import business_day
from dashboard.panels import aria
from dashboard.reader import UnreachableError
from dashboard.shop import Shop
from dashboard.suggestions import restock, staffing
from dashboard.theme import chart_figure
from flows.facts import Window

LOOKED_AT = 28  # days of error shown
AHEAD_DAYS = 7


class Page:
    """``/forecast/{store}``."""

    name = "forecast"
    path = "forecast"

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.past = PastReader(desk.house.reader)

    def build(self, path: str, language: Language) -> Component:
        """The page before any number arrives."""
        shop = self._shop(path)
        if shop is None:
            return html.H1(words(language)["dash.gone"])
        today = business_day(shop.store, self.past.now())
        kept = {m for m, _, _ in self.past.metrics(shop, today)}
        kept |= {f.metric for f in self.desk.house.facts(shop.store.id)}
        mine = [(n, getattr(self.desk.shops[n].store.name, language)) for n in self.desk.mine()]
        return page(shop, forecasts.targets(kept) or ["visitors"], mine, language)

    def register(self, app: Dash) -> None:
        """What lies ahead follows the hints; the past is read when the target is chosen."""
        now, target = Input("changed", "data"), Input("fc-target", "value")
        where, search = State("where", "pathname"), State("where", "search")
        app.callback(
            Output("fc-heads", "children"),
            Output("fc-why", "children"),
            Output("fc-curve", "figure"),
            Output("fc-restock", "rowData"),
            Output("fc-staff", "rowData"),
            target, now, where, search,
        )(self.ahead)  # fmt: skip
        app.callback(
            Output("fc-error", "figure"),
            Output("fc-quality", "children"),
            Output("fc-switches", "children"),
            Output("fc-days", "rowData"),
            target, where, search,
        )(self.behind)  # fmt: skip

    def _shop(self, path: str | None) -> Shop | None:
        parts = (path or "").strip("/").split("/")
        mine = self.desk.mine()
        name = parts[1] if len(parts) == 2 else next(iter(mine), "") if len(parts) == 1 else ""
        return self.desk.shops[name] if name in mine else None

    def ahead(
        self, target: str | None, _changed: object, path: str | None, search: str | None
    ) -> tuple[Any, ...]:
        """Heads, the champion in words, today's curve, and what to order and whom to call."""
        shop, language = self._shop(path), self.desk.language(search)
        if shop is None or not target:
            return (no_update,) * 5
        try:
            now = self.past.now()
            today = business_day(shop.store, now)
            facts = self.desk.house.facts(shop.store.id)
            days = self.past.days(
                shop,
                [today, today - timedelta(days=7)],
                [*_curves(target), Wanted("associates" + SUFFIX, "quarter")],
            )
        except UnreachableError:
            return (no_update,) * 5
        said = Said(shop, language, target)
        told = [head_card(h, said) for h in forecasts.heads(facts, target)]
        curve = [
            f for f in days[today] if f.metric.removesuffix(SUFFIX) == target and f.window != "day"
        ]
        quarters = [f for f in days[today] if f.metric == "associates" + SUFFIX and f.end > now]
        lines = [*spoken(facts, said), *factors(facts, days, today, said)]
        return (
            told or html.P(words(language)["fc.none"], className="sub"),
            html.Ul([html.Li(line) for line in lines], className="said"),
            curve_figure(curve, shop, now),
            [restock_row(r, said) for r in restock(facts)],
            [staff_row(n, said) for n in staffing(quarters, shop)],
        )

    def behind(self, target: str | None, path: str | None, search: str | None) -> tuple[Any, ...]:
        """Error against the naive forecast by day, changes of champion, and the days ahead."""
        shop, language = self._shop(path), self.desk.language(search)
        if shop is None or not target:
            return (no_update,) * 4
        try:
            now = self.past.now()
            today = business_day(shop.store, now)
            back = [today - timedelta(days=n) for n in range(LOOKED_AT + 7, -1, -1)]
            days = self.past.days(shop, back, _curves(target))
            ahead = [today + timedelta(days=n) for n in range(1, AHEAD_DAYS + 1)]
            coming = self.past.days(shop, ahead, [Wanted(target + SUFFIX, "day")])
        except UnreachableError:
            return (no_update,) * 4
        said = Said(shop, language, target)
        seen = [q for q in forecasts.quality(days, target, now) if back[7] <= q.day < today]
        return (
            error_figure(seen, words(language)),
            quality_line(seen, said),
            switch_lines(seen, said),
            [day_row(day, facts, said) for day, facts in coming.items() if facts],
        )


def _curves(target: str) -> list[Wanted]:
    windows: tuple[Window, ...] = ("quarter", "hour", "day")
    return [Wanted(m, w) for m in (target, target + SUFFIX) for w in windows]


def page(
    shop: Shop, targets: list[str], mine: list[tuple[str, str]], language: Language
) -> Component:
    """The page's frame."""
    text = words(language)
    options = [{"value": t, "label": term("metric", t, language)} for t in targets]
    choose = dmc.Select(
        id="fc-target", data=options, value=targets[0], w=220, allowDeselect=False,
        **aria(label=text["fc.target"]),
    )  # fmt: skip
    stores = html.Nav(
        [
            html.A(name, href=f"/forecast/{key}?lang={language}", className="nav-link"
                   + (" here" if key == shop.store.id else ""))
            for key, name in mine[:8]
        ],
        className="nav", **aria(label=text["col.store"]),
    )  # fmt: skip
    export = html.A(
        text["fc.export"],
        href=f"/forecast/{shop.store.id}.csv",
        className="button",
        download=f"forecast-{shop.store.id}.csv",
    )
    tools = [*([stores] if len(mine) > 1 else []), choose, export]
    title = heading(
        f"{text['nav.forecast']} · {getattr(shop.store.name, language)}", text["fc.sub"]
    )
    return html.Div([
        html.Div([title, html.Div(tools, className="tools")], className="bar"),
        html.Div(id="fc-heads", className="heads"),
        html.Div([
            _panel(text["fc.curve"], _graph("fc-curve", text["fc.curve"])),
            html.Section([
                html.H2(text["fc.why"]), html.Div(id="fc-why"),
                html.H3(text["fc.switches"]), html.Div(id="fc-switches"),
            ], className="panel"),
        ], className="two"),
        html.Div([
            _panel(text["fc.error"], html.P(id="fc-quality", className="sub"), _graph("fc-error", text["fc.error"])),
            _panel(text["fc.days"], table("fc-days", DAYS, language, "260px")),
        ], className="two"),
        _panel(text["fc.restock"], html.P(text["fc.restock_sub"], className="sub"),
               table("fc-restock", RESTOCK, language, "300px")),
        _panel(text["fc.staff"], html.P(text["fc.staff_sub"].format(per=f"{shop.star_target:g}"), className="sub"),
               table("fc-staff", STAFF, language, "300px")),
    ])  # fmt: skip


def _panel(title: str, *body: Component) -> Component:
    return html.Section([html.H2(title), *body], className="panel")


def _graph(name: str, label: str) -> Component:
    graph = dcc.Graph(
        id=name, figure=chart_figure(), config={"displayModeBar": False, "staticPlot": True},
        responsive=True, style={"height": "260px"},
    )  # fmt: skip
    return html.Div(graph, role="img", **aria(label=label))
