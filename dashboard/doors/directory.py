"""The staff directory as the configuration file has it now: who leaves it may not come in any more (edge)."""

import tomllib
from collections.abc import Iterable
from pathlib import Path

import msgspec
import structlog

from alerts.settings import Person

_log = structlog.get_logger("dashboard.doors")


class Directory:
    """People by id; safe in several threads, and a change of the file holds from the next request on.

    Args:
        people: as the process was started with.
        config: the file that is followed; ``None`` for a directory that stays as it is.
    """

    def __init__(self, people: Iterable[Person], config: Path | None = None) -> None:
        self._people = {person.id: person for person in people}
        self._config = config
        self._seen: tuple[int, int, int] | None = None

    def read(self) -> dict[str, Person]:
        """Everybody now; as it was last while the file cannot be read or is none, which is logged once."""
        if self._config is None:
            return self._people
        try:
            stat = self._config.stat()
            seen = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
            if seen != self._seen:
                self._seen = seen
                self._people = _people_in(self._config)
        except (OSError, ValueError) as error:
            _log.warning("people-unread", file=str(self._config), reason=str(error))
        return self._people


def _people_in(config: Path) -> dict[str, Person]:
    """The ``[[alerts.people]]`` of a file; raises ``OSError``, and ``ValueError`` for what no process starts with."""
    rows = tomllib.loads(config.read_text(encoding="utf-8")).get("alerts", {}).get("people", [])
    return {person.id: person for person in msgspec.convert(rows, list[Person])}
