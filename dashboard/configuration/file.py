"""The configuration file: read, changed one edit at a time, kept as it was for undo (edge)."""

import hashlib
import os
import tempfile
import tomllib
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple

import msgspec
from msgspec import Struct

from dashboard.configuration.edits import Edit, apply
from dashboard.doors.private_file import PrivateFile

KEPT = 50
Check = Callable[[str], object]
"""Decodes the whole file as every process does at start; raises ``ValueError`` with the place and the reason."""


class ConflictError(Exception):
    """The file is not the one the page was made from."""


class Change(Struct, frozen=True, kw_only=True):
    """One edit that was made, and what the file said before it."""

    at_ms: int
    who: str
    store: str
    said: str
    before: str
    after: str  # digest of the file after it: undo only what still stands


class Read(NamedTuple):
    """The file as it stands."""

    text: str
    version: str
    tables: dict[str, Any]


class ConfigFile:
    """Reads and changes; safe in several threads. ``OSError`` says that the file cannot be read or written."""

    def __init__(self, path: Path, check: Check, folder: Path) -> None:
        self.path, self._check, self._lock = path, check, Lock()
        self._past: PrivateFile[Change] = PrivateFile(folder / "settings-past.json", Change)
        self.started = self.read().version

    def read(self) -> Read:
        """What stands in it now."""
        text = self.path.read_text(encoding="utf-8")
        return Read(text, digest(text), tomllib.loads(text))

    def change(
        self,
        edit: Edit,
        version: str,
        who: str,
        store: str,
        at_ms: int,
        noted: Callable[[], None] = lambda: None,
    ) -> str:
        """Make an edit and return the file's new version; ``noted`` is called before, and what it raises prevents it.

        Raises:
            ConflictError: somebody else changed the file meanwhile.
            ValueError: it would be a configuration that no process starts with; nothing was written.
            KeyError: there is no such place in it.
        """
        with self._lock:
            now = self.read()
            if now.version != version:
                raise ConflictError
            try:
                text = apply(now.text, edit)
            except msgspec.ValidationError as error:
                raise ValueError(f"{'.'.join(edit.path)}: {error}") from error
            self._check(text)
            noted()
            value = "" if edit.value is None else msgspec.json.encode(edit.value).decode()
            said = " ".join(filter(None, (edit.op, ".".join(edit.path), value)))[:200]
            self._keep(Change(
                at_ms=at_ms, who=who, store=store, said=said, before=now.text, after=digest(text)
            ))  # fmt: skip
            write_whole(self.path, text)
            return digest(text)

    def undo(self, who: str | None, noted: Callable[[Change], None] = lambda _: None) -> Change:
        """Take the newest change back, if it still stands; ``who``: only if it is theirs; ``noted`` as in ``change``.

        Raises:
            ConflictError: there is none, it is somebody else's, or the file was changed by hand since.
        """
        with self._lock:
            past = dict(self._past.read())
            newest = max(past, key=int, default=None)
            if newest is None or past[newest].after != self.read().version:
                raise ConflictError
            if who is not None and past[newest].who != who:
                raise ConflictError
            change = past.pop(newest)
            self._check(change.before)
            noted(change)
            write_whole(self.path, change.before)
            self._past.write(past)
            return change

    def changes(self) -> list[Change]:
        """What was changed here, the newest first."""
        past = self._past.read()
        return [past[n] for n in sorted(past, key=int, reverse=True)]

    def _keep(self, change: Change) -> None:
        past = dict(self._past.read())
        past[str(max(map(int, past), default=0) + 1)] = change
        for old in sorted(past, key=int)[:-KEPT]:
            del past[old]
        self._past.write(past)


def digest(text: str) -> str:
    """Names one state of the file."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def write_whole(path: Path, text: str) -> None:
    """Replace a file whole, with the mode it had; a reader sees the old one or the new one."""
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(draft).chmod(path.stat().st_mode & 0o777)
        Path(draft).replace(path)
    except OSError:
        Path(draft).unlink(missing_ok=True)
        raise
