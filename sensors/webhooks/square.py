"""Square: HMAC-SHA-256 over the notification URL and the body, base64."""

import hmac
from base64 import b64encode
from datetime import datetime

import msgspec

from sensors.webhooks._delivery import Delivery, Verified, check

NAME = "square"
DOCUMENTED = "https://developer.squareup.com/docs/webhooks/step3validate"


def verify(delivery: Delivery, secret: bytes) -> Verified:
    """See ``sensors.webhooks``; the body's own ``created_at`` is signed and bounds a replay."""
    signed = delivery.url.encode() + delivery.body
    meant = b64encode(hmac.digest(secret, signed, "sha256")).decode()
    check(delivery.header("x-square-hmacsha256-signature"), meant)
    said = delivery.json()
    if (at := _instant(said.get("created_at"))) is not None:
        delivery.check_age(at, delivery.replay)
    event = said.get("event_id")
    return Verified((event,) if isinstance(event, str) and event else (delivery.digest,))


def _instant(text: object) -> datetime | None:
    try:
        at = msgspec.convert(text, datetime)
    except msgspec.ValidationError:
        return None
    return at if at.tzinfo else None
