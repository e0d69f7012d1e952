"""Web Push to the staff page: encrypted (RFC 8291) and signed (VAPID, RFC 8292) by pywebpush."""

from base64 import urlsafe_b64encode
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from py_vapid import Vapid, VapidException  # type: ignore[import-untyped]
from pywebpush import WebPushException, webpush  # type: ignore[import-untyped]

from alerts.channels import Context, Delivery, Phones, RefusedError, UnreachableError
from alerts.http import Poster
from alerts.settings import ChannelSettings

BUTTONS = 2  # the most that browsers show
TTL_S = 900  # a push a phone could not be given in this time is too old to act on


def build(settings: ChannelSettings, context: Context) -> "WebPushChannel":
    """A channel signing with the VAPID key of ``secret_file``; raises ``ValueError`` when it cannot."""
    if not settings.secret_file or not Path(settings.secret_file).is_file():
        raise ValueError("webpush needs secret_file: a VAPID private key (PEM)")
    if not settings.subject.startswith(("mailto:", "https:")):
        raise ValueError(
            "webpush needs subject: mailto:… or https:…, whom push services may write to"
        )
    try:
        key = Vapid.from_file(settings.secret_file)
    except (VapidException, ValueError, TypeError) as error:
        raise ValueError(
            f"{settings.secret_file} is no VAPID private key (PEM): {error}"
        ) from error
    return WebPushChannel(settings, key, context.phones)


class WebPushChannel:
    """Pushes to the phones a person has subscribed; or, where a contact's ``to`` is a subscription, to that one."""

    shows_board = False
    takes_joined = True

    def __init__(self, settings: ChannelSettings, key: Vapid, phones: Phones | None = None) -> None:
        self._key, self._subject = key, settings.subject
        self._phones, self._session = phones, _Session(settings.timeout_s)

    def send(self, delivery: Delivery) -> None:
        """Push one message to every phone of its person; it got through when one phone has taken it.

        A subscription that is gone (404, 410) is forgotten; without any left the message is refused, so that
        the person's next channel is tried.
        """
        if delivery.to.startswith("{") or self._phones is None:
            self._push(delivery, delivery.to.encode())
            return
        taken, trouble = 0, ""
        for phone in self._phones.of(delivery.person):
            try:
                self._push(delivery, phone)
                taken += 1
            except RefusedError:
                self._phones.forget(delivery.person, phone)
            except UnreachableError as error:
                trouble = str(error)
        if not taken and trouble:
            raise UnreachableError(trouble)
        if not taken:
            raise RefusedError(f"{delivery.person} has no phone subscribed")

    def _push(self, delivery: Delivery, phone: bytes) -> None:
        try:
            subscription: dict[str, Any] = msgspec.json.decode(phone)
        except msgspec.DecodeError as error:
            raise RefusedError("the contact is not a push subscription") from error
        try:
            webpush(
                subscription,
                data=msgspec.json.encode(payload(delivery)).decode(),
                vapid_private_key=self._key,
                vapid_claims={"sub": self._subject},
                ttl=TTL_S,
                headers=headers(delivery),
                requests_session=self._session,
            )
        except WebPushException as error:
            raise RefusedError(str(error)) from error
        except (ValueError, TypeError, LookupError) as error:  # keys that are none
            raise RefusedError(f"the subscription cannot be used: {error}") from error

    def close(self) -> None:
        """Let go of the connections."""
        self._session.poster.close()


class _Taken(NamedTuple):
    """What pywebpush looks at of an answer; any but a good one has been raised before."""

    status_code: int = 201
    text: str = ""
    headers: str = ""


class _Session:
    """Stands for the session of requests that pywebpush posts by, at a third of its CPU."""

    def __init__(self, timeout_s: float) -> None:
        self.poster = Poster(timeout_s)

    def post(self, url: str, *, data: bytes, headers: dict[str, str], **_timeout: object) -> _Taken:
        """Post; raises ``UnreachableError`` or ``RefusedError`` unless the push service took it."""
        self.poster.post(url, data, headers)
        return _Taken()


def headers(delivery: Delivery) -> dict[str, str | int | float | None]:
    """By the same ``Topic`` (RFC 8030, 5.4) a repeat replaces one that the push service still holds."""
    topic = urlsafe_b64encode(sha256(delivery.key.encode()).digest())[:32].decode()
    return {"Urgency": "high" if delivery.urgent else "normal", "Topic": topic}


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
        "actions": [{"title": label, "url": url} for label, url in delivery.actions[:BUTTONS]],
    }
