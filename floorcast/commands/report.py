"""``floorcast report``: a store's week as a page to print."""

import shutil
import subprocess
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    from floorcast.main import Session

EPILOG = """Examples:

floorcast report --week

floorcast report --week --of 2026-W46 --store riverside --language zh --out week.html

floorcast report --week --pdf --out week.pdf

Without --of it is the week of yesterday. --pdf wants a chromium or chrome on PATH. Exit codes: 0 written; 2 an option
or the configuration cannot be used; 3 Redis, or a browser for --pdf, is missing.
"""
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")


def register(app: typer.Typer) -> None:
    """Add ``report``."""
    app.command("report", epilog=EPILOG)(command)


def command(
    ctx: typer.Context,
    week: Annotated[bool, typer.Option("--week", help="The weekly decision pack.")] = False,
    of: Annotated[str, typer.Option(help="Which week: 2026-W46.")] = "",
    store: Annotated[str, typer.Option(help="By default the first store.")] = "",
    language: Annotated[
        Literal["en", "zh"] | None, typer.Option(help="dashboard.language.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="The file; named after store and week.")] = None,
    pdf: Annotated[bool, typer.Option("--pdf", help="Print it to PDF with a browser.")] = False,
) -> None:
    """Write what changed in a week, why, which actions worked, forecast quality, restock and roster proposals."""
    from dashboard.week import parse_week
    from floorcast.errors import FloorcastError

    session: Session = ctx.obj
    settings = session.connected()
    if not week:
        raise FloorcastError("say which report: --week")
    stores = [s.id for s in settings.sensors.stores]
    name = store or next(iter(stores), "")
    if name not in stores:
        raise FloorcastError(f"--store {store}: no such store in {session.config}")
    try:
        monday = parse_week(of) if of else None
    except ValueError:
        raise FloorcastError(f"--of {of}: write a week as 2026-W46") from None
    page = _page(session, name, language or settings.dashboard.language, monday)
    path = out or Path(f"{name}-week.{'pdf' if pdf else 'html'}")
    if pdf:
        _print(page, path)
    else:
        path.write_text(page, encoding="utf-8")
    typer.echo(str(path))


def _page(
    session: "Session", store: str, language: Literal["en", "zh"], monday: date | None
) -> str:
    import redis

    from dashboard.managers.house_reader import HouseReader
    from dashboard.managers.past_reader import PastReader
    from dashboard.managers.weekly import Sources, as_file
    from dashboard.reader import Reader, UnreachableError
    from dashboard.shop import Shops
    from floorcast.errors import UnavailableError
    from floorcast.history.kept_ledger import KeptLedger

    settings = session.connected()
    shops = Shops.of(settings.sensors, settings.flows, settings.dashboard, settings.alerts)
    client = redis.Redis.from_url(settings.sensors.redis.url)
    reader = Reader(client, shops, settings.sensors.log.partitions)
    kept = KeptLedger(Path(settings.floorcast.history_dir))
    source = Sources(
        HouseReader(reader, shops), PastReader(reader), tuple(settings.alerts.people), kept
    )
    try:
        return as_file(source, shops[store], language, monday)
    except UnreachableError as error:
        raise UnavailableError(f"Redis: {error}; see `floorcast doctor`") from None
    finally:
        client.close()


def _print(page: str, path: Path) -> None:
    """Print a page with whatever browser of the Chromium family is there; raises ``UnavailableError``."""
    from tempfile import TemporaryDirectory

    from floorcast.errors import UnavailableError

    browser = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if browser is None:
        raise UnavailableError(
            "--pdf wants chromium or chrome on PATH; leave it out and print the page"
        )
    with TemporaryDirectory(prefix="floorcast-report-") as folder:
        source = Path(folder) / "week.html"
        source.write_text(page, encoding="utf-8")
        done = subprocess.run(
            [browser, "--headless=new", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer",
             f"--user-data-dir={folder}/profile", f"--print-to-pdf={path.resolve()}", source.as_uri()],
            capture_output=True, timeout=90, check=False,
        )  # fmt: skip
    if done.returncode or not path.exists():
        last = done.stderr.decode(errors="replace").strip().splitlines()[-1:] or ["it said nothing"]
        raise UnavailableError(f"{browser}: {last[0]}")
