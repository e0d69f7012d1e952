"""The raw events behind a metric: of which kinds they are, where in the log, and what each minute saw. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

import msgspec

from flows.measure import measures, measures_over
from flows.tallies.footfall import DoorTally
from flows.tally import Tally, parts
from sensors.events import AnyEvent, Event, Footfall, Pos
from sensors.streams import Entry, Position

FORECAST = "_forecast"
MINUTE = timedelta(minutes=1)
_event = msgspec.json.Decoder(AnyEvent)


class Source(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A raw event: which log entry holds it, how late it came, and whether its id had come before."""

    position: str
    partition: int
    received_at: datetime
    late_s: float
    repeat: bool = False
    event: msgspec.Raw


class Minute(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One pane's minute: how many events, and what doors and tills counted in them."""

    at: datetime
    events: int = 0
    entered: int = 0
    left: int = 0
    tickets: int = 0
    net_minor: int = 0


def inputs_of(metric: str, window: str) -> set[str]:
    """Metrics of the same window made of the same tallies, without the metric itself."""
    reads = _reads(metric)
    return {
        measure.metric
        for measure in measures_over(window)
        if measure.metric != metric and not measure.by_subject and set(measure.reads) <= reads
        if measure.reads
    }


def _reads(metric: str) -> set[type[Tally]]:
    found = {
        tally for m in measures() if m.metric == metric.removesuffix(FORECAST) for tally in m.reads
    }
    return found or ({DoorTally} if metric.endswith(FORECAST) else set())


def kinds_of(metric: str) -> dict[str, type[Event]]:
    """The kinds of event a metric is made of, by their tag."""
    reads = _reads(metric)
    return {
        str(part.event.__struct_config__.tag): part.event
        for part in parts()
        if reads & set(part.tallies)
    }


def sources(
    entries: Iterable[Entry], store: str, metric: str, subject: str, start: datetime, end: datetime,
    until: Position,
) -> Iterator[Source]:  # fmt: skip
    """Events of the metric's kinds that happened in [start, end), in log order up to ``until``."""
    kinds = tuple(kinds_of(metric).values())
    seen: set[str] = set()
    for entry in entries:
        if entry.received_at < start or entry.is_tick:
            continue
        if entry.position > until and entry.received_at > end:
            return
        for line in entry.lines.split(b"\n"):
            event = _event.decode(line)
            if event.store != store or not isinstance(event, kinds) or not start <= event.at < end:
                continue
            if entry.position > until or not _concerns(event, subject):
                continue
            ident = f"{event.source}|{event.id}"
            yield Source(
                position=str(entry.position), partition=entry.partition,
                received_at=entry.received_at,
                late_s=round((entry.received_at - event.at).total_seconds(), 3),
                repeat=bool(event.id) and ident in seen, event=msgspec.Raw(line),
            )  # fmt: skip
            seen.add(ident)


def _concerns(event: Event, subject: str) -> bool:
    """Whether an event speaks of a subject such as ``till:2``."""
    part, _, name = subject.partition(":")
    if not part:
        return True
    if part == "device":
        return event.source == name
    if part == "sku" and isinstance(event, Pos):
        return any(line.sku == name for line in event.lines)
    return getattr(event, part, name) == name


def minutes_of(found: Sequence[Source]) -> list[Minute]:
    """The events by the minute in which they happened; repeats are not counted."""
    made: dict[datetime, Minute] = {}
    for source in found:
        if source.repeat:
            continue
        event = _event.decode(source.event)
        at = event.at - (event.at - datetime.min.replace(tzinfo=event.at.tzinfo)) % MINUTE
        minute = made.setdefault(at, Minute(at=at))
        minute.events += 1
        if isinstance(event, Footfall) and not event.staff and event.counting != "total":
            minute.entered += event.entered
            minute.left += event.left
        elif isinstance(event, Pos) and event.state == "completed" and event.nature == "sale":
            minute.tickets += 1
            minute.net_minor += event.net_minor
    return [made[at] for at in sorted(made)]
