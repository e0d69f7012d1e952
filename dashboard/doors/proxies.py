"""Behind a proxy that ends TLS: whom its headers name, and that the browser's side is https (edge)."""

from collections.abc import Callable, Iterable
from typing import Any

from werkzeug.middleware.proxy_fix import ProxyFix

Wsgi = Callable[[dict[str, Any], Any], Any]


class Proxies:
    """Believes ``X-Forwarded-For`` and ``X-Forwarded-Proto`` of the proxies named, and of nobody else.

    Without it every visitor would have the proxy's address: one who guesses passwords would shut out all.
    """

    def __init__(self, app: Wsgi, addresses: Iterable[str]) -> None:
        self._app, self._told = app, ProxyFix(app, x_for=1, x_proto=1, x_host=0)
        self._addresses = frozenset(addresses)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:  # noqa: ANN401 - WSGI's own
        """One request."""
        believed = environ.get("REMOTE_ADDR") in self._addresses
        return (self._told if believed else self._app)(environ, start_response)
