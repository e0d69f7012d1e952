"""What one LoRaWAN people counter's uplink says, whatever its byte layout, and the events it makes."""

from collections.abc import Iterator
from datetime import datetime

from msgspec import Struct, field

from sensors.adapters._message import Message
from sensors.events import Event
from sensors.reject import Reject


class Line(Struct):
    """Both directions of one line: running totals and the sums since the last report."""

    total: dict[str, int] = {}
    period: dict[str, int] = {}

    def put(self, what: str, side: str, people: int) -> None:
        """Set one number: ``what`` total or period, ``side`` in or out."""
        (self.total if what.startswith("total") else self.period)[side] = people


class Uplink(Struct):
    """One report.

    Attributes:
        levels: people now by region; ``""`` is the whole picture.
        dwell: mean seconds by region.
        history: earlier reports, resent, each with its own time.
        fault: what the device says is wrong with it.
    """

    lines: dict[str, Line] = {}
    levels: dict[str, int] = {}
    dwell: dict[str, float] = {}
    battery_pct: float | None = None
    firmware: str | None = None
    device_id: str | None = None
    at: datetime | None = None
    history: list["Uplink"] = field(default_factory=list)
    fault: str | None = None

    def line(self, name: str) -> Line:
        """The line of this name, made on first use."""
        return self.lines.setdefault(name, Line())


def line_events(
    message: Message, uplink: Uplink, at: datetime, source: str
) -> Iterator[Event | Reject]:
    """Footfall per line, levels, dwell, status.

    Totals are preferred, for radio messages get lost; once this device has said a total its sums since
    the last report, and the history it resends, are the same people again and left out. Option ``counts``
    = ``period`` takes the sums instead. They have no stated beginning, so they are deltas, told apart by
    an id with their time.
    """
    for name, line in uplink.lines.items():
        yield from _line_events(message, name, line, at, source)
    if message.form_of(source) != "total":
        for earlier in uplink.history:
            for name, line in earlier.lines.items():
                if line.period:
                    sums = Line(period=line.period)
                    yield from _line_events(message, name, sums, earlier.at or at, source)
    for region, people in uplink.levels.items():
        yield from message.presence((region,), at=at, people=people, source=source)
    for region, seconds in uplink.dwell.items():
        if seconds:
            yield from message.dwell((region,), at=at, dwell_s=seconds, source=source)
    if uplink.fault or uplink.firmware or uplink.battery_pct is not None:
        yield message.status(
            "fault" if uplink.fault else "alive",
            at=at,
            source=source,
            battery_pct=uplink.battery_pct,
            firmware=uplink.firmware,
            detail=uplink.fault,
        )


def _line_events(
    message: Message, name: str, line: Line, at: datetime, source: str
) -> Iterator[Event | Reject]:
    wanted = message.device.options.get("counts") or message.form_of(source)
    if line.total and wanted != "period":
        message.keep_to("total", source)
        one_way = len(line.total) == 1  # its other direction comes in another report
        yield from message.footfall(
            (name,),
            at=at,
            counting="total",
            entered=line.total.get("in", 0),
            left=line.total.get("out", 0),
            source=f"{source}/{min(line.total)}" if one_way else source,
        )
    elif line.period and wanted != "total":
        yield from message.footfall(
            (name,),
            at=at,
            counting="delta",
            entered=line.period.get("in", 0),
            left=line.period.get("out", 0),
            source=source,
            id=f"{source}-{name}-{at.timestamp():.0f}",
        )
