"""What every manager's page stands in: navigation, a title, buttons that ask for something."""

from collections.abc import Sequence
from hashlib import sha256
from typing import Any

import dash_mantine_components as dmc  # type: ignore[import-untyped]
from dash import html, no_update
from dash.development.base_component import Component
from plotly.io.json import to_json_plotly  # type: ignore[import-untyped]

from dashboard.catalogue import Language, words
from dashboard.doors.people import Visitor
from dashboard.panels import aria
from dashboard.shop import Shops

NOT_DASH = ("/wall", "/staff", "/settings", "/weekly")
PINNED: dict[str, Any] = {"pinned": "left", "minWidth": 150}


def frame(body: Component, where: str, language: Language, who: Visitor, shops: Shops) -> Component:
    """A page inside its navigation."""
    text = words(language)
    other = "en" if language == "zh" else "zh"
    first = next((name for name in shops if who.may("manager", name)), "")
    links = [("chain", "/"), ("incidents", "/incidents"), ("forecast", "/forecast")]
    links += [("sensors", "/sensors"), ("weekly", "/weekly")]
    if who.role == "admin":
        links += [("settings", "/settings")]
    if first:
        links += [("wall", f"/wall/{first}"), ("staff", "/staff")]
    nav = [
        dmc.Anchor(
            text[f"nav.{name}"],
            href=f"{to}?lang={language}",
            className="nav-link" + (" here" if name == where else ""),
            refresh=to.startswith(NOT_DASH),
            **(aria(current="page") if name == where else {}),
        )
        for name, to in links
    ]
    head = html.Header(
        [
            html.B("Floorcast", className="logo"),
            html.Nav(nav, className="nav", **aria(label=text["nav.label"])),
            html.Div(
                [
                    html.Span(who.name, className="me"),
                    html.A(
                        text["nav.language"],
                        href=f"?lang={other}",
                        lang="zh-CN" if other == "zh" else "en-GB",
                    ),
                    html.Button(text["door.leave"], id="leave", className="plain"),
                ],
                className="who",
            ),
        ],
        className="head",
    )
    return html.Div(
        [head, html.P(id="trouble", className="trouble", role="status"), html.Main(body, id="main")]
    )


def does(what: str, store: str, target: str) -> dict[str, Any]:
    """What a button's tap asks for."""
    return {"data-do": what, "data-store": store, "data-target": target}


def heading(title: str, sub: str = "") -> Component:
    """A page's title."""
    return html.Div([html.H1(title), html.P(sub, className="sub")], className="title")


def redrawn(body: Sequence[Component], mark: str | None) -> tuple[Any, Any]:
    """A place's children and their mark, ``data-mark``; no update where ``mark`` says that the same stands there.

    Children that are set again are other nodes in the browser: what is typed or marked in them would be lost, and
    a click that began on the old ones.
    """
    newest = sha256(to_json_plotly(body).encode()).hexdigest()[:16]
    return (no_update, no_update) if newest == mark else (list(body), newest)
