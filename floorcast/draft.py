"""Rules somebody tries: a draft file beside today's configuration."""

import tomllib
from pathlib import Path
from typing import Any

import msgspec

from alerts.rules import errors
from alerts.settings import AlertsSettings
from floorcast.errors import FloorcastError, UnavailableError
from floorcast.settings import SettingsError, explain


def load_draft(path: Path, today: AlertsSettings) -> AlertsSettings:
    """Today's ``[alerts]`` with what a draft says instead.

    The draft is a whole configuration, or its ``[alerts]`` table, or that table's content alone (``[[rules]]``). What
    it says replaces what today's configuration says under that key; the rest stays. Raises ``SettingsError``.
    """
    try:
        tree: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UnavailableError(f"{path}: no such file") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{path}: not TOML: {error}") from None
    said = tree.get("alerts", tree)
    if not said:
        raise FloorcastError(f"{path}: says nothing: put [[rules]] or [alerts] into it")
    try:
        given = msgspec.convert(said, AlertsSettings)
    except msgspec.ValidationError as error:
        raise SettingsError(f"{path}: {explain(str(error))}") from None
    draft = msgspec.structs.replace(today, **{key: getattr(given, key) for key in said})
    for wrong in errors(draft):
        raise SettingsError(f"{path}: {wrong}")
    return draft
