"""A running ``floorcast up``: its lock, and the configuration with the ports it chose, for every other command."""

import fcntl
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.items import Table

from floorcast.errors import FloorcastError

LOCK = "up.lock"
EFFECTIVE = "up.toml"
EDITED = "FLOORCAST_EDITED"  # the person's own file, for the settings page


@contextmanager
def sole(folder: Path) -> Iterator[None]:
    """Be the only ``floorcast up`` in a folder; raises ``FloorcastError`` naming the other one."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / LOCK).open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise FloorcastError(
                f"`floorcast up` already runs here (process {lock.read().strip()}): stop it, "
                "or set sensors.redis.embedded_dir to another folder"
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield
        lock.truncate(0)


def effective_config(folder: Path) -> Path | None:
    """The configuration of the ``floorcast up`` that runs in a folder, ``None`` when none does."""
    path = folder / EFFECTIVE
    try:
        with (folder / LOCK).open() as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return path if path.exists() else None
    except FileNotFoundError:
        return None
    return None


def write_effective(config: Path, folder: Path, chosen: Mapping[str, Mapping[str, Any]]) -> Path:
    """The configuration file with what was chosen at start written over it.

    Args:
        config: the person's file.
        folder: where the result is written.
        chosen: by dotted table (``sensors.redis``): its keys and values.
    """
    document = tomlkit.parse(config.read_text(encoding="utf-8"))
    for name, values in chosen.items():
        table: Any = document
        for part in name.split("."):
            if part not in table:
                table[part] = tomlkit.table()
            table = table[part]
        for key, value in values.items():
            table[key] = value
    path = folder / EFFECTIVE
    path.write_text(tomlkit.dumps(document), encoding="utf-8")
    return path


def move_stores(path: Path, timezone: str) -> None:
    """Put every store of a configuration file into one time zone."""
    document = tomlkit.parse(path.read_text(encoding="utf-8"))
    sensors = document["sensors"]
    stores: Any = sensors["stores"] if isinstance(sensors, Table) else []
    for store in stores:
        store["timezone"] = timezone
    path.write_text(tomlkit.dumps(document), encoding="utf-8")
