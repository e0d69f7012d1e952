"""Shopify: HMAC-SHA-256 over the body, base64. Neither the topic nor the delivery's id is signed."""

import hmac
from base64 import b64encode

from sensors.webhooks._delivery import Delivery, Verified, check

NAME = "shopify"
DOCUMENTED = "https://shopify.dev/docs/apps/build/webhooks/subscribe/https"


def verify(delivery: Delivery, secret: bytes) -> Verified:
    """See ``sensors.webhooks``; a body that comes again is a repeat, also under a forged id."""
    meant = b64encode(hmac.digest(secret, delivery.body, "sha256")).decode()
    check(delivery.header("x-shopify-hmac-sha256"), meant)
    named = delivery.headers.get("x-shopify-webhook-id")
    return Verified((delivery.digest, *([named] if named else [])))
