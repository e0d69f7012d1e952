"""The wall's panels, one a file: what each draws before any number arrives.

A module here has ``ORDER``, ``AREA`` (its cell of the wall's grid) and ``panel(shop, say)``; it is found by being
here.
"""

from collections.abc import Callable
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, NamedTuple, cast

from dash import html
from dash.development.base_component import Component

from dashboard.shop import Shop

Say = Callable[[str], str]
Build = Callable[[Shop, Say], Component]


class Panel(NamedTuple):
    """A panel found in this package."""

    order: int
    area: str
    build: Build


def aria(**names: str) -> dict[str, Any]:
    """Accessibility attributes, whose names are no Python names."""
    return {f"aria-{name}": value for name, value in names.items()}


def discover() -> list[Panel]:
    """Every panel module, in drawing order."""
    modules = (import_module(f"{__name__}.{found.name}") for found in iter_modules(__path__))
    return sorted(
        (Panel(m.ORDER, m.AREA, cast("Build", m.panel)) for m in modules), key=lambda p: p.order
    )


def section(
    name: str, title: str, body: list[Component], note: Component | None = None
) -> Component:
    """A titled panel; its heading names it to those who cannot see it."""
    return html.Section(
        [
            html.Header(
                [
                    html.H2(title, id=f"{name}-title"),
                    note if note is not None else html.Span(id=f"{name}-note", className="note"),
                ],
                className="panel-head",
            ),
            *body,
        ],
        className=f"panel {name}",
        id=name,
        **aria(labelledby=f"{name}-title"),
    )
