"""Where a replay's log comes from: recordings, archives, a live log, a table through a mapping; and cuts of it."""

import heapq
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta, tzinfo
from itertools import chain, takewhile
from pathlib import Path
from typing import NamedTuple

import msgspec
import redis

from floorcast.archive import read_manifest
from floorcast.captures import capture_entries, is_capture
from floorcast.errors import FloorcastError, UnavailableError, unanswered
from floorcast.imports.events import import_table
from floorcast.imports.mapping import load_mapping
from floorcast.moments import moment
from floorcast.recording import read_recording
from floorcast.settings import Settings
from sensors.event_log import read
from sensors.simulation.delivery import Delivery
from sensors.simulation.log_maker import log_entries
from sensors.stream_source import connect
from sensors.streams import Entry


class Log(NamedTuple):
    """A log to replay.

    Attributes:
        entries: in order of time received.
        settings: for it; a table's mapping brings its own stores.
        accounts: of a table or a capture, what became of its rows or messages; complete at the end.
        size: in bytes, where a progress bar can be drawn from the bytes read; else ``None``.
    """

    entries: Iterator[Entry]
    settings: Settings
    accounts: dict[str, int]
    size: int | None


def open_log(
    sources: Sequence[str],
    settings: Settings,
    *,
    mapping: str = "",
    salvage: Callable[[str], None] | None = None,
    progress: Callable[[int], None] = lambda _read: None,
) -> Log:
    """The log of all sources together.

    A source is a recording (``.jsonl``, ``.jsonl.zst``), a folder of them, a capture of a broker (``mosquitto_sub
    -F %j``), ``redis://…`` for the live log up to its present end, or with ``mapping`` a table. Raises
    ``FloorcastError`` for what cannot be read.
    """
    if mapping:
        return _table_log(sources, settings, mapping)
    groups = [
        group
        for source in sources
        if not _is_url(source)
        for group in _recordings(Path(source), salvage)
    ]

    accounts: dict[str, int] = {}

    def chained(files: list[Path]) -> Iterator[Entry]:
        for file in files:
            if is_capture(first_line(file)):
                yield from capture_entries(
                    file, settings.sensors, accounts, salvage=salvage, progress=progress
                )
                continue
            yield from read_recording(
                file, salvage=salvage, partitions=settings.sensors.log.partitions, tick=settings.sensors.tick,
                progress=progress,
            )  # fmt: skip

    streams = [chained(group) for group in groups]
    streams += [live_log(url, settings.sensors.log.partitions) for url in sources if _is_url(url)]
    single = len(sources) == 1 and len(groups) == 1 and len(groups[0]) == 1
    return Log(merged(streams), settings, accounts, groups[0][0].stat().st_size if single else None)


def first_line(file: Path) -> bytes:
    """The beginning of a plain file; nothing of a compressed one."""
    if file.suffix == ".zst":
        return b""
    try:
        with file.open("rb") as opened:
            return opened.readline(4096)
    except OSError as error:
        raise UnavailableError(f"{file}: cannot be read: {error.strerror}") from None


def _is_url(source: str) -> bool:
    return source.startswith(("redis://", "rediss://", "unix://"))


def _recordings(source: Path, salvage: Callable[[str], None] | None) -> list[list[Path]]:
    """A file itself, or the recordings below a folder: those of one of its folders follow each other in time.

    Raises ``UnavailableError`` if there is nothing to read, or if a file of an archive is missing and ``salvage`` is
    not given.
    """
    if not source.is_dir():
        if not source.exists():
            hint = "`floorcast simulate --out day.jsonl.zst` makes one"
            raise UnavailableError(f"{source}: no such file; {hint}")
        return [[source]]
    for archived in read_manifest(source):
        if not (source / archived.path).exists():
            gap = f"{source / archived.path}: missing from the archive"
            if salvage is None:
                raise UnavailableError(f"{gap}; --salvage reads what is there")
            salvage(f"{gap}; left out")
    groups: dict[str, list[Path]] = {}
    for file in sorted([*source.rglob("*.jsonl"), *source.rglob("*.jsonl.zst")]):
        inner = file.relative_to(source).parts
        groups.setdefault(inner[0] if len(inner) > 1 else file.name, []).append(file)
    if not groups:
        raise UnavailableError(f"{source}: holds no recording (*.jsonl, *.jsonl.zst)")
    return list(groups.values())


def _table_log(sources: Sequence[str], settings: Settings, name: str) -> Log:
    mapping = load_mapping(name)
    if len(sources) != 1:
        raise FloorcastError("--mapping takes one table at a time")
    table = Path(sources[0])
    if not table.is_file():
        raise UnavailableError(f"{table}: no such file")
    imported = import_table(table, mapping)
    sensors = msgspec.structs.replace(settings.sensors, stores=imported.stores, devices=[])
    entries = log_entries(
        (Delivery(event.at, event) for event in imported.told()),
        partitions=sensors.log.partitions,
        tick=timedelta(seconds=mapping.tick_s),
    )
    mapped = msgspec.structs.replace(settings, sensors=sensors)
    return Log(entries, mapped, imported.accounts, None)


def live_log(url: str, partitions: int) -> Iterator[Entry]:
    """The live log from its first kept entry to its present end, by time received."""
    client = connect(url)
    try:
        client.ping()
    except redis.RedisError as error:
        raise unanswered("Redis", url, error) from None
    return merged([read(client, partition) for partition in range(partitions)])


def merged(streams: Sequence[Iterator[Entry]]) -> Iterator[Entry]:
    """Several logs as one, by time received; an entry that two of them hold comes once, with both's events.

    Per-store archives of one partition hold the same ticks, and each its own part of an entry.
    """
    if len(streams) == 1:
        yield from streams[0]
        return
    before: Entry | None = None
    for entry in heapq.merge(*streams, key=lambda e: (e.received_at, e.partition, e.position)):
        if before and (before.partition, before.position) == (entry.partition, entry.position):
            parts = [lines for lines in (before.lines, entry.lines) if lines]
            before = before._replace(lines=b"\n".join(parts))
            continue
        if before:
            yield before
        before = entry
    if before:
        yield before


class _Whose(msgspec.Struct):
    store: str = ""


_whose = msgspec.json.Decoder(_Whose)


def cut_as_said(
    entries: Iterator[Entry],
    zone: tzinfo,
    *,
    start: str = "",
    ends: Iterable[str] = (),
    stores: Iterable[str] = (),
) -> Iterator[Entry]:
    """The part of a log that a person named; its first entry says on which day a bare time of day is.

    Raises ``FloorcastError`` for what is no time.
    """
    first = next(entries, None)
    if first is None:
        return iter(())
    near = first.received_at
    return cut(
        chain((first,), entries),
        start=moment(start, near, zone) if start else None,
        end=min((moment(text, near, zone) for text in ends if text), default=None),
        stores=frozenset(stores),
    )


def cut(
    entries: Iterable[Entry],
    *,
    start: datetime | None = None,
    end: datetime | None = None,
    stores: frozenset[str] = frozenset(),
) -> Iterator[Entry]:
    """Entries received in [start, end), with the events of ``stores`` only where any are named."""
    for entry in takewhile(lambda e: end is None or e.received_at < end, entries):
        if start and entry.received_at < start:
            continue
        if not stores or entry.is_tick:
            yield entry
            continue
        lines = [line for line in entry.lines.split(b"\n") if _whose.decode(line).store in stores]
        if lines:
            yield entry._replace(lines=b"\n".join(lines))
