"""The login page (edge)."""

from urllib.parse import urlsplit

import redis
from flask import Flask, Response, abort, make_response, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from dashboard.catalogue import LOCALE, Language, words
from dashboard.doors.audit import Audit
from dashboard.doors.gate import SESSION, visitor
from dashboard.doors.people import People, Visitor
from dashboard.doors.sessions import Sessions
from dashboard.language import language_of
from dashboard.plain import plain


def register(
    server: Flask,
    people: People,
    sessions: Sessions,
    audit: Audit,
    default: Language,
    command: str,
) -> None:
    """Add ``/login`` and ``/logout``."""
    most = sessions.tries

    @server.get("/login")
    def login() -> Response:
        missing = "" if people.with_password() else f"{command} people add admin --access admin"
        return _page(default, "", 200, missing=missing)

    @server.post("/login")
    def enter() -> AnyResponse:
        who, where = request.form.get("who", "").strip()[:64], request.remote_addr or "?"
        try:
            wait_s, tries = sessions.tried(f"name:{who}", f"from:{where}")
            if wait_s:
                if (
                    tries == most + 1
                ):  # told once: who goes on must not push the rest out of the log
                    audit.note(who, "login", result="held", origin=where)
                answer = _page(default, "login.wait", 429, minutes=-(-wait_s // 60))
                answer.headers["Retry-After"] = str(wait_s)
                return answer
            found = people.check(who, request.form.get("password", ""))
            audit.note(who, "login", result="ok" if found else "refused", origin=where)
            if found is None:
                return _page(default, "login.wrong", 401)
            sessions.forgive(f"name:{who}", f"from:{where}")
            sessions.end(request.cookies.get(SESSION, ""))
            return _welcome(found, sessions)
        except redis.RedisError:
            return _page(default, "login.unreachable", 503)

    @server.post("/logout")
    def leave() -> AnyResponse:
        try:
            sessions.end(request.cookies.get(SESSION, ""))
            audit.note(visitor().id, "logout", origin=request.remote_addr or "?")
        except redis.RedisError:
            abort(503, "the data store does not answer")
        answer = make_response("", 204)
        answer.delete_cookie(SESSION)
        return answer


def _page(
    default: Language, key: str, status: int, *, minutes: int = 0, missing: str = ""
) -> Response:
    language = language_of(request.query_string.decode(), default)
    text = words(language)
    said = text[key].replace("{minutes:int}", str(minutes)) if key else ""
    page = render_template(
        "login.html", text=text, lang=LOCALE[language], language=language, said=said, missing=missing,
        there=request.args.get("next", ""), who=request.form.get("who", ""),
    )  # fmt: skip
    return plain(make_response(page, status))


def _welcome(found: Visitor, sessions: Sessions) -> AnyResponse:
    there = local(request.args.get("next", "")) or ("/staff" if found.role == "staff" else "/")
    answer = redirect(there, code=303)
    answer.set_cookie(
        SESSION, sessions.open(found), max_age=sessions.lifetime_s, httponly=True, samesite="Strict",
        secure=request.is_secure,
    )  # fmt: skip
    return answer


def local(address: str) -> str:
    r"""An address on this server, empty for any other.

    >>> local("/staff?store=a"), local("https://evil.example/"), local("//evil.example"), local(r"/\evil")
    ('/staff?store=a', '', '', '')
    """
    parts = urlsplit(address)
    own = address.startswith("/") and not address.startswith(("//", "/\\")) and not parts.netloc
    return address if own and address.isprintable() else ""
