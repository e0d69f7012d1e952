"""``floorcast decode``: what a device's bytes would become, before it is connected."""

import sys
from collections.abc import Sequence
from datetime import UTC
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer

from floorcast.errors import Exit, FloorcastError

if TYPE_CHECKING:
    from floorcast.main import Session
    from sensors.events import Event
    from sensors.reject import Reject
    from sensors.settings import Device, SensorsSettings

EPILOG = """Examples:

floorcast decode counts.json

floorcast decode --adapter poslog --store riverside tickets/*.xml

mosquitto_sub -t 'axis/#' -C 1 | floorcast decode --topic axis/1/occupancy -

Exit codes: 0 everything became events; 1 something was rejected; 2 the adapter or store is unknown;
3 a file cannot be read.
"""


def register(app: typer.Typer) -> None:
    """Add ``decode``."""
    app.command("decode", epilog=EPILOG)(command)


def command(
    ctx: typer.Context,
    files: Annotated[list[str], typer.Argument(help="Messages, one a file; - is standard input.")],
    adapter: Annotated[str, typer.Option(help="The adapter; auto guesses it.")] = "auto",
    topic: Annotated[
        str,
        typer.Option(help="The topic or webhook path it came by; its configured device is used."),
    ] = "",
    store: Annotated[str, typer.Option(help="The store whose clock and money are meant.")] = "",
    door: Annotated[str, typer.Option(help="Its door; by default the vendor's own names.")] = "",
    at: Annotated[str, typer.Option(help="When it was received; by default now.")] = "",
) -> None:
    """Print the events in FILES as JSON lines; what is rejected goes to stderr with its reason."""
    from floorcast.broker_link import read_file
    from floorcast.moments import moment
    from sensors.adapters import adapter as named
    from sensors.clock import SystemClock

    session: Session = ctx.obj
    settings = session.settings().sensors if session.config.exists() or store else _empty()
    now = SystemClock().now()
    memory: dict[str, dict[str, Any]] = {}
    rejected = 0
    for name in files:
        payload = read_file(name)
        device = _device(settings, payload, adapter=adapter, topic=topic, store=store, door=door)
        if device is None:
            print(
                f"{name}: $: nobody's format is recognised: name one with --adapter",
                file=sys.stderr,
            )
            rejected += 1
            continue
        of = next((s for s in settings.stores if s.id == device.store), None)
        said = named(device.adapter).decode(
            payload,
            topic or name,
            device,
            moment(at, now, of.tz if of else UTC) if at else now,
            store=of,
            memory=memory.setdefault(device.adapter, {}),
        )
        rejected += _tell(name, said)
    if rejected:
        raise typer.Exit(Exit.FINDING)


def _tell(name: str, said: "Sequence[Event | Reject]") -> int:
    """Print outcomes; how many were rejects."""
    from sensors.reject import Reject

    rejected = 0
    for outcome in said:
        if isinstance(outcome, Reject):
            rejected += 1
            print(f"{name}: {outcome.place}: {outcome.reason}", file=sys.stderr)
        else:
            print(msgspec.json.encode(outcome).decode())
    return rejected


def _device(
    settings: "SensorsSettings", payload: bytes, *, adapter: str, topic: str, store: str, door: str
) -> "Device | None":
    """The configured device of this topic, else one that keeps the vendor's own names.

    ``None`` where its format cannot be guessed; raises ``FloorcastError`` for names there are none of.
    """
    from sensors.adapters import adapters, guessed
    from sensors.settings import Device
    from sensors.topics import matches

    for device in settings.devices:
        if adapter == "auto" and topic and (device.match == topic or matches(device.match, topic)):
            return device
    if adapter != "auto" and adapter not in adapters():
        raise FloorcastError(f"no adapter {adapter!r}: {', '.join(sorted(adapters()))}")
    name = guessed(payload, topic) if adapter == "auto" else adapter
    if name is None:
        return None
    ids = [s.id for s in settings.stores]
    if store and store not in ids:
        raise FloorcastError(f"no store {store!r}: {', '.join(ids) or 'none is configured'}")
    return Device(
        match="#",
        adapter=name,
        store=store or (ids[0] if ids else "store"),
        door=door,
        doors={} if door else {"*": "*"},
        zones={"*": "*"},
    )


def _empty() -> "SensorsSettings":
    from sensors.settings import SensorsSettings

    return SensorsSettings()
