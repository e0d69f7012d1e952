"""The rules against this house: what its floor publishes, and what its stores have."""

from alerts import rules
from alerts.rules import Problem
from floorcast.settings import Settings
from flows.measure import measures
from flows.publish import SERIES_MIN
from sensors.settings import SensorsSettings


def problems(settings: Settings) -> list[Problem]:
    """Everything that is wrong with rules, routes and people, with its place in the configuration."""
    published = {measure.metric for measure in measures()}
    return rules.check(settings.alerts, published, _places(settings.sensors), _cadences())


def _cadences() -> dict[str, dict[str, rules.Cadence]]:
    """How seldom the floor tells each metric; open quarters and closed shops are read with a series' points."""
    found: dict[str, dict[str, rules.Cadence]] = {}
    for measure in measures():
        for window in measure.windows:
            minutes = measure.cadence_over(window)
            seldom = max(minutes, SERIES_MIN)
            told = seldom if window == "quarter" else minutes
            found.setdefault(measure.metric, {})[window] = told, seldom
    return found


def _places(sensors: SensorsSettings) -> set[str]:
    """What a rule's subject can name at some store."""
    found: set[str] = set()
    for store in sensors.stores:
        found |= {f"door:{door.id}" for door in store.doors}
        found |= {f"zone:{zone.id}" for zone in store.zones}
        found |= {f"till:{till.id}" for till in store.tills}
        found |= {f"sku:{product.sku}" for product in sensors.ranges.get(store.range, [])}
    return found
