"""The decision pack's rows and sentences. Pure."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from alerts.catalogue import ACTIONS, TITLES, say
from dashboard.catalogue import Language, term, words
from dashboard.forecasts import Quality
from dashboard.managers.forecast_words import Said
from dashboard.numbers import amount, signed
from dashboard.roster import Slot
from dashboard.shop import Shop
from dashboard.week import Week


def measure_rows(week: Week, shop: Shop, language: Language) -> list[dict[str, str]]:
    """Each measure, this week and before."""
    currency = shop.store.currency
    return [
        {
            "name": term("metric", m.metric, language),
            "this": amount(m.this, m.unit, currency), "last": amount(m.last, m.unit, currency),
            "change": "–" if m.change is None else signed(m.change),
            "tone": "" if m.change is None or abs(m.change) < 0.005 else "up" if m.change > 0 else "down",
        }
        for m in week.measures
    ]  # fmt: skip


def why_lines(week: Week, shop: Shop, language: Language) -> list[str]:
    """What changed and why, in sentences."""
    text, currency = words(language), shop.store.currency
    if not week.effects:
        return [text["week.too_little"]]
    change, sales = sum(week.effects.values()), week.measures[0]
    main = max(week.effects, key=lambda k: week.effects[k] * (1 if change >= 0 else -1))
    lines = [text["week.changed" if change >= 0 else "week.fell"].format(
        money=amount(abs(change), "minor", currency), pct=signed(sales.change or 0.0), days=len(week.compared),
        main=term("metric", main, language), share=amount(week.effects[main], "minor", currency),
    )]  # fmt: skip
    for key, moved in (("week.worst", week.worst), ("week.best", week.best)):
        if moved:
            weekday = text[f"word.{moved[0]:%a}".lower()]
            lines.append(
                text[key].format(
                    day=f"{weekday} {moved[0]:%m-%d}", money=amount(moved[1], "minor", currency)
                )
            )
    return lines


def bars(week: Week, language: Language) -> list[dict[str, Any]]:
    """The days as bars beside those a week earlier, heights in per cent of the tallest."""
    text = words(language)
    top = max([v for _, a, b in week.days for v in (a, b) if v] or [1.0])
    return [
        {"day": text[f"word.{day:%a}".lower()], "this": 100 * (a or 0) / top, "last": 100 * (b or 0) / top}
        for day, a, b in week.days
    ]  # fmt: skip


def effect_rows(week: Week, shop: Shop, language: Language) -> list[dict[str, Any]]:
    """The three factors' effects, widths in per cent of the largest."""
    top = max((abs(v) for v in week.effects.values()), default=1.0) or 1.0
    return [
        {"name": term("metric", k, language), "value": amount(v, "minor", shop.store.currency),
         "width": 50 * abs(v) / top, "tone": "up" if v >= 0 else "down"}
        for k, v in week.effects.items()
    ]  # fmt: skip


def action_rows(week: Week, shop: Shop, language: Language) -> list[dict[str, str]]:
    """Each action's record in words."""
    text, currency = words(language), shop.store.currency
    rows = []
    for w in week.actions:
        # without an action the rule speaks for its incidents
        name = say(TITLES | ACTIONS, w.action, language, {}, shop.names)
        span = (
            ""
            if w.low is None
            else f"{amount(w.low, 'minor', currency)} … {amount(w.high, 'minor', currency)}"
        )
        rows.append({
            "name": name, "raised": str(w.raised), "taken": f"{w.taken}", "false": str(w.false),
            "take": amount(w.take_s, "seconds", currency), "measured": str(w.measured),
            "recovered": amount(w.recovered, "minor", currency), "span": span, "verdict": text[f"week.{w.verdict}"],
            "tone": {"worked": "up", "failed": "down"}.get(w.verdict, ""),
        })  # fmt: skip
    return rows


def plan_rows(
    plan: Mapping[date, Sequence[Slot]],
    expected: Mapping[date, float | None],
    hours: list[int],
    said: Said,
) -> list[dict[str, Any]]:
    """The coming days by hour: needed, and on shift."""
    text = words(said.language)
    rows = []
    for day, slots in plan.items():
        by = {s.hour: s for s in slots}
        cells = []
        for hour in hours:
            s = by.get(hour)
            gap = s is not None and s.needed is not None and s.needed > s.on_shift
            cells.append(
                {
                    "needed": "" if s is None else "–" if s.needed is None else s.needed,
                    "on": s.on_shift if s else "",
                    "gap": gap,
                }
            )
        rows.append(
            {
                "day": f"{text[f'word.{day:%a}'.lower()]} {day:%m-%d}",
                "visitors": said.amount(expected[day], "people"),
                "cells": cells,
            }
        )
    return rows


def quality_rows(days: Sequence[Quality], language: Language) -> list[tuple[str, str, str, str]]:
    """Each day's error, the naive one, and who spoke."""
    return [
        (
            f"{q.day:%m-%d}",
            pct(q.error),
            pct(q.naive),
            term("model", q.model, language) if q.model else "–",
        )
        for q in days
    ]


def pct(value: float | None) -> str:
    """A share, or a dash."""
    return "–" if value is None else f"{value:.1%}"
