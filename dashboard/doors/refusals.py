"""What somebody reads who is refused, in their language; programs read one line of plain text (edge)."""

from flask import Flask, g, render_template, request
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from dashboard.catalogue import LOCALE, Language, words
from dashboard.language import language_of

AGAIN_S = 10
"""A page that cannot be had for the moment asks again by itself: nobody stands at a wall to do it."""


def register(server: Flask, default: Language) -> None:
    """Say every refusal of a server in words of our own."""

    @server.errorhandler(HTTPException)
    def refused(error: HTTPException) -> Response | HTTPException:
        status = error.code or 500
        if status < 400:
            return error  # on the way elsewhere
        answer = Response(status=status, headers=dict(error.get_headers()))
        answer.headers["Cache-Control"] = "no-store"
        if request.method == "GET" and "text/html" in request.headers.get("Accept", ""):
            answer.data = _page(status, language_of(request.query_string.decode(), default))
            answer.mimetype = "text/html"
            if status == 503:
                answer.headers["Refresh"] = str(AGAIN_S)
        else:
            answer.data = f"{error.description}\n"
            answer.mimetype = "text/plain"
        return answer


def _page(status: int, language: Language) -> str:
    text, who = words(language), g.get("visitor")
    there = "/login" if who is None or status == 403 else "/staff" if who.role == "staff" else "/"
    return render_template(
        "refused.html", lang=LOCALE[language], language=language, text=text, there=there,
        said=text.get(f"refused.{status}", text["refused.else"].replace("{status}", str(status))),
    )  # fmt: skip
