"""Small JSON files that only their owner may read, replaced whole and followed as they change (edge)."""

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Generic, TypeVar

import msgspec

Value = TypeVar("Value")


class PrivateFile(Generic[Value]):
    """A mapping kept in a file of mode 0600.

    Args:
        path: where; its folder is made with mode 0700.
        kind: of the values, as msgspec decodes them.
    """

    def __init__(self, path: Path, kind: type[Value]) -> None:
        self.path = path
        self._decoder = msgspec.json.Decoder(dict[str, kind])  # type: ignore[valid-type]
        self._seen: tuple[int, int] | None = None
        self._values: dict[str, Value] = {}

    def read(self) -> dict[str, Value]:
        """What stands in it now, ``{}`` where there is none; reads it again only when it has changed.

        Raises:
            ValueError: it is no such file, with its name and the reason.
        """
        try:
            stat = self.path.stat()
            seen = (stat.st_mtime_ns, stat.st_ino)
            if seen != self._seen:
                self._values = self._decoder.decode(self.path.read_bytes())
                self._seen = seen
        except FileNotFoundError:
            self._values, self._seen = {}, None
        except msgspec.DecodeError as error:
            raise ValueError(f"{self.path}: {error}") from error
        return self._values

    def write(self, values: Mapping[str, Value]) -> None:
        """Replace it whole: a reader sees the old one or the new one."""
        write_private(self.path, msgspec.json.format(msgspec.json.encode(dict(values))))


def write_private(path: Path, raw: bytes) -> None:
    """Write a file that only its owner may read, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, draft = tempfile.mkstemp(dir=path.parent)  # mode 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(raw)
        Path(draft).replace(path)
    except OSError:
        Path(draft).unlink(missing_ok=True)
        raise
