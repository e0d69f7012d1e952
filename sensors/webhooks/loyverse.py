"""Loyverse: HMAC-SHA-1 over the body, for webhooks that an OAuth app has made.

Its documentation says base64, its servers have been seen to send hex; either proves the same.
"""

import hmac
from base64 import b64encode

from sensors.webhooks._delivery import Delivery, RefusedError, Verified, same

NAME = "loyverse"
DOCUMENTED = "https://developer.loyverse.com/docs/#tag/Webhooks"


def verify(delivery: Delivery, secret: bytes) -> Verified:
    """See ``sensors.webhooks``."""
    digest = hmac.digest(secret, delivery.body, "sha1")
    said = delivery.header("x-loyverse-signature")
    if not (same(said, b64encode(digest)) | same(said.lower(), digest.hex())):
        raise RefusedError("wrong signature")
    return Verified((delivery.digest,))
