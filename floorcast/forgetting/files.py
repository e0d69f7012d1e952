"""What is kept in files: raw archives, history, recovery stores (edge)."""

import sqlite3
from collections.abc import Iterable
from pathlib import Path

import msgspec

from floorcast.archive import Archived, checksum, locked, read_manifest, write_manifest
from floorcast.forgetting.subject import Done, Subject
from floorcast.history.partitions import delete, known, writing
from floorcast.history.staging import FILE, Staging
from floorcast.recording import RecordingWriter, read_recording
from sensors.streams import Entry


def archives(folder: Path, subject: Subject, *, dry_run: bool) -> Done:
    """Raw archives: a store's hours go, a member's hours are written anew with a new checksum."""
    if not folder.is_dir():
        return Done("archives", "files", 0)
    with locked(folder):
        manifest = read_manifest(folder)
        fresh: list[Archived] = []
        gone: list[Path] = []
        for archived in manifest:
            if subject.store:
                if archived.store == subject.store and subject.covers(archived.hour.date()):
                    gone.append(folder / archived.path)
                else:
                    fresh.append(archived)
            else:
                fresh.append(_rewritten(folder, archived, subject, dry_run=dry_run))
        changed = len(gone) + sum(a != b for a, b in zip(manifest, fresh, strict=False) if not gone)
        if changed and not dry_run:
            write_manifest(folder, fresh)
            for path in gone:
                path.unlink(missing_ok=True)
    return Done("archives", "files", changed)


def _rewritten(folder: Path, archived: Archived, subject: Subject, *, dry_run: bool) -> Archived:
    """An archive without a member; itself where it does not name them."""
    path = folder / archived.path
    entries = list(read_recording(path))
    cleaned = [_cleaned(entry, subject) for entry in entries]
    if cleaned == entries and checksum(path) == archived.sha256:
        return archived
    if dry_run:
        return msgspec.structs.replace(archived, sha256="")
    with RecordingWriter(path) as writer:
        for entry in cleaned:
            writer.write(entry)
    return msgspec.structs.replace(
        archived, sha256=checksum(path), bytes=path.stat().st_size, events=writer.events
    )


def _cleaned(entry: Entry, subject: Subject) -> Entry:
    lines = [subject.change(line) for line in entry.lines.split(b"\n")] if entry.lines else []
    return entry._replace(lines=b"\n".join(line for line in lines if line))


def history(folder: Path, subject: Subject, *, dry_run: bool) -> Done:
    """The Parquet files of a store, and what waits to be written."""
    if not folder.is_dir():
        return Done("history", "files", 0)
    staging = Staging(folder) if (folder / FILE).exists() else None
    with writing(folder):
        files = [p for p in known(folder, "*", subject.store) if subject.covers(p.day)]
        count = len(files) + (staging.count(subject.store, subject.before) if staging else 0)
        if not dry_run:
            if staging:
                staging.forget(subject.store, subject.before)
            delete(folder, files)
            for place in folder.glob(f"*/store={subject.store}"):
                for left in place.glob("*.unfinished"):
                    left.unlink()
                if not any(place.iterdir()):
                    place.rmdir()
    if staging:
        staging.close()
    return Done("history", "files and waiting facts", count)


def recovery(folders: Iterable[Path], store: str, *, dry_run: bool) -> Done:
    """The store's state in the recovery stores of floor and alert; running stages write it anew: stop them first."""
    count = 0
    for path in (path for folder in folders for path in folder.glob("part-*.sqlite3")):
        file = sqlite3.connect(path, timeout=10)
        try:
            (found,) = file.execute("SELECT count(*) FROM snaps WHERE state_key = ?", (store,)).fetchone()  # fmt: skip
            count += found
            if found and not dry_run:
                file.execute("PRAGMA secure_delete = ON")
                with file:
                    file.execute("DELETE FROM snaps WHERE state_key = ?", (store,))
                file.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            file.close()
    return Done("recovery stores", "snapshots", count)
