"""A Dash app whose document says its language."""

from dash import Dash
from flask import request

from dashboard.catalogue import LOCALE
from dashboard.language import language_of


class Paged(Dash):
    """Dash, with the language that the address asks for in its ``html`` element."""

    language: str = "en"

    def interpolate_index(self, *args: str, **kwargs: str) -> str:
        """The document."""
        asked = language_of(request.query_string.decode(), "zh" if self.language == "zh" else "en")
        document: str = super().interpolate_index(*args, **kwargs)  # type: ignore[no-untyped-call]
        return document.replace("<html>", f'<html lang="{LOCALE[asked]}">', 1)
