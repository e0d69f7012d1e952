"""The rules against this house: what its floor publishes, and what its stores have."""

from alerts import rules
from alerts.rules import Problem
from floorcast.settings import Settings
from flows.measure import measures
from sensors.settings import SensorsSettings


def problems(settings: Settings) -> list[Problem]:
    """Everything that is wrong with rules, routes and people, with its place in the configuration."""
    published = {measure.metric for measure in measures()}
    cadences: dict[tuple[str, str], int] = {
        (m.metric, w): m.cadence_over(w) for m in measures() for w in m.windows
    }
    return rules.check(settings.alerts, published, _places(settings.sensors), cadences)


def _places(sensors: SensorsSettings) -> set[str]:
    """What a rule's subject can name at some store."""
    found: set[str] = set()
    for store in sensors.stores:
        found |= {f"door:{door.id}" for door in store.doors}
        found |= {f"zone:{zone.id}" for zone in store.zones}
        found |= {f"till:{till.id}" for till in store.tills}
        found |= {f"sku:{product.sku}" for product in sensors.ranges.get(store.range, [])}
    return found
