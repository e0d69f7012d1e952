"""Headers of the pages that are plain HTML: the staff page, its links, the log-in."""

from flask import Response

POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
"""Nothing inline, neither script nor style: what Dash needs on the walls these pages do without."""


def plain(response: Response) -> Response:
    """Kept by nobody, and nothing in it runs that is not a file of ours."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["Content-Security-Policy"] = POLICY
    return response
