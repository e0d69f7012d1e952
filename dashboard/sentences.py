"""An incident's sentences in both languages, from the alert catalogue and the shop's own names. Pure."""

from collections.abc import Mapping
from typing import Literal, get_args

from alerts import catalogue
from alerts.catalogue import ACTIONS, TITLES, say
from alerts.incident import Incident
from sensors.settings import Text

Language = Literal["en", "zh"]
Form = Literal["int", "dec", "pct", "money", "mmss", "hours"]

FORMS: dict[str, Form] = {
    "conversion": "pct",
    "capture_rate": "pct",
    "atv": "money",
    "spv": "money",
    "net_sales": "money",
    "queue_wait": "mmss",
    "dwell_median": "mmss",
    "dwell_p90": "mmss",
    "queue_length": "int",
    "occupancy": "int",
    "visitors": "int",
    "sku_on_hand": "int",
    "sku_cover": "hours",
}
"""How a metric's number is written on a card; a metric that is not here shows its sentence alone."""

Said = dict[str, str]


def title(incident: Incident, own: Mapping[str, Text]) -> Said:
    """What is the matter."""
    return _both(TITLES, incident.title or incident.rule, incident, own)


def action(incident: Incident, own: Mapping[str, Text]) -> Said | None:
    """What to do; ``None`` where no action is suggested."""
    return _both(ACTIONS, incident.action, incident, own) if incident.action else None


def besides(incident: Incident, own: Mapping[str, Text]) -> dict[str, list[str]] | None:
    """What else can be done, and what cannot now and why; ``None`` where there is nothing to say."""
    languages: tuple[Language, ...] = get_args(Language)
    said: dict[str, list[str]] = {
        language: catalogue.besides(incident, language, own) for language in languages
    }
    return said if any(said.values()) else None


def _both(
    table: Mapping[str, tuple[str, str]], key: str, incident: Incident, own: Mapping[str, Text]
) -> Said:
    languages: tuple[Language, ...] = get_args(Language)
    return {language: say(table, key, language, incident.args, own) for language in languages}
