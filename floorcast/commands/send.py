"""``floorcast send``: one event or one vendor message to the broker, for a gateway engineer to test with."""

from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from floorcast.errors import FloorcastError

if TYPE_CHECKING:
    from datetime import datetime

    from floorcast.main import Session

EPILOG = """Examples:

floorcast send footfall --store riverside --source test-1 --set door=main --set entered=3

floorcast send pos --store riverside --set till=1 --set transaction=T-1 --set net_minor=19900

floorcast send --file counts.json --topic axis/1/counts --to mqtt://127.0.0.1:1883

Exit codes: 0 the broker has taken it; 2 it is not an event, or no broker is named; 3 the broker is not there.
"""
_SAMPLES: dict[str, dict[str, object]] = {
    "footfall": {"door": "main", "entered": 1},
    "dwell": {"zone": "entrance", "dwell_s": 45},
    "presence": {"people": 1},
    "queue": {"till": "1", "length": 2, "wait_s": 40},
    "pos": {"till": "1", "transaction": "test-1", "net_minor": 100, "state": "open"},
    "status": {"state": "alive"},
}


def register(app: typer.Typer) -> None:
    """Add ``send``."""
    app.command("send", epilog=EPILOG)(command)


def command(
    ctx: typer.Context,
    kind: Annotated[str, typer.Argument(help=f"One of {', '.join(_SAMPLES)}.")] = "footfall",
    store: Annotated[str, typer.Option(help="The store; by default the first configured.")] = "",
    source: Annotated[str, typer.Option(help="Who says so.")] = "send-test",
    fields: Annotated[
        list[str] | None, typer.Option("--set", help="field=value; may be repeated.")
    ] = None,
    file: Annotated[str, typer.Option(help="Send this file as it is; - is standard input.")] = "",
    topic: Annotated[str, typer.Option(help="The topic; by default the event's own.")] = "",
    to: Annotated[
        str,
        typer.Option(help="mqtt://[user:password@]host[:port]; by default the configured broker."),
    ] = "",
) -> None:
    """Publish one event (or a file) at QoS 1, wait for the broker to take it, and print what was sent."""
    from floorcast.broker_link import broker_named, publish_once, read_file
    from sensors.clock import SystemClock
    from sensors.topics import Topic

    session: Session = ctx.obj
    settings = session.settings().sensors
    if file:
        if not topic:
            raise FloorcastError("--file needs --topic: where its device publishes")
        payload = read_file(file)
    else:
        store = store or next((s.id for s in settings.stores), "")
        payload = _event(kind, SystemClock().now(), store, source, fields or [])
        topic = topic or str(Topic(store, "status" if kind == "status" else "events", source))
    broker, password = broker_named(settings.broker, to)
    publish_once(broker, password, topic, payload)
    print(f"{topic} {payload.decode('utf-8', 'replace') if not file else f'{len(payload)} bytes'}")


def _event(kind: str, at: "datetime", store: str, source: str, fields: list[str]) -> bytes:
    """One event of the contract; raises ``FloorcastError`` naming the field that is wrong."""
    from sensors.events import KINDS

    if kind not in KINDS:
        raise FloorcastError(f"{kind!r} is no kind of event: {', '.join(KINDS)}")
    drafted: dict[str, object] = {"kind": kind, "at": at, "store": store, "source": source}
    drafted |= _SAMPLES.get(kind, {})
    for field in fields:
        name, equals, value = field.partition("=")
        if not equals:
            raise FloorcastError(f"--set {field}: write field=value")
        drafted[name] = value
    unknown = set(drafted) - {"kind", *KINDS[kind].__struct_fields__}
    if unknown:
        raise FloorcastError(f"{kind} has no field {', '.join(sorted(unknown))}")
    try:
        return msgspec.json.encode(msgspec.convert(drafted, KINDS[kind], strict=False))
    except msgspec.ValidationError as error:
        raise FloorcastError(f"not a {kind} event: {error}") from None
