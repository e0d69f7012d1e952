"""Messages as structured log lines: the channel that always works."""

import structlog

from alerts.channels import Context, Delivery
from alerts.settings import ChannelSettings

_log = structlog.get_logger("alerts.told")


def build(_settings: ChannelSettings, _context: Context) -> "LogChannel":
    """A log channel."""
    return LogChannel()


class LogChannel:
    """One line a message."""

    shows_board = False
    takes_joined = True

    def send(self, delivery: Delivery) -> None:
        """Write the line."""
        notice = delivery.notice
        _log.info(
            "told",
            kind=notice.kind,
            store=notice.store,
            route=notice.route,
            rung=notice.rung,
            person=delivery.person or None,
            title=delivery.title,
            body=delivery.body,
            incidents=[i.id for i in notice.incidents],
        )

    def close(self) -> None:
        """Nothing to let go of."""
