"""ntfy: JSON publishing with action buttons (https://docs.ntfy.sh/publish/#publish-as-json)."""

from hashlib import sha256
from typing import Any

import msgspec

from alerts.channels import Context, Delivery, secret
from alerts.http import Poster
from alerts.settings import ChannelSettings


def build(settings: ChannelSettings, _context: Context) -> "NtfyChannel":
    """A channel to the ntfy server at ``url``; a contact's ``to`` is the topic."""
    return NtfyChannel(settings, secret(settings))


class NtfyChannel:
    """Publishes; what can be answered becomes a button that POSTs."""

    shows_board = False
    takes_joined = True

    def __init__(self, settings: ChannelSettings, token: str) -> None:
        self._url = (settings.url or "https://ntfy.sh").rstrip("/") + "/"
        self._headers = {"Content-Type": "application/json"}
        if token:
            self._headers["Authorization"] = f"Bearer {token}"
        self._poster = Poster(settings.timeout_s)

    def send(self, delivery: Delivery) -> None:
        """Publish one message; raises ``UnreachableError`` or ``RefusedError``."""
        headers = {**self._headers, "Idempotency-Key": delivery.key}
        self._poster.post(self._url, msgspec.json.encode(payload(delivery)), headers)

    def close(self) -> None:
        """Let go of the connections."""
        self._poster.close()


def payload(delivery: Delivery) -> dict[str, Any]:
    """The JSON of a message. The same ``sequence_id`` (ntfy 2.16) makes a second try replace the first.

    So does what joins a push the push itself.
    """
    body: dict[str, Any] = {
        "topic": delivery.to,
        "title": delivery.title,
        "message": delivery.body,
        "priority": _priority(delivery),
        "tags": ["rotating_light" if delivery.urgent else "white_check_mark"],
        "sequence_id": sha256((delivery.replaces or delivery.key).encode()).hexdigest()[:24],
    }
    if delivery.link:
        body["click"] = delivery.link
    if delivery.actions:
        body["actions"] = [
            {"action": "http", "label": label, "url": url, "method": "POST", "clear": True}
            for label, url in delivery.actions[:3]  # the most ntfy shows
        ]
    return body


def _priority(delivery: Delivery) -> int:
    """Ntfy's 1 to 5: what escalates rings longest, what joins a push makes no sound."""
    if delivery.notice.kind == "joined":
        return 2
    if not delivery.urgent:
        return 3
    return 5 if delivery.notice.rung else 4
