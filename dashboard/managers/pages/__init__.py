"""The managers' pages, one a file.

A module here has ``Page``: ``name`` (its word in the navigation), ``path`` (the first part of its address), ``build``
(what stands before any row arrives) and ``register`` (its callbacks). It is found by being here.
"""

from importlib import import_module
from pkgutil import iter_modules
from typing import Protocol

from dash import Dash
from dash.development.base_component import Component

from dashboard.catalogue import Language
from dashboard.managers.desk import Desk


class Built(Protocol):
    """One page."""

    name: str
    path: str

    def build(self, path: str, language: Language) -> Component:
        """What stands before any row arrives; may raise ``UnreachableError``."""

    def register(self, app: Dash) -> None:
        """Add its callbacks."""


def discover(desk: Desk) -> dict[str, Built]:
    """Every page by the first part of its address."""
    modules = (import_module(f"{__name__}.{found.name}") for found in iter_modules(__path__))
    pages: list[Built] = [module.Page(desk) for module in modules]
    return {page.path: page for page in pages}
