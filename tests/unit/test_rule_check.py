"""The rules against this house, as ``rules check`` and ``doctor`` tell them."""

from pathlib import Path

import pytest

from floorcast.doctor import configuration
from floorcast.rule_check import problems
from floorcast.settings import Settings, parse_settings

SHIPPED = (Path(__file__).parents[2] / "config.toml").read_text(encoding="utf-8")


def with_rule(**keys: object) -> Settings:
    """The shipped configuration with one more rule."""
    lines = "".join(
        f"{key} = {value!r}\n".replace("'", '"') for key, value in {"name": "queue-long-too", **keys}.items()
    )  # fmt: skip
    return parse_settings(f"{SHIPPED}\n[[alerts.rules]]\n{lines}")


def notes(settings: Settings, key: str) -> list[str]:
    """What is noted of one key."""
    return [str(problem) for problem in problems(settings) if problem.path.endswith(f".{key}")]


def test_the_shipped_rules_have_nothing_to_note() -> None:
    """Every metric is published, every place is there, and every silence outlasts its metric's cadence."""
    assert problems(parse_settings(SHIPPED)) == []


def test_a_rule_is_held_against_the_stores_and_their_measures() -> None:
    """A place nobody has, a metric nobody publishes and a silence shorter than the metric's own are each noted."""
    fixed = {"reference": "fixed", "compare": "above", "level": 3}
    assert notes(
        with_rule(metric="queue_length", window="now", subject="till:99", **fixed), "subject"
    )
    assert notes(with_rule(metric="moonlight", window="now", **fixed), "metric")
    absent = {"metric": "exits", "window": "60m", "compare": "absent"}
    (note,) = notes(with_rule(**absent, absent_s=120), "absent_s")
    assert "told every 5 min" in note
    assert not notes(with_rule(**absent, absent_s=900), "absent_s")


@pytest.mark.parametrize(
    ("metric", "window", "when", "minutes"),
    [
        ("visitors", "15m", "open", 0),  # with every piece of news
        ("visitors", "15m", "always", 5),  # a closed shop is read with a series' points
        ("visitors", "quarter", "open", 5),  # and so is the open quarter
        ("visitors_forecast", "quarter", "open", 5),  # read over now, told of what lies ahead
        ("zone_path", "60m", "open", 15),
    ],
)
def test_a_silence_is_held_against_the_cadence_of_its_window(
    metric: str, window: str, when: str, minutes: int
) -> None:
    """A silence as long as the cadence is noted, and one a second longer is not."""
    rule = {"metric": metric, "window": window, "when": when, "compare": "absent"}
    if minutes:
        assert notes(with_rule(**rule, absent_s=minutes * 60), "absent_s")
    assert not notes(with_rule(**rule, absent_s=minutes * 60 + 1), "absent_s")


def test_the_doctor_tells_the_same() -> None:
    """What ``rules check`` notes stands among the doctor's findings."""
    settings = with_rule(metric="exits", window="60m", compare="absent", absent_s=120)
    told = [finding.found for finding in configuration(settings) if finding.check == "rules"]
    assert told == [str(problem) for problem in problems(settings)]
    assert told
