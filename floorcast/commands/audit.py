"""``floorcast audit``: a hand count beside a door's sensor, and the correction that follows."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from floorcast.errors import Exit, FloorcastError, UnavailableError

if TYPE_CHECKING:
    from floorcast.main import Session
    from floorcast.settings import Settings
    from sensors.audit import Factor
    from sensors.corrections import Correction, Direction
    from sensors.events import Footfall

EPILOG = """Examples, after counting at the main door from 10:00 to 10:05:

floorcast audit main --from 10:00 --in 42 --out 37

floorcast audit main --from 10:00 --to 10:20 --in 190 --by chen --apply

floorcast audit main --in 1 --reset --by chen --apply

Exit codes: 0 done; 1 the difference may be chance, nothing was applied; 2 there is no such door, or nobody was
counted; 3 Redis cannot be reached.
"""
BEFORE = timedelta(hours=6)  # a running total's last word before the count
AFTER = timedelta(minutes=30)  # what was counted then may come late


def register(app: typer.Typer) -> None:
    """Add ``audit``."""
    app.command("audit", epilog=EPILOG)(command)


def command(
    ctx: typer.Context,
    door: Annotated[str, typer.Argument(help="The door's id.")],
    since: Annotated[str, typer.Option("--from", help="When counting began: 10:00.")] = "",
    until: Annotated[str, typer.Option("--to", help="When it ended; five minutes later.")] = "",
    entered: Annotated[int | None, typer.Option("--in", min=0, help="People in.")] = None,
    left: Annotated[int | None, typer.Option("--out", min=0, help="People out.")] = None,
    store: Annotated[str, typer.Option(help="The store; by default the first.")] = "",
    by: Annotated[str, typer.Option(help="Who counted, by the staff directory's id.")] = "audit",
    apply: Annotated[bool, typer.Option(help="Correct the door from now on.")] = False,
    reset: Annotated[bool, typer.Option(help="Take the door's corrections back.")] = False,
) -> None:
    """Compare a hand count with what the sensor said, and correct the door where it is wrong beyond chance."""
    session: Session = ctx.obj
    settings = session.connected()
    store = store or next((s.id for s in settings.sensors.stores), "")
    _known(settings, store, door)
    counts: dict[Direction, int | None] = {"in": entered, "out": left}
    by_hand = {way: number for way, number in counts.items() if number is not None}
    if not by_hand:
        raise FloorcastError("say what was counted: --in, --out or both")
    if reset:
        for way in by_hand:
            _write(settings, store, door, way, by, _neutral())
        return
    begin, end = _minutes(settings, store, since, until)
    events = _events(settings, store, begin, end)
    doubtful = [
        way
        for way, number in by_hand.items()
        if not _judge(settings, store, door, way, number, events, begin, end, by if apply else "")
    ]
    if doubtful:
        raise typer.Exit(Exit.FINDING)


def _known(settings: "Settings", store: str, door: str) -> None:
    try:
        doors = [d.id for d in settings.sensors.store(store).doors]
    except KeyError:
        raise FloorcastError(f"no store {store!r} is configured") from None
    if door not in doors:
        raise FloorcastError(f"{store} has no door {door!r}; it has {', '.join(doors)}")


def _minutes(settings: "Settings", store: str, since: str, until: str) -> tuple[datetime, datetime]:
    """When was counted; by default the five minutes that end now."""
    from floorcast.moments import moment
    from sensors.clock import SystemClock

    now, zone = SystemClock().now(), settings.sensors.store(store).tz
    begin = moment(since, now, zone) if since else now - timedelta(minutes=5)
    end = moment(until, now, zone) if until else begin + timedelta(minutes=5)
    if not begin < end <= now:
        raise FloorcastError("the count must have ended after it began, and before now")
    return begin, end


def _events(settings: "Settings", store: str, begin: datetime, end: datetime) -> "list[Footfall]":
    """The store's footfall as the log has it."""
    import msgspec
    import redis

    from sensors.clock import to_ms
    from sensors.event_log import read
    from sensors.events import AnyEvent, Footfall
    from sensors.keyspace import partition_of
    from sensors.stream_source import connect
    from sensors.streams import Position

    decoder: msgspec.json.Decoder[AnyEvent] = msgspec.json.Decoder(AnyEvent)
    found: list[Footfall] = []
    partition = partition_of(store, settings.sensors.log.partitions)
    try:
        client = connect(settings.sensors.redis.url)
        for entry in read(client, partition, Position(to_ms(begin - BEFORE), 0)):
            if entry.received_at > end + AFTER:
                break
            events = decoder.decode_lines(entry.lines) if entry.lines else []
            found += [e for e in events if isinstance(e, Footfall) and e.store == store]
    except redis.ConnectionError as error:
        raise UnavailableError(f"Redis at {settings.sensors.redis.url}: {error}") from None
    return found


def _judge(
    settings: "Settings",
    store: str,
    door: str,
    way: "Direction",
    by_hand: int,
    events: "list[Footfall]",
    begin: datetime,
    end: datetime,
    actor: str,
) -> bool:
    """Tell one direction's factor and apply it if ``actor`` is given; whether it is beyond chance."""
    from sensors.audit import LEAST, counted, factor
    from sensors.corrections import LEVEL, Correction

    by_sensor = counted(events, door, way, begin, end)
    try:
        found = factor(by_hand, by_sensor)
    except ValueError:
        raise FloorcastError(
            f"{door} {way}: nobody was counted, neither by hand nor by sensor"
        ) from None
    print(f"{store} {door} {way}: {by_hand} by hand, {by_sensor} by sensor; {_words(found)}")
    if found.value is None or found.value == 0 or by_hand < LEAST or not found.is_certain:
        print(_advice(found, by_hand, LEAST))
        return False
    if actor:
        minutes = (end - begin).total_seconds() / 60
        correction = Correction(
            factor=round(found.value, 4), low=round(found.low, 4),
            high=None if found.high is None else round(found.high, 4), by_hand=by_hand,
            by_sensor=by_sensor, minutes=minutes, level=LEVEL,
        )  # fmt: skip
        _write(settings, store, door, way, actor, correction)
    return True


def _words(found: "Factor") -> str:
    if found.value is None:
        return "no factor"
    return f"factor {found.value:.2f} (95 %: {found.low:.2f} to {found.high:.2f})"


def _advice(found: "Factor", by_hand: int, least: int) -> str:
    if not found.value:
        return "  one of them counted nobody: look at the sensor, a factor cannot mend it"
    if by_hand < least:
        return f"  not applied: count until {least} people have passed"
    return "  not applied: the difference may be chance; count longer"


def _neutral() -> "Correction":
    from sensors.corrections import Correction

    return Correction(factor=1, low=1, high=1, by_hand=0, by_sensor=0, minutes=0)


def _write(
    settings: "Settings",
    store: str,
    door: str,
    way: "Direction",
    actor: str,
    correction: "Correction",
) -> None:
    import msgspec
    import redis

    from dashboard.write import CommandWriter
    from sensors.corrections import target_of
    from sensors.stream_source import connect

    note = msgspec.json.encode(correction).decode()
    try:
        writer = CommandWriter(connect(settings.sensors.redis.url), settings.sensors.log.partitions)
        writer.write(store, actor, "setting", target_of(door, way), note=note)
    except redis.ConnectionError as error:
        raise UnavailableError(f"Redis at {settings.sensors.redis.url}: {error}") from None
    print(f"  {door} {way}: counts are multiplied by {correction.factor:g} from now on")
