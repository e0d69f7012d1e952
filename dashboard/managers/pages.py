"""The managers' pages as they stand before any row arrives."""

from datetime import date
from typing import Any

import dash_mantine_components as dmc  # type: ignore[import-untyped]
from dash import dcc, html
from dash.development.base_component import Component

from dashboard.catalogue import Language, words
from dashboard.doors.people import Visitor
from dashboard.managers.grid import column, table
from dashboard.panels import aria
from dashboard.shop import Shop, Shops
from dashboard.theme import chart_figure

PINNED: dict[str, Any] = {"pinned": "left", "minWidth": 150}


def frame(body: Component, where: str, language: Language, who: Visitor, shops: Shops) -> Component:
    """A page inside its navigation."""
    text = words(language)
    other = "en" if language == "zh" else "zh"
    first = next((name for name in shops if who.may("manager", name)), "")
    links = [("chain", "/"), ("incidents", "/incidents"), ("sensors", "/sensors")]
    if first:
        links += [("wall", f"/wall/{first}"), ("staff", "/staff")]
    nav = [
        dmc.Anchor(
            text[f"nav.{name}"],
            href=f"{to}?lang={language}",
            className="nav-link" + (" here" if name == where else ""),
            refresh=to.startswith(("/wall", "/staff")),
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


def chain(language: Language) -> Component:
    """All stores."""
    text = words(language)
    columns = [
        column("name", "col.store", **PINNED, cellRenderer="StoreLink"),
        column(
            "act",
            "col.act",
            "int",
            width=90,
            cellRenderer="Count",
            cellRendererParams={"tone": "act"},
        ),
        column(
            "watch",
            "col.watch",
            "int",
            width=90,
            cellRenderer="Count",
            cellRendererParams={"tone": "watch"},
        ),
        column("risk", "col.risk", "money", width=120),
        column("visitors", "col.visitors", "int", width=140),
        column(
            "spark",
            "col.spark",
            sortable=False,
            cellDataType=False,
            width=200,
            cellRenderer="Spark",
        ),
        column("conversion", "col.conversion", "pct", width=150),
        column("interval", "col.interval", width=200),
        column("atv", "col.atv", "money", width=130),
        column("occupancy", "col.occupancy", "int", width=100),
        column("age", "col.age", "seconds", width=120),
    ]
    search = dmc.TextInput(
        id="search", placeholder=text["chain.search"], w=240, **aria(label=text["chain.search"])
    )
    top = html.Div([heading(text["chain.title"], text["chain.sub"]), search], className="bar")
    return html.Div([top, table("chain", columns, language, "calc(100vh - 190px)")])


def incidents(language: Language) -> Component:
    """The list, one incident's life beside it, silences, and the ledger."""
    text = words(language)
    columns = [
        column(
            "severity",
            "col.state",
            width=70,
            minWidth=60,
            cellRenderer="Severity",
            headerName="col.state",
        ),
        column("what", "col.what", minWidth=200, flex=2),
        column("where", "col.where", width=140),
        column("shop", "col.store", width=160),
        column("risk", "col.risk", "money", width=110),
        column("since", "col.since", "clock", width=100),
        column("owner", "col.owner", width=110),
        column("state", "col.state", "state", width=130),
    ]
    grid = table(
        "incidents",
        columns,
        language,
        "52vh",
        rowSelection={"mode": "singleRow", "checkboxes": False, "enableClickSelection": True},
    )
    ledger = [
        column("since", "col.at", "clock", width=90),
        column("what", "col.what", minWidth=180, flex=1),
        column("shop", "col.store", width=160),
        column("action", "col.action", minWidth=150, flex=1),
        column("owner", "col.owner", width=110),
        column("take", "col.take", "seconds", width=120),
        column("before", "col.before", width=100),
        column("after", "col.after", width=100),
        column("recovered", "col.recovered", "recovered", width=200),
        column("false", "col.false", "yes", cellDataType=False, width=130),
    ]
    return html.Div(
        [
            heading(text["inc.title"]),
            html.Div(
                [
                    html.Section(grid, className="panel list"),
                    html.Section(
                        html.P(text["inc.pick"], className="sub"),
                        id="life",
                        className="panel life",
                        **aria(live="polite"),
                    ),
                ],
                className="two",
            ),
            html.Section(
                [html.H2(text["inc.silences"]), html.Div(id="silences")], className="panel"
            ),
            html.Section(
                [
                    html.H2(text["inc.ledger"]),
                    html.P(text["inc.ledger_sub"], className="sub"),
                    table("ledger", ledger, language, "36vh"),
                ],
                className="panel",
            ),
        ]
    )


def life(
    row: dict[str, Any],
    steps: list[tuple[str, str, str, str]],
    people: list[dict[str, str]],
    language: Language,
) -> list[Component]:
    """One incident: what can be done, and every step of its life."""
    text = words(language)
    over = row["state"] in {"resolved", "expired"}

    def do(what: str, label: str, primary: bool = False) -> Component:  # noqa: FBT001, FBT002
        return html.Button(
            label,
            className="primary" if primary else "",
            disabled=over and what != "done",
            **does(what, row["store"], row["id"]),
        )

    return [
        html.H2(row["what"]),
        html.P(f"{row['shop']} · {row['where']} → {row['action']}", className="sub"),
        html.Div(
            [
                do("ack", text["staff.ack"], True),
                do("done", text["staff.done"]),
                do("snooze", text["staff.snooze"]),
                do("dismiss", text["staff.dismiss"]),
                do("silence", text["inc.silence"]),
            ],
            className="does",
        ),
        html.Div(
            [
                html.Select(
                    [html.Option(p["label"], value=p["value"]) for p in people],
                    id="give-to",
                    **aria(label=text["inc.assign"]),
                ),
                do("assign", text["inc.assign"]),
            ],
            className="line",
        ),
        html.Div(
            [
                dmc.TextInput(
                    id="note",
                    style={"flex": 1},
                    placeholder=text["inc.comment"],
                    **aria(label=text["inc.comment"]),
                ),
                html.Button(text["inc.send"], **does("comment", row["store"], row["id"])),
            ],
            className="line",
        ),
        html.H3(text["inc.life"]),
        html.Ol(
            [
                html.Li(
                    [
                        html.Time(at),
                        html.B(kind),
                        html.Span(actor),
                        html.Span(reason, className="sub"),
                    ]
                )
                for at, kind, actor, reason in steps
            ],
            className="steps",
        ),
    ]


def store(shop: Shop, language: Language, today: date) -> Component:
    """One store: any day's curve, and every measure with what it rests on."""
    text = words(language)
    columns = [
        column("metric", "col.metric", **PINNED),
        column("subject", "col.subject", width=160),
        column("window", "col.window", width=95),
        column("value", "col.value", "fact", width=120, type="rightAligned"),
        column("interval", "col.interval", width=190),
        column("n", "col.n", "int", width=80),
        column("coverage", "col.coverage", "pct", width=110),
        column("state", "col.state", width=100),
        column("revision", "col.revision", "int", width=100),
        column("newest", "col.newest", "clock", width=130),
    ]
    grid = table(
        "facts",
        columns,
        language,
        "44vh",
        rowSelection={"mode": "singleRow", "checkboxes": False, "enableClickSelection": True},
    )
    picker = dmc.DatePickerInput(
        id="day",
        value=today.isoformat(),
        maxDate=today.isoformat(),
        valueFormat="YYYY-MM-DD",
        w=180,
        **aria(label=text["store.day"]),
    )
    graph = dcc.Graph(
        id="day-chart",
        figure=chart_figure(),
        config={"displayModeBar": False, "staticPlot": True},
        responsive=True,
        style={"height": "30vh"},
    )
    return html.Div(
        [
            html.Div([heading(getattr(shop.store.name, language)), picker], className="bar"),
            html.Section(
                [
                    html.H2(text["store.chart"]),
                    html.P(id="day-note", className="sub"),
                    html.Div(graph, role="img", **aria(label=text["store.chart"])),
                ],
                className="panel",
            ),
            html.Div(
                [
                    html.Section([html.H2(text["store.facts"]), grid], className="panel list"),
                    html.Section(
                        [
                            html.H2(text["store.why"]),
                            html.Div(
                                html.P(text["store.pick"], className="sub"),
                                id="why",
                                **aria(live="polite"),
                            ),
                        ],
                        className="panel life",
                    ),
                ],
                className="two",
            ),
        ]
    )


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
