"""``floorcast roster``: a proposal for the coming week from the forecast need and the stated staff hours."""

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from floorcast.errors import FloorcastError

if TYPE_CHECKING:
    from floorcast.main import Session
    from floorcast.settings import Settings
    from flows.decisions.roster import Person, Roster, Shift
    from sensors.settings import Store

EPILOG = """Examples:

floorcast roster

floorcast roster riverside --json

Who can work is [[flows.staff.STORE]] in the configuration; how many are needed each hour is the
floor's associates_forecast, told after closing time. Exit codes: 0 proposed; 2 nobody or no forecast is known; 3 Redis
is not there.
"""
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
LIMIT_S = 20.0
Need = dict[tuple[int, int], int]


def register(app: typer.Typer) -> None:
    """Add ``roster``."""
    app.command("roster", epilog=EPILOG)(command)


def command(
    ctx: typer.Context,
    store: Annotated[str, typer.Argument(help="The store; by default the first configured.")] = "",
    json: Annotated[
        bool, typer.Option("--json", help="One JSON object instead of a table.")
    ] = False,
) -> None:
    """Propose shifts for the seven days after today: the least need uncovered, then the fewest hours (HiGHS)."""
    from flows.decisions.roster import propose, shifts_of
    from flows.decisions.staffing import power_hours

    session: Session = ctx.obj
    settings = session.connected()
    shop = _shop(settings, store)
    first, need = needed(settings, shop)
    people = people_of(settings, shop.id)
    hours = [hour for _, hour in need]
    shifts = shifts_of(min(hours), max(hours) + 1)
    busiest = power_hours({day * 24 + hour: float(n) for (day, hour), n in need.items()})
    power = frozenset(divmod(hour, 24) for hour in busiest)
    found = propose(need, people, shifts, power=power, limit_s=LIMIT_S)
    if json:
        import msgspec

        typer.echo(msgspec.json.encode(_told(first, need, found)).decode())
    else:
        _draw(first, need, found)


def _shop(settings: "Settings", store: str) -> "Store":
    known = {shop.id: shop for shop in settings.sensors.stores}
    name = store or next(iter(known), "")
    if name not in known:
        raise FloorcastError(f"no store {name}; there is {', '.join(known)}")
    return known[name]


def people_of(settings: "Settings", store: str) -> "list[Person]":
    """Who can be rostered, by day of the week; raises ``FloorcastError`` where nobody is stated."""
    from flows.decisions.roster import Person

    staff = settings.flows.staff.get(store, [])
    if not staff:
        raise FloorcastError(f"nobody to roster: name staff in [[flows.staff.{store}]]")
    return [
        Person(who.name, who.hours, frozenset(DAYS.index(day) for day in who.days or DAYS))
        for who in staff
    ]


def needed(settings: "Settings", store: "Store") -> "tuple[date, Need]":
    """The day after today, and associates by (weekday, hour) of the seven days from it; raises ``FloorcastError``."""
    import msgspec
    import redis

    from flows.facts import Fact
    from flows.keyspace import clock_key, series_key
    from sensors.keyspace import partition_of

    partition = partition_of(store.id, settings.sensors.log.partitions)
    need: Need = {}
    with redis.Redis.from_url(settings.sensors.redis.url, protocol=2) as client:
        said = client.hget(clock_key(partition, store.id), "at")
        if said is None:
            raise FloorcastError(f"{store.id}: the floor has told nothing yet")
        at = datetime.fromisoformat(said.decode()).astimezone(store.tz)
        first = at.date() + timedelta(days=1)
        for number in range(7):
            key = series_key(partition, store.id, first + timedelta(days=number))
            for field, raw in client.hscan_iter(key, match="associates_forecast||hour|*"):
                del field
                fact = msgspec.json.decode(raw, type=Fact)
                local = fact.start.astimezone(store.tz)
                need[local.weekday(), local.hour] = int(fact.value or 0)
    if not need:
        raise FloorcastError(f"{store.id}: no forecast of the coming week; it is told after closing time")  # fmt: skip
    return first, need


def _told(first: "date", need: "Need", found: "Roster") -> dict[str, object]:
    def shift(one: "Shift") -> dict[str, object]:
        return {"day": DAYS[one.day], "begins": one.begins, "ends": one.ends}

    return {
        "first": first, "needed_h": sum(need.values()), "short_h": found.short_h, "optimal": found.optimal,
        "shifts": {who: [shift(one) for one in some] for who, some in found.shifts.items()},
    }  # fmt: skip


def _draw(first: "date", need: "Need", found: "Roster") -> None:
    from rich.console import Console
    from rich.table import Table

    from floorcast.tables import print_table

    days = [(first.weekday() + number) % 7 for number in range(7)]
    table = Table("", *(DAYS[day] for day in days), "hours", header_style="bold")
    for who, shifts in found.shifts.items():
        by_day = {shift.day: f"{shift.begins:02d}–{shift.ends:02d}" for shift in shifts}
        total = sum(shift.hours for shift in shifts)
        table.add_row(who, *(by_day.get(day, "–") for day in days), str(total))
    per_day = [sum(n for (day, _), n in need.items() if day == wanted) for wanted in days]
    table.add_row("needed", *map(str, per_day), str(sum(per_day)), style="dim")
    console = Console()
    print_table(table)
    word = "best there is" if found.optimal else f"best found in {LIMIT_S:.0f} s"
    console.print(f"{found.short_h:.0f} associate hours stay uncovered; {word}", style="dim")
