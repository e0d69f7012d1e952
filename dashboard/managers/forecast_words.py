"""The forecast in sentences: who speaks and why, and what moves it. Pure."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from dashboard.catalogue import Language, term, words
from dashboard.forecasts import SUFFIX, number
from dashboard.numbers import amount, signed
from dashboard.opening import is_holiday
from dashboard.shop import Shop
from flows.facts import Fact


class Said(NamedTuple):
    """Whose numbers, in which language."""

    shop: Shop
    language: Language
    target: str

    def amount(self, value: float | None, unit: str) -> str:
        """A number as people read it."""
        return amount(value, unit, self.shop.store.currency)


def spoken(facts: Sequence[Fact], said: Said) -> list[str]:
    """Champion, its error beside its challenger's, what its interval held, and governance's word."""
    text = words(said.language)
    fact = next(
        (f for f in facts if f.metric == said.target + SUFFIX and f.detail.get("champion")), None
    )
    if fact is None:
        return [text["fc.no_champion"]]
    told, champion = fact.detail, str(fact.detail["champion"])
    lines = [text["fc.champion"].format(model=term("model", champion, said.language))]
    own, other = number(told.get("error")), number(told.get("baseline_error"))
    if own is not None and other:
        lines.append(text["fc.compared"].format(
            error=f"{own:.1%}", baseline=f"{other:.1%}",
            other=term("model", str(told.get("challenger", "")), said.language), pct=f"{abs(1 - own / other):.0%}",
            better=text["fc.better" if own <= other else "fc.worse"],
        ))  # fmt: skip
    held = number(told.get("coverage80"))
    if held is not None:
        lines.append(text["fc.held"].format(share=f"{held:.1%}"))
    if why := str(told.get("governance") or ""):
        lines.append(text["fc.governance"].format(why=term("governance", why, said.language)))
    if told.get("drift"):
        lines.append(text["fc.drift"])
    return lines


def factors(
    facts: Sequence[Fact], days: Mapping[date, Sequence[Fact]], today: date, said: Said
) -> list[str]:
    """What moves today against the same day last week: what came so far, planned events, the calendar."""
    text = words(said.language)
    lines = []
    now, before = days.get(today, []), days.get(today - timedelta(days=7), [])
    day = next((f for f in facts if f.metric == said.target + SUFFIX and f.window == "day"), None)
    last = next((f for f in before if f.metric == said.target and f.window == "day"), None)
    if (
        day
        and last
        and isinstance(day.value, int | float)
        and isinstance(last.value, int | float)
        and last.value
    ):
        change = day.value / last.value - 1
        lines.append(text["fc.week"].format(
            then=said.amount(float(last.value), last.unit), change=signed(change)
        ))  # fmt: skip
    seen = {
        f.start: float(f.value)
        for f in now
        if f.metric == said.target and f.window != "day" and isinstance(f.value, int | float)
    }
    due = {f.start: f for f in now if f.metric == said.target + SUFFIX and f.window != "day"}
    both = [(seen[s], float(due[s].value or 0)) for s in seen.keys() & due.keys()]
    expected = sum(d for _, d in both)
    if expected:
        ratio = sum(s for s, _ in both) / expected - 1
        lines.append(text["fc.level"].format(change=signed(ratio)))
    events = [e for f in due.values() if (e := number(f.detail.get("events"))) is not None]
    if events:
        lines.append(
            text["fc.events"].format(change=signed(max(events, key=lambda e: abs(e - 1)) - 1))
        )
    if is_holiday(said.shop.store, today):
        lines.append(text["fc.holiday"])
    return lines
