"""User and password (RFC 7617); the secret file holds ``user:password``."""

import binascii
from base64 import b64decode

from sensors.webhooks._delivery import Delivery, RefusedError, Verified, same

NAME = "basic"
DOCUMENTED = "https://www.rfc-editor.org/rfc/rfc7617"


def verify(delivery: Delivery, secret: bytes) -> Verified:
    """See ``sensors.webhooks``."""
    kind, _, coded = delivery.header("authorization").partition(" ")
    if kind.lower() != "basic":
        raise RefusedError("not basic authorization")
    try:
        said = b64decode(coded, validate=True)
    except (binascii.Error, ValueError):
        raise RefusedError("not basic authorization") from None
    if not same(said, secret):
        raise RefusedError("wrong user or password")
    key = delivery.headers.get("idempotency-key")
    return Verified((key,) if key else ())
