"""``config.toml`` as one typed value: one table a package, refused with path and reason when wrong."""

import re
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfoNotFoundError

import msgspec
from msgspec import Meta

from alerts.rules import errors
from alerts.settings import AlertsSettings, Person
from dashboard.settings import DashboardSettings
from floorcast.errors import FloorcastError
from flows.settings import FlowsSettings
from sensors.settings import Door, SensorsSettings, Store, Table, Till, Zone


class SettingsError(FloorcastError, ValueError):
    """A configuration that cannot be used; the message is the one line to show."""


class FloorcastSettings(Table, kw_only=True, frozen=True):
    """``[floorcast]``: the command line's own."""

    record: bool = True  # `floorcast up` keeps the log in archives; a demo's never
    archive_dir: str = ".floorcast/archive"
    archive_days: Annotated[int, Meta(ge=0)] = 400  # of raw log in archives; 0: for ever
    history: bool = True  # `floorcast up` keeps what is final as files
    history_dir: str = ".floorcast/history"
    history_days: Annotated[int, Meta(ge=0)] = 1_100  # three years and a bit; 0: for ever
    metrics_host: str = "127.0.0.1"
    metrics_port: int = (
        0  # of ingest; floor, alert, deliver and webhook take the next four. 0: no metrics pages
    )
    demo: bool = False  # `floorcast up` simulates the stores: a warm history, then live devices
    demo_days: Annotated[int, Meta(ge=1, le=365)] = 12  # of warm history


class Settings(Table, kw_only=True, frozen=True):
    """The whole file."""

    sensors: SensorsSettings = SensorsSettings()
    flows: FlowsSettings = FlowsSettings()
    alerts: AlertsSettings = AlertsSettings()
    dashboard: DashboardSettings = DashboardSettings()
    floorcast: FloorcastSettings = FloorcastSettings()


_WHERE = re.compile(r"^(?P<what>.*?)(?: - at `\$?\.?(?P<path>.*)`)?$", re.DOTALL)


def load_settings(path: Path) -> Settings:
    """Read and check ``config.toml``; raises ``SettingsError`` with the place and the reason."""
    try:
        raw = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise SettingsError(f"{path}: no such file; copy the documented config.toml") from None
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: cannot be read: {error}") from None
    return parse_settings(raw, str(path))


def parse_settings(raw: str, name: str = "config.toml") -> Settings:
    """Decode TOML text; raises ``SettingsError``.

    >>> explain("Expected `float` > 0.0 - at `$.flows.publish_s`")
    'flows.publish_s: expected a number above 0'
    """
    try:
        tree = tomllib.loads(raw)
        settings = msgspec.convert(tree, Settings)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{name}: not TOML: {error}") from None
    except msgspec.ValidationError as error:
        raise SettingsError(f"{name}: {explain(str(error))}") from None
    for wrong in (*_doubles(settings), *_zones(settings), *map(str, errors(settings.alerts))):
        raise SettingsError(f"{name}: {wrong}")
    return settings


def _doubles(settings: Settings) -> Iterator[str]:
    """Ids that two entries of one list have: nothing could tell them apart."""
    lists: list[tuple[str, Sequence[Store | Door | Zone | Till | Person]]] = [
        ("sensors.stores", settings.sensors.stores), ("alerts.people", settings.alerts.people),
    ]  # fmt: skip
    for n, store in enumerate(settings.sensors.stores):
        path = f"sensors.stores[{n}]"
        lists += [
            (f"{path}.doors", store.doors),
            (f"{path}.zones", store.zones),
            (f"{path}.tills", store.tills),
        ]
    for path, rows in lists:
        seen: set[str] = set()
        for n, row in enumerate(rows):
            if row.id in seen:
                yield f"{path}[{n}].id: {row.id} is there twice"
            seen.add(row.id)


def _zones(settings: Settings) -> Iterator[str]:
    for n, store in enumerate(settings.sensors.stores):
        try:
            _ = store.tz
        except (ZoneInfoNotFoundError, ValueError):
            yield f"sensors.stores[{n}].timezone: there is no time zone {store.timezone}"


def explain(message: str) -> str:
    """Turn msgspec's words into ``path: reason``."""
    match = _WHERE.match(message)
    what = match["what"] if match else message
    path = (match["path"] if match else None) or "top level"
    for pattern, reason in (
        (r"Expected `(?:float|int)` > (\S+)", r"expected a number above \1"),
        (r"Expected `(?:float|int)` < (\S+)", r"expected a number below \1"),
        (r"Expected `(?:float|int)` >= (\S+)", r"expected a number of at least \1"),
        (r"Expected `(?:float|int)` <= (\S+)", r"expected a number of at most \1"),
        (r"Expected `([^`]+)`, got `([^`]+)`", r"expected \1, got \2"),
        (r"Object contains unknown field `([^`]+)`", r"unknown key \1"),
        (r"Object missing required field `([^`]+)`", r"missing key \1"),
    ):
        what = re.sub(pattern, reason, what)
    return f"{path}: {re.sub(r'above 0[.]0$', 'above 0', what)}"
