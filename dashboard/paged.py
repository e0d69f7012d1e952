"""A Dash app whose document says its language, and whose style sheets carry a nonce."""

import secrets

from dash import Dash
from flask import g, request

from dashboard.catalogue import LOCALE
from dashboard.language import language_of


class Paged(Dash):
    """Dash, with the language that the address asks for in its ``html`` element.

    Dash's components make their style sheets in the browser. A first script of ours gives those the document's nonce,
    so that the policy can do without ``unsafe-inline``: styles that came in as markup stay without effect.
    """

    language: str = "en"

    def interpolate_index(self, *args: str, **kwargs: str) -> str:
        """The document."""
        asked = language_of(request.query_string.decode(), "zh" if self.language == "zh" else "en")
        document: str = super().interpolate_index(*args, **kwargs)  # type: ignore[no-untyped-call]
        g.style_nonce = secrets.token_urlsafe(16)
        first = f'<head>\n        <script src="/static/nonce.js" nonce="{g.style_nonce}"></script>'
        lang = f'<html lang="{LOCALE[asked]}">'
        return document.replace("<html>", lang, 1).replace("<head>", first, 1)
