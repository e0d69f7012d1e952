"""Who may speak at a webhook: one signature scheme a file, found by its ``NAME``. Pure.

A scheme module holds three names and nothing else is edited to add one:

* ``NAME``: what ``[[sensors.devices]] scheme`` says; an adapter of the same name chooses it by itself;
* ``DOCUMENTED``: where the vendor describes it;
* ``verify(delivery, secret) -> Verified | Handshake``: raises ``RefusedError`` with the reason, compares in constant
  time, and trusts nothing of the request before that.
"""

from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import NamedTuple

from sensors.webhooks._delivery import Delivery, Handshake, RefusedError, Verified

__all__ = ["Delivery", "Handshake", "RefusedError", "Scheme", "Verified", "scheme", "verified"]

DEFAULT = "token"  # of an adapter that has no scheme of its own


class Scheme(NamedTuple):
    """One way to prove who speaks."""

    name: str
    documented: str
    verify: Callable[[Delivery, bytes], Verified | Handshake]


@cache
def schemes() -> Mapping[str, Scheme]:
    """Every scheme by name."""
    found: dict[str, Scheme] = {}
    for info in iter_modules(__path__):
        if not info.name.startswith("_"):
            module = import_module(f"{__name__}.{info.name}")
            found[module.NAME] = Scheme(module.NAME, module.DOCUMENTED, module.verify)
    return found


def scheme(name: str, adapter: str) -> Scheme:
    """The scheme of a device: the one named, else its adapter's own, else a token.

    Raises ``KeyError`` naming those there are.
    """
    known = schemes()
    if name and name not in known:
        raise KeyError(f"no webhook scheme {name!r}; there are: {', '.join(sorted(known))}")
    return known.get(name) or known.get(adapter) or known[DEFAULT]


def verified(kind: Scheme, delivery: Delivery, secrets: bytes) -> Verified | Handshake:
    """Verify with each secret of a file, one a line, so that a key can be changed without a gap.

    Raises ``RefusedError`` with the last one's reason.
    """
    reason = "no secret is configured"
    for secret in filter(None, map(bytes.strip, secrets.splitlines())):
        try:
            return kind.verify(delivery, secret)
        except RefusedError as refused:
            reason = str(refused)
    raise RefusedError(reason)
