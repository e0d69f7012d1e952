"""The embedded amqtt's door: everyone on loopback may come in, as themselves.

amqtt's own anonymous plugin marks its sessions anonymous, and for those it keeps no messages while a subscriber is
away; a restarted ingest would miss what gateways sent meanwhile.
"""

from amqtt.plugins.base import BaseAuthPlugin  # type: ignore[import-untyped]
from amqtt.session import Session  # type: ignore[import-untyped]


class LoopbackAuth(BaseAuthPlugin):  # type: ignore[misc]
    """Lets every client in; the listener is on loopback."""

    async def authenticate(self, *, session: Session) -> bool | None:  # noqa: ARG002 - amqtt's signature
        """Whether the client may come in."""
        return True
