"""``floorcast``: one command line; each file in ``floorcast/commands`` adds what it is named for.

The outermost loop of every process it starts: a person's mistake becomes one line and an exit code
(``floorcast.errors.Exit``), a fault of our own one line too, with its traceback under ``--debug``.
"""

import importlib
import os
import pkgutil
import platform
import sys
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Annotated

import typer

from floorcast import commands
from floorcast.errors import Exit, FloorcastError
from floorcast.running import effective_config
from floorcast.settings import Settings, load_settings


@dataclass(frozen=True)
class Session:
    """What every command is given as ``ctx.obj``: where the configuration is, and how loud faults are."""

    config: Path
    debug: bool

    def settings(self) -> Settings:
        """The configuration, read now; raises ``SettingsError`` with its path and the reason.

        Where it leaves the servers to ``floorcast up`` and one is running, that one's: with its ports.
        """
        settings = load_settings(self.config)
        sensors = settings.sensors
        if sensors.redis.url and sensors.broker.host:
            return settings
        running = effective_config(Path(sensors.redis.embedded_dir))
        return load_settings(running) if running else settings

    def connected(self, *, broker: bool = False) -> Settings:
        """The configuration with a Redis in it, and a broker if asked; raises ``FloorcastError`` without."""
        settings = self.settings()
        for missing, key in (
            (not settings.sensors.redis.url, "sensors.redis.url"),
            (broker and not settings.sensors.broker.host, "sensors.broker.host"),
        ):
            if missing:
                raise FloorcastError(
                    f"{self.config}: {key} is empty: name a server, or start one with `floorcast up`"
                )
        return settings


def build_app() -> typer.Typer:
    """The command line with every command found in ``floorcast.commands``."""
    app = typer.Typer(
        name="floorcast",
        help="A real-time command screen for physical shops (实时指挥台).",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )

    @app.callback()
    def floorcast(
        ctx: typer.Context,
        config: Annotated[
            Path, typer.Option(envvar="FLOORCAST_CONFIG", help="The configuration file.")
        ] = Path("config.toml"),
        debug: Annotated[bool, typer.Option(help="Show tracebacks and debug logs.")] = False,
        version: Annotated[  # noqa: ARG001 - answered by its callback
            bool,
            typer.Option(
                "--version",
                callback=_say_version,
                is_eager=True,
                help="Show the versions and stop.",
            ),
        ] = False,
    ) -> None:
        ctx.obj = Session(config, debug)

    for module in sorted(pkgutil.iter_modules(commands.__path__), key=lambda module: module.name):
        importlib.import_module(f"{commands.__name__}.{module.name}").register(app)
    return app


def _say_version(asked: bool) -> None:
    """What a report of a fault begins with: our version, Python's, and that of the library the flows run on."""
    if not asked:
        return
    ours, bytewax = metadata.version("floorcast"), metadata.version("bytewax")
    typer.echo(f"floorcast {ours} (Python {platform.python_version()}, bytewax {bytewax})")
    raise typer.Exit


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit with its code."""
    sys.exit(run(sys.argv[1:] if arguments is None else arguments))


def run(arguments: Sequence[str]) -> int:
    """The exit code of one command line; every failure has been told in one line on stderr."""
    debug = "--debug" in arguments
    try:
        code = build_app()(list(arguments), prog_name="floorcast", standalone_mode=False)
    except typer.TyperException as error:
        return _tell(str(error), Exit.REFUSED, debug=debug) if str(error) else Exit.REFUSED
    except FloorcastError as error:
        return _tell(str(error), error.code, debug=debug)
    except (KeyboardInterrupt, typer.Abort):
        return Exit.INTERRUPTED
    except BrokenPipeError:
        return _reader_left()
    except OSError as error:
        return _tell(str(error), Exit.UNAVAILABLE, debug=debug)
    except Exception as error:  # noqa: BLE001 - the process's one catch-all
        if _is_of_redis(error):
            return _tell(f"Redis: {error}; see `floorcast doctor`", Exit.UNAVAILABLE, debug=debug)
        said = f"a fault of Floorcast's own: {type(error).__name__}: {error}"
        return _tell(f"{said} (--debug shows where)", Exit.INTERNAL, debug=debug)
    return code if isinstance(code, int) else Exit.OK


def _tell(line: str, code: Exit, *, debug: bool) -> int:
    """Say what went wrong in one line, after the traceback where that was asked for."""
    if debug:
        traceback.print_exc()
    typer.echo(f"floorcast: {' '.join(line.split())}", err=True)
    return code


def _is_of_redis(error: Exception) -> bool:
    """Whether it is a ``redis.RedisError``, without importing redis (a third of a second) to ask."""
    return any(kind.__module__ == "redis.exceptions" for kind in type(error).__mro__)


def _reader_left() -> int:
    """``floorcast … | head`` is no fault; keeps the interpreter from flushing into the closed pipe."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return Exit.OK


if __name__ == "__main__":
    main()
