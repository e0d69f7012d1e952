"""Web Push to the staff page: encrypted (RFC 8291) and signed (VAPID, RFC 8292) by pywebpush."""

from pathlib import Path
from typing import Any

import msgspec
from pywebpush import WebPushException, webpush  # type: ignore[import-untyped]
from requests import RequestException

from alerts.channels import Context, Delivery, RefusedError, UnreachableError
from alerts.http import check
from alerts.settings import ChannelSettings

TTL_S = 900  # a push a phone could not be given in this time is too old to act on


def build(settings: ChannelSettings, _context: Context) -> "WebPushChannel":
    """A channel signing with the VAPID key of ``secret_file``; raises ``ValueError`` when it cannot."""
    if not settings.secret_file or not Path(settings.secret_file).is_file():
        raise ValueError("webpush needs secret_file: a VAPID private key (PEM)")
    if not settings.subject.startswith(("mailto:", "https:")):
        raise ValueError(
            "webpush needs subject: mailto:… or https:…, whom push services may write to"
        )
    return WebPushChannel(settings)


class WebPushChannel:
    """Pushes; a contact's ``to`` is the browser's subscription as JSON."""

    shows_board = False

    def __init__(self, settings: ChannelSettings) -> None:
        self._key, self._subject = settings.secret_file, settings.subject
        self._timeout_s = settings.timeout_s

    def send(self, delivery: Delivery) -> None:
        """Push one message. A subscription that is gone (404, 410) is refused for good."""
        try:
            subscription: dict[str, Any] = msgspec.json.decode(delivery.to)
        except msgspec.DecodeError as error:
            raise RefusedError("the contact is not a push subscription") from error
        try:
            webpush(
                subscription,
                data=msgspec.json.encode(payload(delivery)).decode(),
                vapid_private_key=self._key,
                vapid_claims={"sub": self._subject},
                ttl=TTL_S,
                timeout=self._timeout_s,
                headers={"Urgency": "high" if delivery.urgent else "normal"},
            )
        except WebPushException as error:
            if error.response is None:
                raise RefusedError(str(error)) from error
            check(error.response.status_code, error.response.text[:200])
        except RequestException as error:
            raise UnreachableError(str(error)) from error

    def close(self) -> None:
        """Nothing to let go of."""


def payload(delivery: Delivery) -> dict[str, Any]:
    """What the page's service worker shows. The same ``tag`` replaces a notification that is still there."""
    return {
        "key": delivery.key,
        "tag": delivery.tag,
        "title": delivery.title,
        "body": delivery.body,
        "url": delivery.link,
        "kind": delivery.notice.kind,
        "urgent": delivery.urgent,
        "actions": [{"title": label, "url": url} for label, url in delivery.actions],
    }
