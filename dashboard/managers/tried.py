"""What a draft of the rules would have done, beside the incidents that today's made. Pure."""

from collections.abc import Sequence
from datetime import tzinfo

from dash import html
from dash.development.base_component import Component

from alerts.tried import Outcome, RuleTrial
from dashboard.catalogue import Language, words
from dashboard.managers.grid import column, table, windows
from dashboard.managers.rows import Row

COLUMNS = [
    column("rule", "col.rule", phone=0, minWidth=170, flex=1),
    column("fired", "col.fired", phone=84, width=110),
    column("gained", "col.gained", "int", width=90),
    column("lost", "col.lost", "int", width=90),
    column("moved", "col.moved", "int", width=110),
    column("pages", "col.pages", phone=84, width=110),
    column("risk", "col.risk", "change", minWidth=200, flex=1, type="rightAligned"),
    column("saved", "col.saved", "change", minWidth=200, flex=1, type="rightAligned"),
]


def section(language: Language) -> Component:
    """The section before a trial arrives."""
    text = words(language)
    return html.Section(
        [
            html.H2(text["inc.tried"]),
            html.P(id="tried-sub", className="sub"),
            html.Div(table("tried", COLUMNS, language, windows(30)), id="tried-list", hidden=True),
        ],
        className="panel",
    )


def listed(outcome: Outcome, currency: str) -> list[Row]:
    """One row a rule, the most changed first; today's figure and the draft's."""
    ordered = sorted(outcome.rules, key=lambda rule: (-_changes(rule), rule.rule))
    return [
        {
            "id": rule.rule, "rule": rule.rule, "currency": currency,
            "fired": f"{rule.today} → {rule.draft}",
            "gained": rule.gained, "lost": rule.lost, "moved": rule.moved,
            "pages": f"{rule.pages_today} → {rule.pages_draft}",
            "risk": [rule.risk_today_minor, rule.risk_draft_minor],
            "saved": [rule.saved_today_minor, rule.saved_draft_minor],
        }
        for rule in ordered
    ]  # fmt: skip


def _changes(rule: RuleTrial) -> int:
    return rule.gained + rule.lost + rule.moved


def said(outcome: Outcome | None, tz: tzinfo, language: Language) -> str:
    """Which draft, over which time, and what the money saved rests on."""
    text = words(language)
    if outcome is None:
        return text["inc.tried_none"]
    span = [f"{at.astimezone(tz):%Y-%m-%d %H:%M}" for at in (outcome.start, outcome.end)]
    first = text["inc.tried_sub"].format(
        draft=outcome.draft or text["inc.tried_today"], start=span[0], end=span[1]
    )
    return f"{first} {_grounds(outcome, text)}"


def _grounds(outcome: Outcome, text: dict[str, str]) -> str:
    if outcome.recovered_share is None:
        return text["inc.tried_unknown"]
    share = f"{outcome.recovered_share:.0%}"
    if outcome.measured:
        return text["inc.tried_measured"].format(share=share, n=outcome.measured)
    return text["inc.tried_given"].format(share=share)


def currency_of(currencies: Sequence[str]) -> str:
    """The stores' currency; none where they have several, for such money does not add up."""
    return currencies[0] if len(set(currencies)) == 1 else ""
