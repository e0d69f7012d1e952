"""Everything behind the doors of one installation, put together from settings."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import NamedTuple, Self

from alerts.ledger import Entry
from alerts.settings import AlertsSettings, Person
from dashboard.settings import DashboardSettings


class House(NamedTuple):
    """What the web server must know of people; values only, so that it travels to another process.

    Attributes:
        folder: of password hashes, kiosk tokens and the push key.
        link_key: that signs links in messages; empty where none is configured.
        push: whether pushes to the staff page are configured.
        config: the file that the settings page edits, ``None`` for no such page; ``check`` decodes its text as every
            process does at start, and raises ``ValueError`` with the place and the reason.
        command: how the command line is called for this installation, for pages that say what to run.
        ledger: reads the ledger kept as files, by store, first and last day; ``None`` where nothing is kept.
    """

    folder: Path
    people: tuple[Person, ...] = ()
    link_key: bytes = b""
    push: bool = False
    config: Path | None = None
    check: Callable[[str], object] = str
    ledger: Callable[[str, date, date], list[Entry]] | None = None
    command: str = "floorcast"

    @classmethod
    def of(cls, dashboard: DashboardSettings, alerts: AlertsSettings) -> Self:
        """From the settings; raises ``OSError`` if the secret of links cannot be read."""
        secret = alerts.links.secret_file
        return cls(
            Path(dashboard.data_dir),
            tuple(alerts.people),
            Path(secret).read_bytes().strip() if secret else b"",
            any(channel.kind == "webpush" for channel in alerts.channels.values()),
        )
