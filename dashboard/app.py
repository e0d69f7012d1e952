"""The screens as one Dash app: pages, the stream of changes, and the headers that keep strangers out."""

import hashlib
from importlib.metadata import version
from pathlib import Path

import msgspec
from dash import Dash
from flask import Response, abort, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from dashboard.callbacks import language_of, register
from dashboard.catalogue import LOCALE
from dashboard.layout import page
from dashboard.reader import Reader
from dashboard.settings import DashboardSettings
from dashboard.shop import Shops
from dashboard.stream import Hub

ASSETS = Path(__file__).parent / "assets"


class Screens(Dash):
    """Dash, with the document's language said in its ``html`` element."""

    hub: Hub
    language: str = "en"

    def interpolate_index(self, *args: str, **kwargs: str) -> str:
        """The document; its language is the one the address asks for."""
        asked = language_of(request.query_string.decode(), "zh" if self.language == "zh" else "en")
        document: str = super().interpolate_index(*args, **kwargs)  # type: ignore[no-untyped-call]
        return document.replace("<html>", f'<html lang="{LOCALE[asked]}">', 1)


def create_app(reader: Reader, shops: Shops, settings: DashboardSettings) -> Screens:
    """The screens of every configured store, reading through ``reader``."""
    app = Screens(
        __name__,
        title="Floorcast",
        update_title="",
        assets_folder=str(ASSETS),
        serve_locally=True,
        compress=False,
        suppress_callback_exceptions=True,
        meta_tags=[{"name": "viewport", "content": "width=device-width, initial-scale=1"}],
    )
    app.language = settings.language
    app.layout = page
    app.hub = Hub(reader, shops, settings, release())
    register(app, shops, settings)
    _routes(app, shops)
    _headers(app)
    return app


def _routes(app: Screens, shops: Shops) -> None:
    server = app.server

    @server.get("/wall/<store>/events")  # type: ignore[untyped-decorator]
    def events(store: str) -> Response:
        """The stream of one store's changes."""
        if store not in shops:
            abort(404)
        return Response(
            app.hub.events(store),
            mimetype="text/event-stream",
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )

    @server.get("/wall/<store>/state")  # type: ignore[untyped-decorator]
    def state(store: str) -> Response:
        """Everything about a store now, for a screen whose stream is silent."""
        if store not in shops:
            abort(404)
        return Response(
            msgspec.json.encode(app.hub.state(store)),
            mimetype="application/json",
            headers={"Cache-Control": "no-store"},
        )

    @server.before_request  # type: ignore[untyped-decorator]
    def first_store() -> AnyResponse | None:
        """The root leads to the first store's wall."""
        if request.path == "/" and shops:
            return redirect(f"/wall/{next(iter(shops))}")
        return None


def _headers(app: Screens) -> None:
    hashes = " ".join(app.csp_hashes())
    policy = (
        f"default-src 'self'; script-src 'self' {hashes}; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; "
        "frame-ancestors 'none'"
    )

    @app.server.after_request  # type: ignore[untyped-decorator]
    def secure(response: Response) -> Response:
        response.headers.setdefault("Content-Security-Policy", policy)
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        response.headers.setdefault("Referrer-Policy", "same-origin")
        return response


def release() -> str:
    """Names the code and assets a browser runs; when it differs from the server's, the page reloads."""
    digest = hashlib.sha256(version("dash").encode())
    for path in sorted(
        p for p in Path(__file__).parent.rglob("*") if p.suffix in {".py", ".js", ".css"}
    ):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:10]
