"""Where an interrupted replay is kept until it is resumed: one folder for each question that was asked."""

import hashlib
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path

import msgspec

from floorcast.errors import FloorcastError
from floorcast.settings import Settings


def question(sources: Iterable[str], settings: Settings, asked: object) -> str:
    """A name for a replay: the same for the same files, settings and options."""
    said: list[object] = [msgspec.to_builtins(settings, str_keys=True), asked]
    for source in sources:
        path = Path(source)
        if path.exists():
            files = sorted(path.rglob("*.jsonl*")) if path.is_dir() else [path]
            said += [(str(f.resolve()), f.stat().st_size, f.stat().st_mtime_ns) for f in files]
        else:
            said.append(source)
    return hashlib.sha256(msgspec.json.encode(said)).hexdigest()[:16]


class Unfinished:
    """The state of a replay while it runs; kept under its name only if it is interrupted.

    Args:
        folder: of all unfinished replays.
        name: of this one's question.
        resume: go on where the last one was interrupted.

    Raises:
        FloorcastError: there is nothing to resume.
    """

    def __init__(self, folder: Path, name: str, *, resume: bool) -> None:
        self._kept = folder / name
        if resume and not (self._kept / "held").is_dir():
            raise FloorcastError(
                "nothing to resume: no replay of these sources with these options was interrupted"
            )
        folder.mkdir(parents=True, exist_ok=True)
        self.path = Path(tempfile.mkdtemp(prefix=f".{name}-", dir=folder))
        if resume:
            shutil.copytree(self._kept, self.path, dirs_exist_ok=True)

    def close(self, *, interrupted: bool) -> None:
        """Keep the state if the replay was interrupted; else forget it and what it was resumed from."""
        if self._kept.exists():
            shutil.rmtree(self._kept)
        if interrupted:
            self.path.replace(self._kept)
        else:
            self.drop()

    def drop(self) -> None:
        """Forget what this run has made; what it was resumed from stays."""
        shutil.rmtree(self.path, ignore_errors=True)
