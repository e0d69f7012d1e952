"""One incident beside the list: what can be done about it, and every step of its life. Pure."""

from collections.abc import Sequence
from typing import Any

import dash_mantine_components as dmc  # type: ignore[import-untyped]
from dash import html
from dash.development.base_component import Component

from dashboard.catalogue import Language, words
from dashboard.managers.frame import does
from dashboard.managers.rows import Row
from dashboard.panels import aria

Step = tuple[str, str, str, str]
"""Time, kind, actor and reason in words."""
OVER = frozenset({"resolved", "expired"})


def life(
    row: Row,
    steps: Sequence[Step],
    people: list[dict[str, str]],
    snooze_s: float,
    language: Language,
) -> list[Component]:
    """An incident's title, its buttons, and its steps."""
    text = words(language)
    return [
        html.H2(row["what"]),
        html.P(f"{row['shop']} · {row['where']} → {row['action']}", className="sub"),
        *(html.P(line, className="sub") for line in row["besides"]),
        html.Div(_answers(row, text, snooze_s), className="does"),
        html.Div(
            [_colleagues(people, text), _button(row, "assign", text["inc.assign"])],
            className="line",
        ),
        html.Div(
            [
                _note(text),
                html.Button(text["inc.send"], **does("comment", row["store"], row["id"])),
            ],
            className="line",
        ),
        html.H3(text["inc.life"]),
        html.Ol([_step(step) for step in steps], className="steps"),
    ]


def _answers(row: Row, text: dict[str, str], snooze_s: float) -> list[Component]:
    labels = {
        "ack": text["staff.ack"], "done": text["staff.done"],
        "snooze": text["staff.snooze"].replace("{n:int}", f"{snooze_s / 60:.0f}"),
        "dismiss": text["staff.dismiss"], "silence": text["inc.silence"],
    }  # fmt: skip
    return [_button(row, what, label) for what, label in labels.items()]


def _button(row: Row, what: str, label: str) -> Component:
    return html.Button(
        label, className="primary" if what == "ack" else "", disabled=row["state"] in OVER and what != "done",
        **does(what, row["store"], row["id"]),
    )  # fmt: skip


def _colleagues(people: list[dict[str, str]], text: dict[str, str]) -> Component:
    options = [html.Option(p["label"], value=p["value"]) for p in people]
    return html.Select(options, id="give-to", **aria(label=text["inc.assign"]))


def _note(text: dict[str, str]) -> Any:  # noqa: ANN401 - dash_mantine_components has no types
    said = text["inc.comment"]
    return dmc.TextInput(id="note", style={"flex": 1}, placeholder=said, **aria(label=said))


def _step(step: Step) -> Component:
    at, kind, actor, reason = step
    told = [html.Time(at), html.B(kind), html.Span(actor), html.Span(reason, className="sub")]
    return html.Li(told)
