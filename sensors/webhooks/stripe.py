"""Stripe: ``t=…,v1=…``, HMAC-SHA-256 in hex over the time, a dot and the body; several v1 while a secret is rolled."""

import hmac
from datetime import UTC, datetime

from sensors.webhooks._delivery import Delivery, RefusedError, Verified, same

NAME = "stripe"
DOCUMENTED = "https://docs.stripe.com/webhooks#verify-manually"


def verify(delivery: Delivery, secret: bytes) -> Verified:
    """See ``sensors.webhooks``; every attempt is signed anew, so its time must be recent."""
    pairs = [pair.partition("=") for pair in delivery.header("stripe-signature").split(",")]
    times = [value for name, _, value in pairs if name.strip() == "t"]
    if len(times) != 1 or not (times[0].isascii() and times[0].isdigit() and len(times[0]) <= 11):
        raise RefusedError("no time in the stripe-signature header")
    meant = hmac.new(secret, times[0].encode() + b"." + delivery.body, "sha256").hexdigest()
    signatures = [value for name, _, value in pairs if name.strip() == "v1"]
    if not any([same(said, meant) for said in signatures]):  # noqa: C419  # all of them, always
        raise RefusedError("wrong signature")
    delivery.check_age(datetime.fromtimestamp(int(times[0]), UTC), delivery.tolerance)
    event = delivery.json().get("id")
    return Verified((event,) if isinstance(event, str) and event else (delivery.digest,))
