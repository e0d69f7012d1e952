"""``floorcast people``: who may log in, and which walls open without."""

import getpass
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

if TYPE_CHECKING:
    from floorcast.settings import Settings

EPILOG = """Examples:

floorcast people

floorcast people add mia --name Mia --access staff --store riverside

floorcast people remove mia

floorcast people kiosk-token lobby --store riverside

floorcast people kiosk-token lobby --all

floorcast people kiosk-token lobby --revoke

Exit codes: 0 done; 1 there was nobody, or no token, of that name; 2 it cannot be done as asked.
"""


def register(app: typer.Typer) -> None:
    """Add ``people`` and what can be done to them."""
    group = typer.Typer(
        epilog=EPILOG, invoke_without_command=True, help="Who may log in; tokens of walls."
    )
    group.callback()(listing)
    group.command("list")(show)
    group.command("add")(add)
    group.command("remove")(remove)
    group.command("kiosk-token")(kiosk_token)
    app.add_typer(group, name="people")


def listing(ctx: typer.Context) -> None:
    """List the people, or add and remove them."""
    if not ctx.invoked_subcommand:
        show(ctx)


def show(ctx: typer.Context) -> None:
    """Who is in the staff directory, what they may do, and which walls hold a token."""
    from rich.table import Table

    from dashboard.doors.kiosks import Kiosks
    from floorcast.tables import print_table

    settings = ctx.obj.settings()
    people = _people(settings)
    known = people.with_password()
    table = Table("id", "name", "access", "stores", "password", box=None)
    for person in settings.alerts.people:
        stores = ", ".join(person.stores) or "all"
        has = "yes" if person.id in known else "no"
        table.add_row(person.id, person.name, person.access, stores, has)
    for name, kiosk in Kiosks(_folder(settings)).listing().items():
        table.add_row(name, "", "kiosk", kiosk.store, "token")
    print_table(table)


def add(
    ctx: typer.Context,
    who: Annotated[str, typer.Argument(help="Their id, to log in with: mia")],
    name: Annotated[str, typer.Option(help="As colleagues read it.")] = "",
    access: Annotated[
        Literal["staff", "manager", "admin"] | None, typer.Option(help="What they may do: staff.")
    ] = None,
    role: Annotated[str, typer.Option(help="Rung of the escalation ladder.")] = "associate",
    store: Annotated[
        list[str] | None, typer.Option(help="Where; may be repeated. Without: every store.")
    ] = None,
    language: Annotated[Literal["en", "zh"], typer.Option(help="Of their messages.")] = "zh",
    password_stdin: Annotated[
        bool, typer.Option(help="Read the password from standard input.")
    ] = False,
) -> None:
    """Give somebody a password, and add them to the configuration file if they are not in it yet."""
    from dashboard.push import vapid_file
    from floorcast.errors import FloorcastError
    from floorcast.settings import parse_settings

    settings = ctx.obj.settings()
    for asked in store or []:
        if asked not in {s.id for s in settings.sensors.stores}:
            raise FloorcastError(f"--store {asked}: no such store in {ctx.obj.config}")
    text = ""
    if who not in {p.id for p in settings.alerts.people}:
        entry = {"id": who, "name": name, "role": role, "access": access or "staff"}
        more = {"stores": store or [], "language": language}
        text = _with_person(ctx.obj.config, {k: v for k, v in {**entry, **more}.items() if v})
        settings = parse_settings(text, str(ctx.obj.config))
    elif name or access or store:
        raise FloorcastError(
            f"{who} is in {ctx.obj.config} already: change name, access and stores there"
        )
    try:
        _people(settings).set_password(who, _password(who, ask=not password_stdin))
    except ValueError as error:
        raise FloorcastError(str(error)) from None
    if text:
        ctx.obj.config.write_text(text, encoding="utf-8")
        typer.echo(f"{who} is in {ctx.obj.config} now; restart the stages that run")
    vapid_file(_folder(settings))
    _note(ctx.obj.settings(), "person-added", who)
    typer.echo(f"{who} can log in")


