"""The screens: one Flask server with the walls, the staff page, the managers' pages and the gate before them all."""

import hashlib
from importlib.metadata import version
from pathlib import Path
from typing import Any

import msgspec
from dash import Dash
from flask import Flask, Response, abort, g, jsonify, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from dashboard import push
from dashboard.act import Deeds
from dashboard.callbacks import register
from dashboard.configuration.change import Changes
from dashboard.configuration.file import ConfigFile
from dashboard.configuration.plan_images import PlanImages
from dashboard.configuration.plan_routes import PlanPictures
from dashboard.configuration.routes import SettingsPages
from dashboard.doors import login, refusals
from dashboard.doors.audit import Audit
from dashboard.doors.gate import Gate
from dashboard.doors.house import House
from dashboard.doors.kiosks import Kiosks
from dashboard.doors.people import People
from dashboard.doors.proxies import Proxies
from dashboard.doors.sessions import Sessions
from dashboard.managers import exports
from dashboard.managers.app import Managers
from dashboard.managers.desk import Desk
from dashboard.managers.house_reader import HouseReader
from dashboard.managers.pages import discover
from dashboard.managers.weekly import WeeklyPages
from dashboard.paged import Paged
from dashboard.parts import local_time
from dashboard.playlist import Playlist
from dashboard.reader import Reader
from dashboard.settings import DashboardSettings
from dashboard.shop import Shops
from dashboard.staff.routes import Staff
from dashboard.stream import Hub
from dashboard.write import CommandWriter

HERE = Path(__file__).parent
ASSETS = HERE / "assets"
MANAGERS_ONLY = frozenset({"dash_mantine_components", "dash_ag_grid"})
"""Component libraries whose scripts and styles no wall loads, though one process serves both."""


class Screens(Paged):
    """The walls as a Dash app."""

    hub: Hub
    managers: Dash
    managers_desk: Desk

    def _collect_and_register_resources(
        self,
        resources: list[dict[str, Any]],
        *rest: object,
        **more: object,
    ) -> list[str]:
        """Scripts and styles of this app alone: Dash gives every app those of all that are imported."""
        own = [r for r in resources if r.get("namespace") not in MANAGERS_ONLY]
        found: list[str] = super()._collect_and_register_resources(  # type: ignore[no-untyped-call]
            own, *rest, **more
        )
        return found


def create_app(reader: Reader, shops: Shops, settings: DashboardSettings, house: House) -> Screens:
    """The screens of every configured store, reading through ``reader``."""
    server = Flask("dashboard", static_folder=str(HERE / "static"), template_folder="templates")
    server.config["MAX_CONTENT_LENGTH"] = 1_048_576
    app = Screens(
        __name__,
        server=server,  # type: ignore[arg-type]
        title="Floorcast",
        update_title="",
        assets_folder=str(ASSETS),
        routes_pathname_prefix="/wall/",
        requests_pathname_prefix="/wall/",
        serve_locally=True,
        compress=False,
        suppress_callback_exceptions=True,
        meta_tags=[{"name": "viewport", "content": "width=device-width, initial-scale=1"}],
    )
    app.language = settings.language
    app.hub = Hub(reader, shops, settings, release())
    register(app, shops, settings)
    gate = _doors(app, reader, shops, settings, house)
    _routes(app, shops, gate)
    _headers(app)
    return app


def _doors(
    app: Screens, reader: Reader, shops: Shops, settings: DashboardSettings, house: House
) -> Gate:
    """The gate, the login, the staff page and what they write."""
    server = app.server
    people = People(house.people, house.folder, house.config)
    audit = Audit(reader.client, settings.audit_entries)
    sessions = Sessions(reader.client, people, settings)
    gate = Gate(sessions, Kiosks(house.folder))
    gate.guard(server)
    refusals.register(server, settings.language)
    server.wsgi_app = Proxies(server.wsgi_app, settings.proxies)
    login.register(server, people, sessions, audit, settings.language, house.command)
    writer = CommandWriter(reader.client, reader.partitions)
    deeds = Deeds(reader, shops, writer, audit, settings.snooze_s)
    push_key = push.public_key(house.folder) if house.push else ""
    Staff(
        shops, app.hub, deeds, people, gate, house.link_key, push_key, settings.language
    ).register(server)
    desk = Desk(HouseReader(reader, shops), shops, app.hub, writer, house.people, settings)
    app.managers, app.managers_desk = Managers(desk, discover(desk), gate).create(server), desk
    file = ConfigFile(house.config, house.check, house.folder) if house.config else None
    changes = Changes(desk, audit, file)
    SettingsPages(changes).register(server)
    PlanPictures(changes, PlanImages(house.folder)).register(server)
    exports.register(server, desk)
    WeeklyPages(desk, house.ledger).register(server)
    Playlist(desk).register(server)
    server.add_template_filter(local_time, "local")
    push.Pushes(push.Subscriptions(reader.client), audit).register(server)
    return gate


def _routes(app: Screens, shops: Shops, gate: Gate) -> None:
    server = app.server

    @server.get("/wall/<store>/events")  # type: ignore[untyped-decorator]
    def events(store: str) -> Response:
        """The stream of one store's changes; it ends with the session or the token that opened it."""
        if store not in shops:
            abort(404)
        return Response(
            app.hub.events(store, holds=gate.still("kiosk", store)),
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

    @server.get("/healthz")  # type: ignore[untyped-decorator]
    def healthz() -> Response:
        """Whether this process answers; says nothing of the shop."""
        return jsonify(version=release())

    @server.get("/wall/")  # type: ignore[untyped-decorator]
    def first_store() -> AnyResponse:
        """The first wall that the visitor may see."""
        mine = [name for name in shops if g.visitor.may("kiosk", name)]
        return redirect(f"/wall/{mine[0]}") if mine else abort(403)


def _headers(app: Screens) -> None:
    hashes = " ".join({*app.csp_hashes(), *app.managers.csp_hashes()})
    rest = "img-src 'self' data:; font-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'"

    @app.server.after_request  # type: ignore[untyped-decorator]
    def secure(response: Response) -> Response:
        """Nothing inline: Dash's own scripts by their hashes, its style sheets by the document's nonce."""
        nonce = f" 'nonce-{g.style_nonce}'" if "style_nonce" in g else ""
        scripts = f" {hashes}" if nonce else ""
        # only the playlist frames a wall, by itself
        framed = "'self'" if request.path.startswith("/wall/") else "'none'"
        policy = (
            f"default-src 'self'; script-src 'self'{scripts}; style-src 'self'{nonce}; {rest}; "
            f"frame-ancestors {framed}"
        )
        response.headers.setdefault("Content-Security-Policy", policy)
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        response.headers.setdefault("Referrer-Policy", "same-origin")
        return response


def release() -> str:
    """Names the code and assets a browser runs; when it differs from the server's, the page reloads."""
    digest = hashlib.sha256(version("dash").encode())
    kinds = {".py", ".js", ".css", ".html"}
    for path in sorted(p for p in HERE.rglob("*") if p.suffix in kinds):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:10]
