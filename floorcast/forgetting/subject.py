"""Whose data is meant, and what becomes of a line that holds it. Pure."""

from datetime import UTC, date, datetime, time
from typing import NamedTuple

import msgspec


class Done(NamedTuple):
    """What was deleted in one place, or would be; ``what`` with its unit, ready to read."""

    where: str
    what: str
    number: int


class _Said(msgspec.Struct):
    store: str = ""
    at: datetime | None = None
    member: str | None = None


_said = msgspec.json.Decoder(_Said)


class Subject(NamedTuple):
    """Whose data: a member (by hash) or a store, of business days before one where that is given."""

    member: str = ""
    store: str = ""
    before: date | None = None

    def change(self, line: bytes) -> bytes | None:
        """What becomes of a JSON line (an event, a fact batch) of the log, of the facts or of an archive."""
        wanted = self.member or self.store
        if wanted.encode() not in line:
            return line
        said = _said.decode(line)
        if self.before and said.at and said.at >= self.until:
            return line
        if self.store:
            return None if said.store == self.store else line
        return _without_member(line) if said.member == self.member else line

    @property
    def until(self) -> datetime:
        """The instant of ``before``: its midnight in UTC."""
        return datetime.combine(self.before or date.max, time.min, tzinfo=UTC)

    def covers(self, day: date) -> bool:
        """Whether a day is meant."""
        return self.before is None or day < self.before


def _without_member(line: bytes) -> bytes:
    event = msgspec.json.decode(line, type=dict[str, msgspec.Raw])
    del event["member"]
    return msgspec.json.encode(event)
