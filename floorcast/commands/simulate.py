"""``floorcast simulate``: a shop's day from a seed, recorded to a file or published as its gateways would."""

from dataclasses import fields
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

if TYPE_CHECKING:
    from floorcast.main import Session
    from floorcast.settings import Settings
    from sensors.settings import Store
    from sensors.simulate import SimulatedDay

EPILOG = """Examples:

floorcast simulate --seed 7 --day 2026-11-20 --out day.jsonl.zst

floorcast simulate --seed 7 --fault till-queue --fault gateway-offline --out day.jsonl.zst --json

floorcast simulate --seed 7 --to mqtt://127.0.0.1:1883

floorcast simulate --seed 7 --day 2026-11-20 --to mqtt://127.0.0.1:1883 --speed 60

Exit codes: 0 done; 2 an option or the configuration cannot be used; 3 the broker cannot be reached.
"""


def register(app: typer.Typer) -> None:
    """Add ``simulate``."""
    app.command("simulate", epilog=EPILOG)(command)


Seed = Annotated[int, typer.Option(help="The same seed gives the same days, byte for byte.")]
Out = Annotated[Path | None, typer.Option(help="Record to this file: .jsonl or .jsonl.zst.")]
To = Annotated[str, typer.Option(help="Publish to mqtt://host:port, QoS 1.")]
Speed = Annotated[float, typer.Option(min=0.01, help="Times real time, with --to.")]
Since = Annotated[
    str, typer.Option(help="With --to at speed 1: leave out what was due before this instant.")
]
FirstDay = Annotated[
    str, typer.Option(help="First day, YYYY-MM-DD; today in the store by default.")
]
Days = Annotated[int, typer.Option(min=1, max=3660, help="How many days.")]
StoreId = Annotated[str, typer.Option(help="Store id; the first configured by default.")]
Visitors = Annotated[float, typer.Option(min=0, help="Visitors of an average day.")]
Conversion = Annotated[float, typer.Option(min=0, max=1, help="Share of visitors who buy.")]
Faults = Annotated[list[str] | None, typer.Option(help="Plant a cause; may be repeated.")]
TickS = Annotated[float, typer.Option(min=0.01, help="Seconds between the recording's ticks.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the truth as JSON.")]


def command(
    ctx: typer.Context, seed: Seed = 1, out: Out = None, to: To = "", speed: Speed = 1.0, since: Since = "",
    day: FirstDay = "", days: Days = 1, store: StoreId = "", visitors: Visitors = 1_400, conversion: Conversion = 0.26,
    fault: Faults = None, tick_s: TickS = 1.0, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Simulate a shop's days: arrivals, zones, tills, baskets, stock and staff.

    Without --out and --to only the truth is printed.
    """
    from floorcast.simulated import days_of, deliveries_of, fault_named, record

    session: Session = ctx.obj
    settings = session.settings()
    shop = _shop(settings, store)
    told: list[SimulatedDay] = []
    made = days_of(
        settings.sensors, shop, _first_day(shop, day), days, seed,
        visitors=visitors, conversion=conversion, faults=[fault_named(name) for name in fault or []],
        on_day=told.append,
    )  # fmt: skip
    deliveries = deliveries_of(made)
    if out:
        record(deliveries, out, settings.sensors.log.partitions, timedelta(seconds=tick_s))
    elif to:
        from floorcast.publish import publish

        publish(deliveries, to, speed=speed, since=_instant(since))
    else:
        for _ in deliveries:
            pass
    for simulated in told:
        _print_truth(simulated, as_json=as_json)


def _shop(settings: "Settings", store: str) -> "Store":
    """The store named, or the first; raises ``FloorcastError`` if there is none."""
    from floorcast.errors import FloorcastError

    known = {shop.id: shop for shop in settings.sensors.stores}
    if not known:
        raise FloorcastError(
            "no store to simulate: add one under [[sensors.stores]] in config.toml"
        )
    if store and store not in known:
        raise FloorcastError(f"no store {store}; there is {', '.join(known)}")
    return known[store] if store else next(iter(known.values()))


def _first_day(shop: "Store", day: str) -> date:
    from floorcast.errors import FloorcastError
    from sensors.clock import SystemClock

    if not day:
        return SystemClock().now().astimezone(shop.tz).date()
    try:
        return date.fromisoformat(day)
    except ValueError:
        raise FloorcastError(f"{day!r} is no day: write it like 2026-11-20") from None


def _instant(text: str) -> datetime | None:
    from floorcast.errors import FloorcastError

    try:
        at = datetime.fromisoformat(text) if text else None
    except ValueError:
        at = None
    if text and (at is None or at.tzinfo is None):
        raise FloorcastError(f"{text!r} is no instant: write it like 2026-11-20T14:30:00Z")
    return at


def _print_truth(simulated: "SimulatedDay", *, as_json: bool) -> None:
    """What was drawn, one line a day."""
    typer.echo(_as_json(simulated) if as_json else _sentence(simulated))


def _as_json(simulated: "SimulatedDay") -> bytes:
    truth, total = simulated.truth, simulated.truth.day
    numbers = {f.name: getattr(total, f.name) for f in fields(total)}
    said = {
        "store": simulated.store.id, "day": simulated.day.date, "events": len(simulated.events),
        **numbers, "transactions": total.transactions, "units": total.units, "net_minor": total.net_minor,
        "conversion": total.conversion, "atv_minor": total.atv_minor,
        "untagged_staff": truth.untagged_staff, "missed": truth.missed.visitors,
        "sku_units": truth.sku_units, "on_hand": truth.on_hand,
    }  # fmt: skip
    return msgspec.json.encode(said)


def _sentence(simulated: "SimulatedDay") -> str:
    total, ticket = simulated.truth.day, "–"
    rate = "–" if total.conversion is None else f"{total.conversion:.1%}"
    if total.atv_minor is not None:
        ticket = f"{total.atv_minor / 100:.2f} {simulated.store.currency}"
    return (
        f"{simulated.day.date} {simulated.store.id}: {len(simulated.events):,} events, {total.visitors:,} visitors, "
        f"{total.transactions:,} transactions ({rate}), mean ticket {ticket}, {total.returns} returns"
    )