def remove(ctx: typer.Context, who: str) -> None:
    """Take somebody's password away, which ends their sessions at once, and take them out of the configuration."""
    from floorcast.errors import Exit

    settings = ctx.obj.settings()
    had = _people(settings).forget(who)
    was = _without_person(ctx.obj.config, who)
    if not (had or was):
        typer.echo(f"there is nobody called {who}")
        raise typer.Exit(Exit.FINDING)
    _note(settings, "person-removed", who)
    typer.echo(f"{who} cannot log in any more")


def kiosk_token(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="Which wall: lobby")],
    store: Annotated[str, typer.Option(help="Whose wall; by default the first store's.")] = "",
    everything: Annotated[
        bool, typer.Option("--all", help="Every store's, one after the other: a lobby's.")
    ] = False,
    revoke: Annotated[bool, typer.Option(help="End it instead.")] = False,
) -> None:
    """Print the address that opens a store's wall without a login; a new one of the same name ends the old one."""
    from dashboard.doors.kiosks import EVERY, Kiosks
    from floorcast.errors import Exit, FloorcastError

    settings = ctx.obj.settings()
    kiosks = Kiosks(_folder(settings))
    if revoke:
        if not kiosks.revoke(name):
            typer.echo(f"there is no token called {name}")
            raise typer.Exit(Exit.FINDING)
        _note(settings, "wall-revoked", name)
        typer.echo(f"{name} is revoked: its wall goes dark")
        return
    screen = settings.dashboard
    if everything:
        token = kiosks.issue(name, EVERY)
        _note(settings, "wall-opened", name)
        typer.echo(f"http://{screen.host}:{screen.port}/wall/_playlist?k={token}")
        return
    store = store or next((s.id for s in settings.sensors.stores), "")
    if store not in {s.id for s in settings.sensors.stores}:
        raise FloorcastError(f"--store {store}: no such store in {ctx.obj.config}")
    token = kiosks.issue(name, store)
    _note(settings, "wall-opened", name, store)
    typer.echo(f"http://{screen.host}:{screen.port}/wall/{store}?k={token}")


def _folder(settings: "Settings") -> Path:
    return Path(settings.dashboard.data_dir)


def _note(settings: "Settings", action: str, target: str, store: str = "") -> None:
    """Write it into the audit log, by who types; before the first start there is none."""
    import redis

    from dashboard.doors.audit import Audit

    url = settings.sensors.redis.url
    if not url:
        return
    client = redis.Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2)
    try:
        audit = Audit(client, settings.dashboard.audit_entries)
        audit.note(getpass.getuser(), action, target, store, origin="command line")
    except redis.RedisError as error:
        typer.echo(f"not in the audit log: Redis: {error}", err=True)
    finally:
        client.close()


def _people(settings: "Settings") -> Any:  # noqa: ANN401 - its type is imported when it runs
    from dashboard.doors.people import People

    return People(settings.alerts.people, _folder(settings))


def _password(who: str, *, ask: bool) -> str:
    """A password, typed twice or from standard input; raises ``FloorcastError`` if they differ."""
    from floorcast.errors import FloorcastError

    if not ask:
        return sys.stdin.readline().rstrip("\n")
    first = getpass.getpass(f"Password of {who}: ")
    if getpass.getpass("Once more: ") != first:
        raise FloorcastError("the two passwords differ: nothing was changed")
    return first


def _with_person(config: Path, entry: dict[str, Any]) -> str:
    """The configuration's text with one more of ``[[alerts.people]]``; its comments stay."""
    import tomlkit

    document = tomlkit.parse(config.read_text(encoding="utf-8"))
    alerts: Any = document.setdefault("alerts", tomlkit.table())
    if not alerts.get("people"):
        alerts["people"] = tomlkit.aot()
    people = alerts["people"]
    table = tomlkit.table()
    table.update(entry)
    people.append(table)
    return tomlkit.dumps(document)


def _without_person(config: Path, who: str) -> bool:
    """Take somebody out of the configuration file; whether they were in it."""
    import tomlkit

    document = tomlkit.parse(config.read_text(encoding="utf-8"))
    people: Any = document.get("alerts", {}).get("people", [])
    found = next((n for n, person in enumerate(people) if person.get("id") == who), None)
    if found is None:
        return False
    del people[found]
    if not people:
        del document["alerts"]["people"]
    config.write_text(tomlkit.dumps(document), encoding="utf-8")
    return True
