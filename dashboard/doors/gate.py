"""The gate before every request: who asks, what for, and whether they may (edge).

| path | who |
|---|---|
| ``/login``, ``/healthz``, static files, signed links | anybody |
| ``/wall/{store}…`` | that store's kiosk token, which can only look, and whoever may see the store |
| ``/staff``, ``/act``, ``/push/…`` | staff and above, at their stores |
| ``/settings/{store}`` | admins of that store |
| ``/store/{store}``, ``/forecast/…``, ``/sensors/…``, ``/weekly/…`` | managers of that store |
| everything else | managers and above |

A write needs the session's CSRF token in ``X-CSRF`` and must come from our own origin; a wall's token has no such
token and is good for GET alone. A signed link is itself the permission, for one person and the incidents of one push,
also for a button in a messenger's own page. Callbacks of managers' pages are reads by POST; they need our own origin.
"""

import hmac
import time
from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import urlencode, urlsplit

import redis
import structlog
from flask import Flask, Response, abort, g, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from dashboard.doors.kiosks import EVERY, Kiosks
from dashboard.doors.people import Role, Visitor
from dashboard.doors.sessions import Sessions

SESSION, KIOSK = "floorcast_session", "floorcast_kiosk"
KIOSK_S = 400 * 86_400  # as long as browsers keep a cookie (RFC 6265bis)
KNOWN_S = 2.0  # a stream asks this often at most whether its session lasts
LINK = "/staff/act"
OF_A_STORE = frozenset({"store", "forecast", "sensors", "weekly"})
PUBLIC = (
    "/login", "/healthz", "/static/", "/wall/assets/", "/wall/_dash-component-suites/",
    "/_dash-component-suites/", "/assets/", "/_favicon.ico", "/wall/_favicon.ico", "/staff/confirm", LINK,
    "/staff/sw.js", "/staff/app.webmanifest",
)  # fmt: skip
_log = structlog.get_logger("dashboard.doors")


class Gate(NamedTuple):
    """What decides who comes in."""

    sessions: Sessions
    kiosks: Kiosks

    def guard(self, server: Flask) -> None:
        """Stand before every request of a server."""
        server.before_request(self._admit)
        server.after_request(self._keep_wall)

    def _admit(self) -> AnyResponse | None:
        g.visitor = None
        if request.method not in {"GET", "HEAD"} and request.path != LINK and not _from_here():
            abort(403, "from another site")
        if any(request.path == p or (p[-1] == "/" and request.path.startswith(p)) for p in PUBLIC):
            return None
        visitor = self._who()
        if visitor is None:
            return _ask_to_log_in()
        g.visitor = visitor
        if not _may_enter(visitor, request.path):
            abort(403, "not yours to open")
        if not _reads() and not _proves(visitor):
            abort(403, "without this session's token")
        return None

    def _who(self) -> Visitor | None:
        """A person by their session, else a wall by its token."""
        if session := request.cookies.get(SESSION):
            try:
                if found := self.sessions.visitor(session):
                    return found
            except redis.RedisError as error:
                _log.warning("session-unknown", reason=str(error))
                if not token():
                    abort(503, "the data store does not answer")
        if not request.path.startswith("/wall/"):
            return None
        store = self.kiosks.store_of(token())
        if not store:
            return None
        return Visitor(f"kiosk:{store}", store, "kiosk", () if store == EVERY else (store,))

    def still(self, role: Role, store: str = "") -> Callable[[], bool]:
        """Whether who asks now still may, looked up again while their stream lasts; true while nobody can tell."""
        held = token()
        if visitor().role == "kiosk":
            return lambda: self.kiosks.store_of(held) in {store, EVERY}
        session, known_until = request.cookies.get(SESSION, ""), time.monotonic() + KNOWN_S

        def holds() -> bool:
            nonlocal known_until
            if time.monotonic() < known_until:
                return True
            known_until = time.monotonic() + KNOWN_S
            try:
                found = self.sessions.visitor(session)
            except redis.RedisError:
                return True  # what is shown stays, and is marked as old
            return found is not None and found.may(role, store)

        return holds

    def _keep_wall(self, response: Response) -> Response:
        """A token that came in the address becomes a cookie: HttpOnly, strictly ours, only for walls."""
        given = request.args.get("k", "")
        shown = response.status_code == 200 and request.path.startswith("/wall/")
        if given and shown and self.kiosks.store_of(given):
            response.set_cookie(
                KIOSK, given, max_age=KIOSK_S, path="/wall", httponly=True, samesite="Strict",
                secure=request.is_secure,
            )  # fmt: skip
        return response


def visitor() -> Visitor:
    """Who asks, on a page that needs somebody."""
    found: Visitor | None = g.get("visitor")
    if found is None:
        abort(401)
    return found


def token() -> str:
    """The token a wall came with, in its address or its cookie."""
    return request.args.get("k") or request.cookies.get(KIOSK, "")


def _may_enter(who: Visitor, path: str) -> bool:
    parts = path.strip("/").split("/")
    if parts[0] == "wall":
        named = parts[1] if len(parts) > 1 and not parts[1].startswith("_") else ""
        return who.may("kiosk", named)
    if parts[0] in {"staff", "act", "push", "logout"}:
        return who.may("staff")
    named = parts[1] if len(parts) > 1 else ""
    if parts[0] == "settings":
        return who.may("admin", named)
    return who.may("manager", named.removesuffix(".csv") if parts[0] in OF_A_STORE else "")


def _proves(who: Visitor) -> bool:
    """Whether a write carries its session's own token."""
    given = request.headers.get("X-CSRF", "")
    return bool(who.csrf) and hmac.compare_digest(who.csrf.encode(), given.encode())


def _reads() -> bool:
    """Whether it changes nothing: GET, and the callbacks of managers' pages, which Dash asks by POST."""
    return request.method in {"GET", "HEAD", "OPTIONS"} or request.path == "/_dash-update-component"


def _from_here() -> bool:
    """A browser says where a POST comes from; what says nothing is no browser and carries no cookie by chance."""
    origin = request.headers.get("Origin")
    if origin is not None:
        return urlsplit(origin).netloc == request.host
    return request.headers.get("Sec-Fetch-Site", "same-origin") in {"same-origin", "none"}


def _ask_to_log_in() -> AnyResponse:
    page = request.method == "GET" and "text/html" in request.headers.get("Accept", "")
    if not page:
        abort(401)
    there = request.full_path.rstrip("?") if request.path != "/" else ""
    asked = {"lang": request.args.get("lang", ""), "next": there}
    query = urlencode({name: value for name, value in asked.items() if value})
    return redirect("/login" + (f"?{query}" if query else ""))
