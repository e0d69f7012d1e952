"""Sensors and tills: their health, and what was rejected."""

from typing import Any

from dash import Dash, Input, Output, State, html, no_update
from dash.development.base_component import Component

from dashboard.catalogue import Language, words
from dashboard.managers import rows
from dashboard.managers.desk import Desk
from dashboard.managers.frame import PINNED, heading
from dashboard.managers.grid import column, table
from dashboard.reader import UnreachableError


class Page:
    """``/sensors``."""

    name = "sensors"
    path = "sensors"

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def build(self, _path: str, language: Language) -> Component:
        """The page before any row arrives."""
        return sensors(language)

    def register(self, app: Dash) -> None:
        """Both tables follow the hints."""
        app.callback(
            Output("devices", "rowData"),
            Output("rejects", "rowData"),
            Input("changed", "data"),
            State("where", "search"),
        )(self.sensors)

    def sensors(self, _changed: object, search: str | None) -> tuple[Any, Any]:
        """Devices and rejects."""
        mine, language = self.desk.mine(), self.desk.language(search)
        try:
            health = self.desk.house.health(mine)
            listed = rows.devices(self.desk.house.devices(mine), health, self.desk.shops, language)
            return listed, rows.rejects(self.desk.house.rejects(mine))
        except UnreachableError:
            return no_update, no_update


def sensors(language: Language) -> Component:
    """Devices with their health, and what was rejected."""
    text = words(language)
    columns = [
        column("device", "col.device", **PINNED),
        column("shop", "col.store", width=160),
        column("health", "col.health", width=120, cellRenderer="Health"),
        column("reason", "col.reason", minWidth=200, flex=1),
        column("heard", "col.heard", "clock", width=130),
        column("events", "col.events", "int", width=110),
        column("rejects", "col.rejects", "int", width=100),
        column("battery", "col.battery", "int", width=100),
        column("adapter", "col.adapter", width=120),
        column("topic", "col.topic", minWidth=240, flex=1),
    ]
    refused = [
        column("at", "col.at", "clock", width=110),
        column("device", "col.device", width=150),
        column("reason", "col.reason", minWidth=260, flex=1),
        column("place", "col.place", width=150),
        column("topic", "col.topic", minWidth=200, flex=1),
        column("sample", "col.sample", minWidth=240, flex=1),
    ]
    return html.Div(
        [
            heading(text["sens.title"]),
            html.Section(table("devices", columns, language, "46vh"), className="panel"),
            html.Section(
                [html.H2(text["sens.rejects"]), table("rejects", refused, language, "32vh")],
                className="panel",
            ),
        ]
    )
