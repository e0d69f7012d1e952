"""The shipped rules in stories: one or some of them alone, and facts said again and again."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from alerts.settings import AlertsSettings
from floorcast.settings import load_settings
from tests.scenario import Story

SHIPPED = load_settings(Path(__file__).parents[1] / "config.toml").alerts

Said = tuple[str, Any, dict[str, Any]]  # metric, value, the rest of the fact


def fact(metric: str, value: Any, subject: str = "", window: str = "now", **more: Any) -> Said:
    """One fact of a story."""
    return metric, value, {"subject": subject, "window": window, **more}


def shipped(*names: str, **changes: Any) -> AlertsSettings:
    """The shipped settings with these rules alone."""
    rules = [rule for rule in SHIPPED.rules if rule.name in names]
    assert len(rules) == len(names)
    return replace(SHIPPED, rules=rules, **changes)


def keep_saying(story: Story, facts: list[Said], minutes: float) -> None:
    """The same facts every minute."""
    until = story.now + timedelta(minutes=minutes)
    while story.now < until:
        for metric, value, rest in facts:
            story.say(metric, value, **rest)
        later = min(until, story.now + timedelta(minutes=1))
        story.at(f"{later:%H:%M:%S}")
