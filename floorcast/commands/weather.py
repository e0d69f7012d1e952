"""``floorcast weather``: a weather file to the plans of a store, for the forecasts to learn from."""

from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from floorcast.errors import FloorcastError

if TYPE_CHECKING:
    from floorcast.main import Session

EPILOG = """Examples:

floorcast weather forecast.csv

floorcast weather forecast.json --store riverside --to mqtt://127.0.0.1:1883

curl -s 'https://api.open-meteo.com/v1/forecast?latitude=31.2&longitude=121.5&daily=precipitation_sum,temperature_2m_mean' | floorcast weather -

Exit codes: 0 the broker has taken it; 2 the file is no weather, or no broker is named; 3 the broker is not there.
"""  # noqa: E501  one command on one line
AT_ONCE = 200  # plans in a message


def register(app: typer.Typer) -> None:
    """Add ``weather``."""
    app.command("weather", epilog=EPILOG)(command)


def command(
    ctx: typer.Context,
    file: Annotated[
        str, typer.Argument(help="CSV or .json: starts, rain_mm, temperature_c; - is JSON on standard input.")
    ],
    store: Annotated[str, typer.Option(help="The store; by default every configured one.")] = "",
    to: Annotated[
        str,
        typer.Option(help="mqtt://[user:password@]host[:port]; by default the configured broker."),
    ] = "",
) -> None:  # fmt: skip
    """Tell a store the weather to come; what a later file says of the same stretch replaces it.

    Run it whenever there is a newer forecast, from cron for example. Weather that is missing is taken as usual.
    """
    from floorcast.broker_link import broker_named, publish_once, read_file
    from floorcast.weather import plans, spells
    from sensors.clock import SystemClock
    from sensors.topics import Topic

    session: Session = ctx.obj
    settings = session.settings().sensors
    named = [one for one in settings.stores if store in ("", one.id)]
    if not named:
        raise FloorcastError(f"no store {store}: {', '.join(one.id for one in settings.stores)}")
    broker, password = broker_named(settings.broker, to)
    content, now = read_file(file), SystemClock().now()
    for shop in named:
        told = list(
            plans(spells(content, "-.json" if file == "-" else file, shop.tz), shop.id, now)
        )
        for first in range(0, len(told), AT_ONCE):
            payload = msgspec.json.encode(told[first : first + AT_ONCE])
            publish_once(broker, password, str(Topic(shop.id, "plan")), payload)
        days = f"{told[0].starts_at:%Y-%m-%d} to {told[-1].ends_at:%Y-%m-%d}"
        print(f"{shop.id}: {len(told)} words on the weather, {days}")
