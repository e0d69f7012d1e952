"""``floorcast screen``: the command screen."""

import os
import shlex
from pathlib import Path

import typer

from floorcast.running import EDITED

EPILOG = """Example:

floorcast screen

Exit codes: 0 stopped; 2 the configuration cannot be used; 3 no port can be had.
"""


def register(app: typer.Typer) -> None:
    """Add ``screen``."""
    app.command("screen", epilog=EPILOG)(command)


def command(ctx: typer.Context) -> None:
    """Serve the wall screen and the phone pages, until stopped; a taken port is told and a free one used."""
    from dashboard.doors.house import House
    from dashboard.serve import listen, run
    from dashboard.shop import Shops
    from floorcast.history.kept_ledger import KeptLedger
    from floorcast.settings import parse_settings
    from floorcast.stage import prepare, serve_metrics

    settings = prepare(ctx.obj, "screen")
    sensors, screen = settings.sensors, settings.dashboard
    try:
        listener = listen(screen.host, screen.port)
    except OSError as error:
        listener = listen(screen.host, 0)
        typer.echo(f"port {screen.port}: {error.strerror}: using {listener.getsockname()[1]}")
    for store in sensors.stores:
        typer.echo(f"http://{screen.host}:{listener.getsockname()[1]}/wall/{store.id}")
    edited = _edited(ctx.obj.config)
    called, broker = _called(edited), bool(sensors.broker.host)
    known = Shops.of(sensors, settings.flows, screen, settings.alerts)
    shops = Shops({n: s._replace(command=called, broker=broker) for n, s in known.items()})
    house = House.of(screen, settings.alerts)._replace(
        command=called,
        config=edited,
        check=parse_settings,
        ledger=KeptLedger(Path(settings.floorcast.history_dir)),
    )
    run(
        sensors.redis.url, shops, sensors.log.partitions, screen, [listener], house,
        on_start=lambda: serve_metrics(settings, "screen"),
    )  # fmt: skip


def _called(config: Path) -> str:
    """The command line as it is to be typed for this configuration, wherever a person stands."""
    usual = config.resolve() == Path("config.toml").resolve()
    return "floorcast" if usual else f"floorcast --config {shlex.quote(str(config))}"


def _edited(config: Path) -> Path:
    """The file that people write: under `floorcast up`, not the one it made for its own processes."""
    return Path(os.environ.get(EDITED) or config)
