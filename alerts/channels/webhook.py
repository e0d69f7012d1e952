"""A signed webhook for task and replenishment systems.

POST of the notice as JSON. ``Idempotency-Key`` is the same however often it is tried; ``X-Floorcast-Signature`` is
``t=<epoch seconds of the notice>,v1=<hex HMAC-SHA256 of "t.body">`` under the secret of ``secret_file``.
"""

import hashlib
import hmac

import msgspec

from alerts.channels import Context, Delivery, secret
from alerts.http import Poster
from alerts.settings import ChannelSettings


def build(settings: ChannelSettings, _context: Context) -> "WebhookChannel":
    """A webhook to ``url``, or to the contact's own; raises ``ValueError`` without a secret."""
    key = secret(settings)
    if not key:
        raise ValueError(
            "a webhook needs secret_file: the key its receiver checks the signature with"
        )
    return WebhookChannel(settings, key.encode())


class WebhookChannel:
    """Posts notices."""

    shows_board = False
    takes_joined = True

    def __init__(self, settings: ChannelSettings, key: bytes) -> None:
        self._url, self._key = settings.url, key
        self._poster = Poster(settings.timeout_s)

    def send(self, delivery: Delivery) -> None:
        """Post one notice; raises ``UnreachableError`` or ``RefusedError``."""
        notice = delivery.notice
        body = msgspec.json.encode(
            {"key": delivery.key, "title": delivery.title, "body": delivery.body, "notice": notice}
        )
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": delivery.key,
            "X-Floorcast-Signature": signature(self._key, int(notice.at.timestamp()), body),
        }
        self._poster.post(delivery.to or self._url, body, headers)

    def close(self) -> None:
        """Let go of the connections."""
        self._poster.close()


def signature(key: bytes, at_s: int, body: bytes) -> str:
    """The signature header's value; a receiver makes the same and compares in constant time."""
    mac = hmac.new(key, f"{at_s}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at_s},v1={mac}"
