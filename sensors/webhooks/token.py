"""A secret of its own for each device: ``Authorization: Bearer …``, or ``?token=…`` where nothing else can be set.

Odoo's automation rules and many cameras can only be given a URL. A token in a URL stands in proxies' logs: prefer the
header. ``Idempotency-Key`` names a delivery, where the sender has such a thing.
"""

from sensors.webhooks._delivery import Delivery, RefusedError, Verified, same

NAME = "token"
DOCUMENTED = "https://www.rfc-editor.org/rfc/rfc6750"


def verify(delivery: Delivery, secret: bytes) -> Verified:
    """See ``sensors.webhooks``."""
    kind, _, said = delivery.headers.get("authorization", "").partition(" ")
    if kind.lower() != "bearer":
        said = delivery.query.get("token", "")
    if not said:
        raise RefusedError("no token")
    if not same(said.strip(), secret):
        raise RefusedError("wrong token")
    key = delivery.headers.get("idempotency-key")
    return Verified((key,) if key else ())
