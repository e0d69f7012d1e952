"""``/weekly``: the decision pack of a store's week, and the same pack as one file (edge)."""

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from flask import Flask, Response, abort, redirect, render_template, request
from jinja2 import Environment, FileSystemLoader, select_autoescape
from werkzeug.wrappers import Response as AnyResponse

from alerts.incident import Incident
from alerts.ledger import Entry, entries
from alerts.settings import Person
from dashboard import forecasts
from dashboard.catalogue import LOCALE, Language, words
from dashboard.doors.gate import visitor
from dashboard.forecasts import SUFFIX
from dashboard.language import language_of
from dashboard.managers.desk import Desk
from dashboard.managers.forecast_parts import quality_line, restock_row
from dashboard.managers.forecast_words import Said
from dashboard.managers.house_reader import HouseReader
from dashboard.managers.past_reader import PastReader, Wanted
from dashboard.managers.week_words import (
    action_rows,
    bars,
    effect_rows,
    measure_rows,
    plan_rows,
    quality_rows,
    why_lines,
)
from dashboard.opening import business_day
from dashboard.parts import epoch_ms, local_time
from dashboard.reader import UnreachableError
from dashboard.roster import roster
from dashboard.shop import Shop
from dashboard.suggestions import needed, restock
from dashboard.week import DAYS, SUMMED, monday_of, parse_week, week_of

KeptLedger = Callable[[str, date, date], list[Entry]]
"""The ledger kept as files, by store, first and last day; what Redis has already let go of."""

HERE = Path(__file__).parents[1]


class Sources(NamedTuple):
    """What a pack is made from."""

    house: HouseReader
    past: PastReader
    people: tuple[Person, ...]
    kept: KeptLedger | None = None


class WeeklyPages(NamedTuple):
    """The routes."""

    desk: Desk
    kept: KeptLedger | None

    def register(self, server: Flask) -> None:
        """Add them."""
        server.add_url_rule("/weekly", "weekly", self.first)
        server.add_url_rule("/weekly/<store>", "weekly_of", self.page)

    def first(self) -> AnyResponse:
        """The first store that the visitor may see."""
        mine = self.desk.mine()
        language = language_of(request.query_string.decode(), self.desk.settings.language)
        return redirect(f"/weekly/{mine[0]}?lang={language}") if mine else abort(403)

    def page(self, store: str) -> Response:
        """One store's week."""
        if store not in self.desk.mine():
            abort(404)
        language = language_of(request.query_string.decode(), self.desk.settings.language)
        source = Sources(
            self.desk.house, PastReader(self.desk.house.reader), self.desk.people, self.kept
        )
        try:
            asked = request.args.get("week", "")
            told = pack(
                source, self.desk.shops[store], language, parse_week(asked) if asked else None
            )
        except ValueError:
            abort(404)
        except UnreachableError:
            abort(503, "the data store does not answer")
        shops = [(s, getattr(self.desk.shops[s].store.name, language)) for s in self.desk.mine()]
        page = render_template(
            "weekly.html", lang=LOCALE[language], language=language, here="weekly", who=visitor(),
            first=store, store=store, shops=shops, **told,
        )  # fmt: skip
        return Response(page, headers={"Cache-Control": "no-store"})


def as_file(source: Sources, shop: Shop, language: Language, monday: date | None) -> str:
    """The pack as one HTML file that needs nothing else; raises ``UnreachableError``."""
    paper = (HERE / "static" / "weekly.css").read_text(encoding="utf-8")
    loader = FileSystemLoader(HERE / "templates")
    environment = Environment(loader=loader, autoescape=select_autoescape())
    template = environment.get_template("report.html")
    told = pack(source, shop, language, monday)
    return template.render(lang=LOCALE[language], language=language, css=paper, **told)


def pack(source: Sources, shop: Shop, language: Language, monday: date | None) -> dict[str, Any]:
    """Everything the template says; the week of yesterday where none is named."""
    now = source.past.now()
    today = business_day(shop.store, now)
    monday = monday or monday_of(today - timedelta(days=1))
    back = [monday + timedelta(days=n) for n in range(-28, DAYS)]
    totals = source.past.days(shop, back[-14:], [Wanted(name, "day") for name in SUMMED])
    curves: list[Wanted] = [
        Wanted(m, w) for m in ("visitors", "visitors" + SUFFIX) for w in ("quarter", "day")
    ]
    days = source.past.days(shop, back, curves)
    ahead = [
        max(today, monday + timedelta(days=DAYS - 1)) + timedelta(days=n)
        for n in range(1, DAYS + 1)
    ]
    totals_ahead = source.past.days(shop, ahead, [Wanted("visitors" + SUFFIX, "day")])
    asked = source.past.days(shop, ahead, [Wanted("associates" + SUFFIX, "hour")])
    found = week_of(monday, totals, ledger_of(source, shop, monday))
    said = Said(shop, language, "visitors")
    quality = [q for q in forecasts.quality(days, "visitors", now) if monday <= q.day < today]
    text = words(language)
    expected = {
        day: h.value if f and (h := forecasts.head(f[-1])) else None
        for day, f in totals_ahead.items()
    }
    needs = needed([f for found_ in asked.values() for f in found_], shop)
    plan = roster([d for d in ahead if d in needs], needs, shop, source.people)
    every = sorted({s.hour for slots in plan.values() for s in slots})
    return {
        "text": text, "name": getattr(shop.store.name, language), "iso": f"{monday:%G-W%V}",
        "before": f"{monday - timedelta(days=7):%G-W%V}", "after": f"{monday + timedelta(days=7):%G-W%V}",
        "span": f"{monday:%m-%d} – {monday + timedelta(days=6):%m-%d}",
        "made": local_time(epoch_ms(now), shop.store.tz),
        "week": found, "measures": measure_rows(found, shop, language), "why": why_lines(found, shop, language),
        "bars": bars(found, language), "effects": effect_rows(found, shop, language),
        "actions": action_rows(found, shop, language), "quality": quality_line(quality, said),
        "days_quality": quality_rows(quality, language),
        "restock": [restock_row(r, said) for r in restock(source.house.facts(shop.store.id))],
        "hours": every, "plan": plan_rows(plan, expected, every, said),
        "short": sum(max(0, (s.needed or 0) - s.on_shift) for slots in plan.values() for s in slots),
    }  # fmt: skip


def ledger_of(source: Sources, shop: Shop, monday: date) -> list[Entry]:
    """The week's ledger: from the files, and from Redis what is not in them yet."""
    last = monday + timedelta(days=DAYS - 1)
    live: list[Incident] = source.house.incidents([shop.store.id])
    mine = [e for e in entries(live) if monday <= business_day(shop.store, e.fired_at) <= last]
    kept = source.kept(shop.store.id, monday, last) if source.kept else []
    known = {(e.fired_at, e.rule, e.subject) for e in mine}
    return [*mine, *(e for e in kept if (e.fired_at, e.rule, e.subject) not in known)]
