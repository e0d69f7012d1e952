"""Signed, expiring links for one person and one push: an incident, or the few that it is about. Pure.

A link leads to a page that asks; only its POST changes anything, so a chat app that previews links does not.
"""

import base64
import hashlib
import hmac
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import msgspec
from msgspec import Struct

_decode = msgspec.json.Decoder


class Claim(Struct, frozen=True, array_like=True):
    """What a link lets its holder do: act on what one push is about, as one person, until it expires.

    ``others``: the incidents of a push that is about several, after the first.
    """

    store: str
    incident: str
    person: str
    expires: int  # epoch seconds
    others: tuple[str, ...] = ()


def sign(key: bytes, claim: Claim) -> str:
    """The claim as a URL-safe token.

    >>> claim = Claim("s1", "s1/queue-long/till:2/20261123T100000000Z", "chen", 2_000_000_000)
    >>> read(b"k" * 32, sign(b"k" * 32, claim), datetime(2026, 11, 23, tzinfo=UTC)) == claim
    True
    """
    body = msgspec.json.encode(claim)
    return f"{_text(body)}.{_text(_mac(key, body))}"


def read(key: bytes, token: str, at: datetime) -> Claim | None:
    """The claim of a token; ``None`` for one that is forged, damaged or expired at ``at``."""
    body_text, _, mac_text = token.partition(".")
    try:
        body, mac = _bytes(body_text), _bytes(mac_text)
    except ValueError:
        return None
    if not hmac.compare_digest(mac, _mac(key, body)):
        return None
    claim = msgspec.json.decode(body, type=Claim)
    return claim if at < datetime.fromtimestamp(claim.expires, UTC) else None


class Links:
    """Makes the links of messages: ``{url}/staff/confirm?t=…`` asks, POST to ``{url}/staff/act`` acts."""

    def __init__(self, url: str, key: bytes, lifetime: timedelta) -> None:
        self._url, self._key, self._lifetime = url.rstrip("/"), key, lifetime

    def token(self, store: str, incidents: Sequence[str], person: str, at: datetime) -> str:
        """A token from ``at`` for the configured time."""
        expires = int((at + self._lifetime).timestamp())
        first, *others = incidents
        return sign(self._key, Claim(store, first, person, expires, tuple(others)))

    def confirm(self, token: str) -> str:
        """The page that shows the incident and asks."""
        return f"{self._url}/staff/confirm?t={token}"

    def act(self, token: str, action: str) -> str:
        """Where a POST carries out ``action``."""
        return f"{self._url}/staff/act?t={token}&do={action}"


def _mac(key: bytes, body: bytes) -> bytes:
    return hmac.new(key, b"floorcast-link-1\0" + body, hashlib.sha256).digest()


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    padded = text + "=" * (-len(text) % 4)
    return base64.b64decode(padded.encode("ascii"), altchars=b"-_", validate=True)
