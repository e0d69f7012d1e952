"""What a broker carried, captured by ``mosquitto_sub -F %j`` (or ``%J``), as the log that ingest would have made.

Every message goes through the very intake that runs live: device table, adapters, pseudonyms, rejects.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from floorcast.recording import RecordingError
from sensors.clock import from_ms, to_ms
from sensors.device_table import DeviceTable
from sensors.intake import Intake, Message
from sensors.pseudonym import Pseudonym, load_key
from sensors.settings import SensorsSettings
from sensors.streams import Entry, Position


class _Heard(msgspec.Struct):
    """One line: when, where, what. ``%j`` gives the payload as text, ``%J`` as the JSON it is."""

    topic: str
    tst: str
    payload: msgspec.Raw = msgspec.Raw(b'""')


_heard = msgspec.json.Decoder(_Heard)
_text = msgspec.json.Decoder(str)


def is_capture(first: bytes) -> bool:
    """Whether a file that begins with this line is a capture."""
    return b'"topic":' in first and b'"tst":' in first and first.lstrip()[:1] == b"{"


def intake_of(settings: SensorsSettings) -> Intake:
    """Ingest's own decoding, with the shop's key and its devices' adapters."""
    from sensors.adapters import finder  # noqa: PLC0415  # every vendor's format, only for captures

    key = settings.hash_key_file or str(Path(settings.redis.embedded_dir) / "people.key")
    return Intake(settings, Pseudonym(load_key(Path(key))), finder(settings.stores), DeviceTable())


def capture_entries(
    path: Path,
    settings: SensorsSettings,
    accounts: dict[str, int],
    *,
    salvage: Callable[[str], None] | None = None,
    progress: Callable[[int], None] = lambda _read: None,
) -> Iterator[Entry]:
    """The log of one capture, ticks between its messages; ``accounts`` is told messages, events and rejects.

    Raises:
        RecordingError: a line is no captured message, and ``salvage`` is not given.
    """
    intake = intake_of(settings)
    log = _Log(settings.tick)
    for name in ("messages", "events", "rejects"):
        accounts.setdefault(name, 0)
    for at, message in _messages(path, salvage, progress):
        yield from log.ticks_before(at)
        taken = intake.take([message], log.at(at))
        accounts["messages"] += 1
        accounts["events"] += taken.events
        accounts["rejects"] += len(taken.rejects)
        for partition, lines in taken.lines.items():
            yield log.entry(partition, lines)
    yield from log.last_tick()


def _messages(
    path: Path, salvage: Callable[[str], None] | None, progress: Callable[[int], None]
) -> Iterator[tuple[datetime, Message]]:
    offset = 0
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            try:
                heard = _heard.decode(line)
                raw = bytes(heard.payload)
                payload = _text.decode(raw).encode() if raw[:1] == b'"' else raw
                yield instant(heard.tst), Message(heard.topic, payload)
            except ValueError as error:
                said = f"{path}: byte {offset}, line {number}: not a captured message: {error}"
                if salvage is None:
                    raise RecordingError(f"{said}; --salvage reads what is whole") from None
                salvage(f"{said}; left out")
            offset += len(line)
            progress(offset)


def instant(text: str) -> datetime:
    """An instant as mosquitto_sub writes it; 2.0 puts a Z before the offset. Raises ``ValueError``.

    >>> instant("2026-11-22T11:07:37.662884Z+0800").isoformat()
    '2026-11-22T03:07:37.662884+00:00'
    """
    at = datetime.fromisoformat(text.replace("Z+", "+").replace("Z-", "-"))
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)


class _Log:
    """Positions, times that never go back, and a tick whenever one is due."""

    def __init__(self, tick: timedelta) -> None:
        self._tick_ms = max(1, round(tick.total_seconds() * 1000))
        self._now = self._due = 0
        self._newest: dict[int, Position] = {}

    def ticks_before(self, at: datetime) -> Iterator[Entry]:
        """The ticks due before a message."""
        ms = to_ms(at)
        if not self._due:
            self._due = ms - ms % self._tick_ms + self._tick_ms
        while ms > self._due:
            yield from self._tick()

    def at(self, at: datetime) -> datetime:
        """When a message was received: as captured, never before the one before it."""
        self._now = max(self._now, to_ms(at))
        return from_ms(self._now)

    def entry(self, partition: int, lines: bytes) -> Entry:
        """An entry at the present moment; empty for a tick."""
        newest = self._newest.get(partition)
        seq = newest.seq + 1 if newest and newest.ms == self._now else 0
        position = self._newest[partition] = Position(self._now, seq)
        return Entry(partition, position, from_ms(self._now), lines)

    def _tick(self) -> Iterator[Entry]:
        self._now, self._due = self._due, self._due + self._tick_ms
        for partition in sorted(self._newest):
            yield self.entry(partition, b"")

    def last_tick(self) -> Iterator[Entry]:
        """The tick that shows what the last messages said."""
        if self._due:
            yield from self._tick()
