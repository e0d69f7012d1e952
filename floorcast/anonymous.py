"""A recording without people: members and associates under another key, times moved if asked."""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
from msgspec.structs import replace

from sensors.events import AnyEvent, Command, Event, Plan, Pos, Staff
from sensors.pseudonym import Pseudonym
from sensors.streams import Entry, Position

_decode = msgspec.json.Decoder(AnyEvent).decode_lines
_encode = msgspec.json.Encoder().encode_lines
_MS = timedelta(milliseconds=1)
_STAMP = re.compile(r"\d{8}T\d{9}Z")


class Anonymous:
    """Replaces who is named, and what only a person could have written; moves times.

    A person gives the same word throughout a recording and in every recording made with the same key, so that repeat
    visits still count. Notes people wrote are left out. What is counted does not change.

    Args:
        pseudonym: under a key that is not the shop's own.
        shift: added to every time; whole days keep weekdays' hours, whole weeks keep weekdays too.
    """

    def __init__(self, pseudonym: Pseudonym, shift: timedelta = timedelta()) -> None:
        self._pseudonym, self._shift = pseudonym, shift
        self.people: set[str] = set()

    def entries(self, entries: Iterable[Entry]) -> Iterator[Entry]:
        """The same log, entry for entry."""
        for entry in entries:
            yield self.entry(entry)

    def entry(self, entry: Entry) -> Entry:
        """One entry."""
        lines = entry.lines
        if lines:
            lines = _encode([self.event(event) for event in _decode(lines)])[:-1]
        place = entry.position
        if self._shift:
            place = Position(place.ms + self._shift // _MS, place.seq)
        return Entry(entry.partition, place, entry.received_at + self._shift, lines)

    def event(self, event: Event) -> Event:
        """One event."""
        changes: dict[str, object] = {}
        if self._shift:
            changes = {
                name: value + self._shift
                for name in event.__struct_fields__
                if hasattr(value := getattr(event, name), "tzinfo")
            }
        if isinstance(event, Pos):
            changes |= {
                role: self._named(role, getattr(event, role)) for role in ("member", "associate")
            }
        elif isinstance(event, Staff):
            changes["associate"] = self._named("associate", event.associate)
        elif isinstance(event, Command):
            changes |= self._of_command(event)
        elif isinstance(event, Plan):
            changes["note"] = ""
        return replace(event, **changes) if changes else event

    def _of_command(self, event: Command) -> dict[str, object]:
        """Who did it, and to whom it was given; a setting's value stays, other words go."""
        note = event.note
        if event.action == "assign":
            note = self._named("associate", note) or ""
        elif event.action != "setting":
            note = ""
        return {
            "actor": self._named("associate", event.actor),
            "note": note,
            "target": self._moved(event.target),
        }

    def _moved(self, target: str) -> str:
        """An incident's id with the time it opened at moved."""
        head, _, stamp = target.rpartition("/")
        if not self._shift or not _STAMP.fullmatch(stamp):
            return target
        at = datetime.strptime(stamp[:-4], "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
        at += timedelta(milliseconds=int(stamp[-4:-1])) + self._shift
        return f"{head}/{at:%Y%m%dT%H%M%S}{at.microsecond // 1000:03d}Z"

    def _named(self, role: str, name: str | None) -> str | None:
        if not name:
            return name
        word = self._pseudonym(role, name)
        self.people.add(word)
        return word


def key_beside(out: Path) -> Path:
    """Where the key of an anonymous recording is kept: beside it, to be kept or thrown away, never to be sent along."""
    return out.with_name(f"{out.name}.key")
