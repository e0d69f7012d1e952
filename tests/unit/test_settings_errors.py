"""A configuration that cannot be used is refused with its path and the reason."""

from pathlib import Path

import pytest

from floorcast.settings import SettingsError, load_settings, parse_settings

ROOT = Path(__file__).parents[2]
STORE = "[[sensors.stores]]\nid = 'a'\nname = { en = 'A', zh = 'A' }\nhours = []\ncapacity = 9\n"
UTC = "doors = []\ntimezone = 'UTC'\n"
DOOR = "{ id = 'd', name = { en = 'D', zh = 'D' } }"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[flows]\npublish_s = 0", "flows.publish_s: expected a number above 0"),
        ("[flows]\npublish_s = 'x'", "flows.publish_s: expected float, got str"),
        ("[flows]\nspeed = 1", "flows: unknown key speed"),
        ("[flow]\nx = 1", "top level: unknown key flow"),
        (
            "[[alerts.rules]]\nname = 'a'\nmetric = 'conversion'\nconfidence = 2",
            "alerts.rules[0].confidence: expected a number below 1.0",
        ),
        (
            "[sensors.broker]\nport = 70000",
            "sensors.broker.port: expected a number of at most 65535",
        ),
        ("[[alerts.rules]]\nname = 'a'", "alerts.rules[0]: missing key metric"),
        ("[flows", "not TOML"),
        (
            f"{STORE}doors = []\ntimezone = 'Mars/Hill'",
            "sensors.stores[0].timezone: there is no time zone Mars/Hill",
        ),
        (f"{STORE}{UTC}{STORE}{UTC}", "sensors.stores[1].id: a is there twice"),
        (
            f"{STORE}timezone = 'UTC'\ndoors = [{DOOR}, {DOOR}]",
            "sensors.stores[0].doors[1].id: d is there twice",
        ),
        (
            "[[alerts.people]]\nid = 'a'\n[[alerts.people]]\nid = 'a'",
            "alerts.people[1].id: a is there twice",
        ),
    ],
)
def test_mistake_names_its_place(text: str, said: str) -> None:
    """Every kind of mistake is told with the file, the path of the key and what was expected."""
    with pytest.raises(SettingsError) as caught:
        parse_settings(text, "shop.toml")
    assert str(caught.value).startswith("shop.toml: ")
    assert said in str(caught.value)


def test_documented_file_is_valid() -> None:
    """The config.toml that newcomers get is accepted and describes the demo shop."""
    settings = load_settings(ROOT / "config.toml")
    assert settings.floorcast.demo
    assert [store.id for store in settings.sensors.stores] == ["riverside"]


def test_missing_file(tmp_path: Path) -> None:
    """A file that is not there is told with what to do."""
    with pytest.raises(SettingsError, match="no such file; copy the documented"):
        load_settings(tmp_path / "config.toml")
