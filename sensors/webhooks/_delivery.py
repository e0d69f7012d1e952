"""A webhook call, and what becomes of it; shared by every scheme."""

import hmac
from collections.abc import Mapping
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any, NamedTuple

import msgspec

AHEAD = timedelta(minutes=5)  # a vendor's clock may run ahead of ours by this


class RefusedError(Exception):
    """Not from who it says, or too old; the message is the reason and quotes nothing of the body."""


class Delivery(NamedTuple):
    """One call.

    Attributes:
        headers: by lower-case name.
        body: as it came, byte for byte.
        url: the public one that the vendor calls, as configured there.
        query: the URL's parameters.
        received_at: when.
        tolerance: how old a signed time may be.
        replay: how old what a signed body says of its own time may be; vendors try again for days.
    """

    headers: Mapping[str, str]
    body: bytes
    url: str
    query: Mapping[str, str]
    received_at: datetime
    tolerance: timedelta
    replay: timedelta

    def header(self, name: str) -> str:
        """A header that must be there; raises ``RefusedError``."""
        try:
            return self.headers[name]
        except KeyError:
            raise RefusedError(f"no {name} header") from None

    def json(self) -> dict[str, Any]:
        """The body as a JSON object; empty if it is none."""
        try:
            said = msgspec.json.decode(self.body)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
            return {}
        return said if isinstance(said, dict) else {}

    def check_age(self, at: datetime, limit: timedelta) -> None:
        """Raises ``RefusedError`` if an instant lies further back than ``limit``, or ahead."""
        age = self.received_at - at
        if age > limit:
            raise RefusedError(
                f"{age.total_seconds():.0f} s old, at most {limit.total_seconds():.0f}"
            )
        if -age > AHEAD:
            raise RefusedError(f"{-age.total_seconds():.0f} s ahead of time")

    @property
    def digest(self) -> str:
        """Of the body: a signed body that comes again is a repeat, whatever the unsigned headers say."""
        return blake2b(self.body, digest_size=16).hexdigest()


class Verified(NamedTuple):
    """It is from who it says; ``ids`` each name this delivery and come again with a repeat."""

    ids: tuple[str, ...] = ()


class Handshake(NamedTuple):
    """A vendor's trial call: answered, told to the operator, not taken as a message."""

    note: str


def same(said: str | bytes, meant: str | bytes) -> bool:
    """Whether both are equal, in a time that does not tell where they differ."""
    return hmac.compare_digest(_bytes(said), _bytes(meant))


def _bytes(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode("utf-8", "surrogateescape")


def check(said: str, meant: str) -> None:
    """Raises ``RefusedError`` unless both are the same."""
    if not same(said, meant):
        raise RefusedError("wrong signature")
