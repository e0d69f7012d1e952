"""Everything else: WeCom, DingTalk, Feishu, Slack, Teams, e-mail and a hundred more, through apprise."""

from apprise import Apprise, NotifyType

from alerts.channels import Context, Delivery, RefusedError, UnreachableError, secret
from alerts.settings import ChannelSettings


def build(settings: ChannelSettings, _context: Context) -> "AppriseChannel":
    """A channel to apprise URLs: the contact's ``to``, ``url``, or the one in ``secret_file``."""
    return AppriseChannel(settings.url or secret(settings), settings.timeout_s)


class AppriseChannel:
    """Sends text; the link to answer follows it."""

    shows_board = False
    takes_joined = False

    def __init__(self, url: str, timeout_s: float) -> None:
        self._url, self._timeout_s = url, timeout_s

    def send(self, delivery: Delivery) -> None:
        """Send one message; raises ``RefusedError`` for a URL apprise does not know."""
        target = Apprise()
        if not target.add(delivery.to or self._url):
            raise RefusedError("apprise does not understand the address")
        body = f"{delivery.body}\n{delivery.link}" if delivery.link else delivery.body
        kind = NotifyType.WARNING if delivery.urgent else NotifyType.INFO
        if not target.notify(
            body=body, title=delivery.title, notify_type=kind, timeout=self._timeout_s
        ):
            raise UnreachableError("apprise could not deliver")

    def close(self) -> None:
        """Nothing to let go of."""
