"""One POST over a kept connection, with failures told apart: try again, or never."""

from collections.abc import Mapping

import urllib3

from alerts.channels import RefusedError, UnreachableError

RETRIED = (408, 409, 425, 429)
"""Client errors that another try may cure; every 5xx is one too."""

SAID = 65_536
"""Bytes of an answer that are read at most; an endpoint that says more loses its connection."""


class Poster:
    """Posts to endpoints; safe in several threads. Redirects are not followed: they would drop signatures."""

    def __init__(self, timeout_s: float) -> None:
        self._pool = urllib3.PoolManager(timeout=timeout_s, retries=False, maxsize=8)

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> None:
        """Post; raises ``UnreachableError`` or ``RefusedError`` unless answered with 2xx."""
        try:
            answer = self._pool.request(
                "POST", url, body=body, headers=dict(headers), preload_content=False
            )
        except urllib3.exceptions.LocationValueError as error:
            raise RefusedError(f"not a URL: {url}") from error
        except urllib3.exceptions.HTTPError as error:
            raise UnreachableError(str(error)) from error
        check(answer.status, _said(answer)[:200].decode("utf-8", "replace"))

    def close(self) -> None:
        """Let go of the connections."""
        self._pool.clear()


def _said(answer: urllib3.BaseHTTPResponse) -> bytes:
    """The beginning of an answer's body; what goes wrong in it does not change what its status said."""
    try:
        said = answer.read(SAID)
    except urllib3.exceptions.HTTPError:
        answer.close()
        return b""
    if len(said) < SAID:
        answer.release_conn()
    else:
        answer.close()
    return said


def check(status: int, said: str) -> None:
    """Sort an HTTP status: 2xx passes, what may get better is raised as unreachable, the rest as refused."""
    if 200 <= status < 300:
        return
    if status in RETRIED or status >= 500:
        raise UnreachableError(f"HTTP {status}: {said}")
    raise RefusedError(f"HTTP {status}: {said}")
