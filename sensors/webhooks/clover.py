"""Clover: a fixed code in ``X-Clover-Auth``; before that a call with a code to be typed into its dashboard."""

import re

from sensors.webhooks._delivery import Delivery, Handshake, Verified, check

NAME = "clover"
DOCUMENTED = "https://docs.clover.com/dev/docs/webhooks"

_CODE = re.compile(r"[0-9A-Za-z-]{8,64}")


def verify(delivery: Delivery, secret: bytes) -> Verified | Handshake:
    """See ``sensors.webhooks``; the code proves no body, so nothing can be told to be a repeat."""
    if "x-clover-auth" not in delivery.headers:
        said = delivery.json()
        code = said.get("verificationCode")
        if len(said) == 1 and isinstance(code, str) and _CODE.fullmatch(code):
            return Handshake(f"type this verification code into Clover's dashboard: {code}")
    check(delivery.header("x-clover-auth"), secret.decode("utf-8", "surrogateescape"))
    return Verified()
