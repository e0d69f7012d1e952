"""The catalogue, the theme and the browser's files agree with each other."""

import re
from pathlib import Path

from dashboard import catalogue, theme
from dashboard.app import ASSETS
from dashboard.panels import discover
from dashboard.settings import DashboardSettings

PLACEHOLDER = re.compile(r"\{(\w+)(?::(\w+))?\}")
GROUPS = "head|link|banner|empty|window|state|status|tile|ctx|diff|chart|dwell|stock|cover|rail|card|place"
KEY = re.compile(rf"\"((?:{GROUPS})\.\w+)\"")


def test_both_languages_take_the_same_arguments() -> None:
    """A sentence's placeholders and formats are the same in both languages."""
    english, chinese = catalogue.words("en"), catalogue.words("zh")
    assert english.keys() == chinese.keys()
    for key in english:
        assert sorted(PLACEHOLDER.findall(english[key])) == sorted(
            PLACEHOLDER.findall(chinese[key])
        ), key


def test_every_format_is_one_the_browser_knows() -> None:
    """No sentence asks for a format that ``format.js`` does not have."""
    known = set(re.findall(r"^      (\w+):", (ASSETS / "format.js").read_text(), re.MULTILINE))
    used = {
        form for s in catalogue.words("en").values() for _, form in PLACEHOLDER.findall(s) if form
    }
    assert used <= known


def test_every_key_used_is_in_the_catalogue() -> None:
    """No Python or browser file names a key that has no words."""
    files = [*Path(theme.__file__).parent.rglob("*.py"), *ASSETS.glob("*.js")]
    used = {key for path in files for key in KEY.findall(path.read_text())}
    assert used <= catalogue.words("en").keys()


def test_every_tile_has_a_name() -> None:
    """Each tile that may be configured is named in both languages."""
    assert all(f"tile.{name}" in catalogue.words("zh") for name in DashboardSettings().tiles)


def test_the_style_sheet_has_the_theme_s_colours() -> None:
    """One palette: the tokens of ``theme.py`` are the custom properties of the style sheet."""
    css = (ASSETS / "wall.css").read_text()
    root = css[css.index(":root") : css.index("}", css.index(":root"))]
    declared = dict(re.findall(r"--(\w+): (#[0-9A-F]{6})", root))
    assert {name: declared.get(name) for name in theme.TOKENS} == theme.TOKENS


def test_nothing_is_fetched_from_a_third_host() -> None:
    """No asset names another host, and no script makes markup or code from text."""
    for path in [*ASSETS.glob("*.js"), *ASSETS.glob("*.css")]:
        text = path.read_text().replace("http://www.w3.org/2000/svg", "")
        assert not re.search(
            r"https?://|innerHTML|\beval\(|new Function|insertAdjacentHTML", text
        ), path


def test_panels_are_found_by_being_there() -> None:
    """Every module in ``panels`` is a panel, in its order."""
    assert [p.area for p in discover()] == ["tiles", "chart", "floor", "stock", "rail"]
