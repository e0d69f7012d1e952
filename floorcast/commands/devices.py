"""``floorcast devices``: what has been heard from, and the configuration for what is not known yet."""

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer

from floorcast.errors import Exit, FloorcastError, UnavailableError

if TYPE_CHECKING:
    from floorcast.main import Session
    from floorcast.settings import Settings
    from sensors.device_table import DeviceSeen

EPILOG = """Examples:

floorcast devices

floorcast devices --json

floorcast devices suggest axis/entrance/counts --store riverside

floorcast devices suggest zigbee2mqtt/fitting --to mqtt://127.0.0.1:1883 --wait 60

Exit codes: 0 done; 1 nothing was heard on that topic; 2 no Redis is configured; 3 Redis cannot be reached.
"""


def register(app: typer.Typer) -> None:
    """Add ``devices`` and ``devices suggest``."""
    group = typer.Typer(help="What has been heard from, and what to configure.", epilog=EPILOG)
    group.callback(invoke_without_command=True)(listing)
    group.command("suggest")(suggest)
    app.add_typer(group, name="devices")


def listing(
    ctx: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Every device: what it speaks, when it was heard last, how often, and its rejects with a sample."""
    if ctx.invoked_subcommand:
        return
    settings = _connected(ctx)
    seen = sorted(_seen(settings), key=lambda device: (device.store, device.source, device.topic))
    if as_json:
        for device in seen:
            print(msgspec.json.encode(device).decode())
        return
    from rich.table import Table

    from floorcast.tables import print_table

    table = Table("store", "device", "speaks", "last heard", "per min", "rejects", "state", "why")
    for device in seen:
        table.add_row(*_row(device))
    print_table(table)


def suggest(
    ctx: typer.Context,
    topic: Annotated[str, typer.Argument(help="A topic that is heard, or a webhook's /path.")],
    store: Annotated[str, typer.Option(help="The store it belongs to.")] = "",
    to: Annotated[
        str,
        typer.Option(help="mqtt://[user:password@]host[:port]; by default the configured broker."),
    ] = "",
    wait: Annotated[float, typer.Option(min=0, help="Seconds to listen.")] = 15,
) -> None:
    """Write the configuration table for TOPIC, its adapter guessed from what it says.

    What was refused there lately is looked at first; else the broker is listened to.
    """
    from floorcast.broker_link import broker_named, heard_once
    from sensors.adapters import adapter as named
    from sensors.adapters import guessed
    from sensors.topics import parse_topic

    session: Session = ctx.obj
    settings = session.settings()
    raw = next(iter(_refused(settings, topic)), None) if settings.sensors.redis.url else None
    if raw is None and not topic.startswith("/"):
        raw = heard_once(*broker_named(settings.sensors.broker, to), topic, wait)
    if raw is None:
        print(f"nothing was heard on {topic}")
        raise typer.Exit(Exit.FINDING)
    name = guessed(raw, topic)
    if name is None and parse_topic(topic):
        print(f"# {topic} is one of ours: its events are understood without a table")
        return
    store = store or next((s.id for s in settings.sensors.stores), "")
    print("\n".join(_table(topic, name or "generic", store)))
    if name is None:
        print("# nobody's format is recognised; docs/devices.md shows the generic mapping")
        return
    print(f"# its counts: {', '.join(named(name).counts)}")


def _table(topic: str, name: str, store: str) -> Iterator[str]:
    quoted = msgspec.json.encode(topic).decode()
    yield "[[sensors.devices]]"
    yield f"match = {quoted}"
    yield f'adapter = "{name}"'
    yield f'store = "{store}"'
    yield 'door = ""        # the door it counts, or doors = { "their line" = "our door" }'
    yield 'zone = ""        # the zone it watches, or zones = { "their zone" = "our zone" }'
    yield "invert = false   # true where it hangs the other way round"


def _row(device: "DeviceSeen") -> tuple[str, ...]:
    minutes = (device.received_at - device.since).total_seconds() / 60
    rate = f"{device.events / minutes:.1f}" if minutes >= 1 else "–"
    return (
        device.store or "?",
        device.source or device.topic,
        device.adapter or "floorcast" if device.store else _guess(device),
        _clock(device.received_at),
        rate,
        str(device.rejects),
        _state(device),
        f"{device.reason[:60]}\n{device.sample[:60]}".strip(),
    )


def _state(device: "DeviceSeen") -> str:
    """What it last said of itself."""
    battery = "" if device.battery_pct is None else f"{device.battery_pct:.0f} %"
    return " ".join(filter(None, (device.state, battery, device.firmware))) or "–"


def _guess(device: "DeviceSeen") -> str:
    from sensors.adapters import guessed

    name = guessed(device.sample.encode(), device.topic)
    return f"{name}?" if name else "?"


def _clock(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M:%SZ")


def _connected(ctx: typer.Context) -> "Settings":
    session: Session = ctx.obj
    return session.connected()


def _seen(settings: "Settings") -> "Iterator[DeviceSeen]":
    """Every device of every partition; raises ``UnavailableError``."""
    from sensors.device_table import parse_device
    from sensors.keyspace import device_key

    for partition in range(settings.sensors.log.partitions):
        fields = _ask(settings, "HVALS", device_key(partition))
        for value in fields:
            yield parse_device(value)


def _refused(settings: "Settings", topic: str) -> Iterator[bytes]:
    """What was lately refused on a topic, newest first."""
    from sensors.keyspace import dead_key

    for partition in range(settings.sensors.log.partitions):
        for _, pairs in _ask(settings, "XREVRANGE", dead_key(partition), "+", "-", "COUNT", "1000"):
            fields = (
                pairs
                if isinstance(pairs, dict)
                else dict(zip(pairs[::2], pairs[1::2], strict=True))
            )
            if fields.get(b"topic") == topic.encode() and fields.get(b"raw"):
                yield fields[b"raw"]


def _ask(settings: "Settings", *command: str) -> Any:  # noqa: ANN401 - Redis's own answer
    import redis

    try:
        client: Any = redis.Redis.from_url(settings.sensors.redis.url)
        return client.execute_command(*command)
    except redis.ConnectionError as error:
        raise UnavailableError(f"Redis at {settings.sensors.redis.url}: {error}") from None
    except ValueError as error:
        raise FloorcastError(f"sensors.redis.url: {error}") from None
