"""Sensors and tills: where they are and how they are, the day's minutes, how true they count, what was rejected."""

from typing import Any

from dash import ClientsideFunction, Dash, Input, Output, State, dcc, html, no_update
from dash.development.base_component import Component

from dashboard.catalogue import Language, words
from dashboard.managers import device_rows
from dashboard.managers.day_strips import strips
from dashboard.managers.desk import Desk
from dashboard.managers.floor_map import floor_map
from dashboard.managers.frame import PINNED, heading
from dashboard.managers.grid import WRAPPED, column, table, windows, without_stores
from dashboard.managers.past_reader import PastReader
from dashboard.opening import business_day, opening
from dashboard.panels import aria
from dashboard.reader import UnreachableError
from dashboard.shop import Shop


class Page:
    """``/sensors/{store}``; without a store the first one's floor, and every store's devices below it."""

    name = "sensors"
    path = "sensors"

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.past = PastReader(desk.house.reader)

    def build(self, path: str, language: Language) -> Component:
        """The page before any row arrives."""
        shop = self._shop(path)
        if shop is None:
            return html.H1(words(language)["dash.gone"])
        mine = [(n, getattr(self.desk.shops[n].store.name, language)) for n in self.desk.mine()]
        return sensors(shop, mine, language)

    def register(self, app: Dash) -> None:
        """Tables, map and strips follow the hints; the browser draws the map and the strips."""
        app.callback(
            Output("devices", "rowData"),
            Output("rejects", "rowData"),
            Output("accuracy", "rowData"),
            Output("floor-map", "data"),
            Output("strips", "data"),
            Input("changed", "data"),
            State("where", "pathname"),
            State("where", "search"),
        )(self.sensors)
        for name in ("map", "strips"):
            app.clientside_callback(  # type: ignore[no-untyped-call]
                ClientsideFunction("floor", name),
                Output(f"{name}-drawn", "data-drawn"),
                Input("floor-map" if name == "map" else name, "data"),
            )

    def _shop(self, path: str | None) -> Shop | None:
        parts, mine = (path or "").strip("/").split("/"), self.desk.mine()
        name = parts[1] if len(parts) == 2 else next(iter(mine), "") if len(parts) == 1 else ""
        return self.desk.shops[name] if name in mine else None

    def sensors(self, _changed: object, path: str | None, search: str | None) -> tuple[Any, ...]:
        """Devices and rejects of every store, and one store's floor."""
        mine, language, shop = self.desk.mine(), self.desk.language(search), self._shop(path)
        if shop is None:
            return (no_update,) * 5
        house, now = self.desk.house, None
        try:
            now = self.past.now()
            day = business_day(shop.store, now)
            listed = device_rows.devices(
                house.devices(mine), house.health(mine), self.desk.shops, language
            )
            rejected = device_rows.rejects(house.rejects(mine), language)
            doors = device_rows.accuracy(house.facts(shop.store.id), shop, language)
            minutes = self.past.minutes(shop, day)
        except UnreachableError:
            return (no_update,) * 5
        here = [row for row in listed if row["store"] == shop.store.id]
        drawn = strips(minutes, here, shop, opening(shop.store, day), now, language)
        return listed, rejected, doors, floor_map(here, shop, language), drawn


DEVICES = [
    column("device", "col.device", phone=0, **PINNED, **WRAPPED),
    column("shop", "col.store", width=160),
    column("health", "col.health", phone=92, width=120, cellRenderer="Health"),
    column("reason", "col.reason", minWidth=200, flex=1, **WRAPPED),
    column("heard", "col.heard", "clock", phone=72, width=130),
    column("events", "col.events", "int", width=110),
    column("rejects", "col.rejects", "int", width=100),
    column("battery", "col.battery", "int", width=100),
    column("adapter", "col.adapter", width=120),
    column("topic", "col.topic", minWidth=240, flex=1),
]
REJECTS = [
    column("at", "col.at", "clock", phone=70, width=110),
    column("device", "col.device", phone=0, width=150),
    column("reason", "col.reason", phone=0, minWidth=220, flex=1, **WRAPPED),
    column("place", "col.place", width=150),
    column("topic", "col.topic", minWidth=200, flex=1),
    column("sample", "col.sample", minWidth=240, flex=1),
]
ACCURACY = [
    column("door", "col.door", phone=0, minWidth=120, flex=1, **WRAPPED),
    column("metric", "col.metric", phone=84, width=120, **WRAPPED),
    column("counter", "col.counter", "int", width=110),
    column("value", "col.value", "int", width=110),
    column("factor", "col.factor", phone=156, minWidth=170, flex=1),
    column("state", "col.state", width=110),
]


def sensors(shop: Shop, mine: list[tuple[str, str]], language: Language) -> Component:
    """The floor of one store, then the devices and rejects of all."""
    text = words(language)
    stores = html.Nav(
        [
            html.A(name, href=f"/sensors/{key}?lang={language}", className="nav-link"
                   + (" here" if key == shop.store.id else ""))
            for key, name in mine[:12]
        ],
        className="nav", **aria(label=text["col.store"]),
    )  # fmt: skip
    title = heading(f"{text['sens.title']} · {getattr(shop.store.name, language)}")
    return html.Div(
        [
            dcc.Store(id="floor-map"),
            dcc.Store(id="strips"),
            html.Div([title, *([stores] if len(mine) > 1 else [])], className="bar"),
            html.Div(
                [_map(text), html.Div([_accuracy(language, text), _rejects(language, text)])],
                className="two sensors",
            ),
            _strips(text),
            _panel(
                text["sens.devices"],
                table("devices", without_stores(DEVICES, len(mine)), language, windows(60)),
            ),
        ]
    )


def _map(text: dict[str, str]) -> Component:
    return _panel(
        text["sens.map"],
        html.P(text["sens.map_sub"], className="sub"),
        html.Div(
            id="map-drawn", className="floor-map", role="group", **aria(label=text["sens.map"])
        ),
        html.Ul(id="map-off", className="off-plan", **aria(label=text["sens.off_plan"])),
        html.P(id="map-said", className="sub", role="status"),
    )


def _strips(text: dict[str, str]) -> Component:
    legend = [
        html.Span([html.I(className=f"swatch {word}"), text[f"sens.{word}"]])
        for word in ("covered", "imputed", "missing", "unexpected")
    ]
    return _panel(
        text["sens.strips"],
        html.P([html.Span(text["sens.strips_sub"]), *legend], className="sub legend"),
        html.Div(id="strips-drawn", className="strips"),
        html.P(text["sens.strips_how"], id="strips-said", className="sub", role="status"),
    )


def _accuracy(language: Language, text: dict[str, str]) -> Component:
    return _panel(
        text["sens.accuracy"],
        html.P(
            [text["sens.accuracy_sub"], " ", html.Code("floorcast audit --help")], className="sub"
        ),
        table("accuracy", ACCURACY, language, "224px"),
    )


def _rejects(language: Language, text: dict[str, str]) -> Component:
    return _panel(text["sens.rejects"], table("rejects", REJECTS, language, windows(26)))


def _panel(title: str, *body: Component) -> Component:
    return html.Section([html.H2(title), *body], className="panel")
