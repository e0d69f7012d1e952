"""Walls that open by a token of their own: for one store, only to look, until it is revoked (edge)."""

import hashlib
import secrets
from pathlib import Path

from msgspec import Struct

from dashboard.doors.private_file import PrivateFile

EVERY = "*"
"""A token for every store's wall, in turn: a lobby's."""


class Kiosk(Struct, frozen=True, kw_only=True):
    """One wall's token, kept only as its hash."""

    store: str
    digest: str


class Kiosks:
    """The tokens in ``kiosks.json``; safe in several threads, and a change holds from the next request on."""

    def __init__(self, folder: Path) -> None:
        self._file: PrivateFile[Kiosk] = PrivateFile(folder / "kiosks.json", Kiosk)

    def issue(self, name: str, store: str) -> str:
        """A new token for a store's wall; it is shown once. An older one of the same name ends."""
        token = secrets.token_urlsafe(24)
        self._file.write({**self._file.read(), name: Kiosk(store=store, digest=digest(token))})
        return token

    def revoke(self, name: str) -> bool:
        """End a token; whether there was one."""
        kiosks = dict(self._file.read())
        found = kiosks.pop(name, None) is not None
        if found:
            self._file.write(kiosks)
        return found

    def listing(self) -> dict[str, Kiosk]:
        """Every token by name."""
        return dict(self._file.read())

    def store_of(self, token: str) -> str | None:
        """The store whose wall a token opens; ``None`` for one that is unknown or revoked."""
        wanted = digest(token)
        return next((k.store for k in self._file.read().values() if k.digest == wanted), None)


def digest(token: str) -> str:
    """What is kept of a token: tokens have 192 random bits, so a plain hash gives nothing away."""
    return hashlib.sha256(token.encode()).hexdigest()
