"""A weather file as plans for a shop's log: rain and temperature by day or by hour. Pure.

CSV with a header, or JSON: a list of rows, or columns under ``daily`` or ``hourly`` as open-meteo.com answers. A blank
is a value that is not known and says nothing.
"""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta, tzinfo
from typing import NamedTuple

import msgspec

from floorcast.errors import FloorcastError
from sensors.events import Plan

SOURCE = "weather"
STARTS = ("starts", "date", "time")
RAIN = ("rain_mm", "precipitation_sum", "precipitation", "rain_sum", "rain")
TEMPERATURE = ("temperature_c", "temperature_2m_mean", "temperature_2m")
DAY = timedelta(days=1)
Row = Mapping[str, object]


class Spell(NamedTuple):
    """The weather of one stretch; ``None`` where it is not known."""

    starts: datetime
    ends: datetime
    rain_mm: float | None
    temperature_c: float | None


def spells(content: bytes, name: str, zone: tzinfo) -> list[Spell]:
    """The stretches a file tells of, in order; raises ``FloorcastError`` naming the row that is wrong.

    Args:
        content: of the file.
        name: of the file, for the message; ``.json`` is JSON, everything else CSV.
        zone: of times without an offset.
    """
    try:
        text = content.decode("utf-8-sig")
        rows = _json(text) if name.lower().endswith(".json") else list(csv.DictReader(io.StringIO(text)))  # fmt: skip
    except (UnicodeDecodeError, msgspec.DecodeError, csv.Error) as error:
        raise FloorcastError(f"{name}: {error}") from None
    found = []
    for number, row in enumerate(rows, start=1):
        try:
            found.append(_spell(row, zone))
        except ValueError as error:
            raise FloorcastError(f"{name}: row {number}: {error}") from None
    if not any(spell.rain_mm is not None or spell.temperature_c is not None for spell in found):
        raise FloorcastError(
            f"{name}: no weather in it: wants {STARTS[0]}, {RAIN[0]}, {TEMPERATURE[0]}"
        )
    return sorted(found)


def _json(text: str) -> Sequence[Row]:
    read = msgspec.json.decode(text.encode())
    if isinstance(read, dict):
        columns = read.get("daily") or read.get("hourly")
        if not isinstance(columns, dict) or not all(isinstance(c, list) for c in columns.values()):
            raise FloorcastError("the JSON is neither a list of rows nor columns under daily or hourly")  # fmt: skip
        return [
            dict(zip(columns, values, strict=True))
            for values in zip(*columns.values(), strict=False)
        ]
    if not isinstance(read, list) or not all(isinstance(row, dict) for row in read):
        raise FloorcastError("the JSON is neither a list of rows nor columns under daily or hourly")
    return read


def _spell(row: Row, zone: tzinfo) -> Spell:
    said = _first(row, STARTS)
    if said is None:
        raise ValueError(f"no {', '.join(STARTS)}")
    starts = datetime.fromisoformat(str(said))
    length = DAY if len(str(said)) <= len("2026-11-22") else timedelta(hours=1)
    ending = _first(row, ("ends",))
    ends = starts + length if ending is None else datetime.fromisoformat(str(ending))
    starts, ends = (at if at.tzinfo else at.replace(tzinfo=zone) for at in (starts, ends))
    if ends <= starts:
        raise ValueError(f"ends at {ends.isoformat()}, before it starts")
    return Spell(starts, ends, _number(row, RAIN), _number(row, TEMPERATURE))


def _first(row: Row, names: Sequence[str]) -> object | None:
    return next((row[name] for name in names if row.get(name) not in (None, "")), None)


def _number(row: Row, names: Sequence[str]) -> float | None:
    said = _first(row, names)
    return None if said is None else float(str(said))


def plans(told: Sequence[Spell], store: str, at: datetime) -> Iterator[Plan]:
    """What is said of each stretch at ``at``: rain in cm a day, temperature in °C.

    >>> from datetime import UTC
    >>> noon = datetime(2026, 11, 22, 12, tzinfo=UTC)
    >>> [(p.subject, p.value) for p in plans([Spell(noon, noon + DAY / 2, 5.0, None)], "s", noon)]
    [('', 1.0)]
    """
    for starts, ends, rain_mm, temperature_c in told:
        a_day = None if rain_mm is None else rain_mm / 10 * (DAY / (ends - starts))
        for subject, value in (("", a_day), ("temperature", temperature_c)):
            if value is not None:
                yield Plan(
                    at=at, store=store, source=SOURCE, id=f"{subject or 'rain'}/{starts.isoformat()}/{at.isoformat()}",
                    about="weather", subject=subject, starts_at=starts, ends_at=ends, value=round(value, 3),
                )  # fmt: skip
