"""Nothing that a shop reads is in one language alone: catalogues are whole, and no page has words of its own."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import msgspec
import pytest

from alerts import catalogue as alert_words
from alerts.incident import Incident
from alerts.settings import Rule
from dashboard import catalogue
from dashboard.catalogue_terms import TERMS
from flows.facts import Fact, Window
from flows.measure import measures
from sensors.events import Status

HERE = Path(catalogue.__file__).parent
CHINESE = re.compile(r"[㐀-鿿]")
WORD = re.compile(r"[A-Za-z㐀-鿿]{2,}")
BOTH = {"nav.language": ("中文", "English"), "diff.pct": ("%", "%")}
"""What is not English beside Chinese: the name of the other language in that language, and a sign."""

SAME = frozenset({"Floorcast", "en", "zh", "CSV"})
"""Words that both languages use."""


def tables() -> dict[str, dict[str, tuple[str, str]]]:
    """Every catalogue of sentences, English and Chinese."""
    every = {
        name: getattr(module, name)
        for module in (catalogue, alert_words)
        for name in dir(module)
        if isinstance(getattr(module, name), dict)
    }
    return {
        name: table for name, table in every.items()
        if table and all(isinstance(pair, tuple) and len(pair) == 2 for pair in table.values())
    }  # fmt: skip


def test_every_sentence_is_in_both_languages() -> None:
    """Each sentence of each catalogue has an English and a Chinese form, neither empty nor in the other's script."""
    found = tables()
    assert {"_WORDS", "MANAGERS", "PAGES", "FIELDS", "TERMS", "ACTIONS", "TITLES"} <= found.keys()
    for name, table in found.items():
        for key, (english, chinese) in table.items():
            blank = re.sub(r"\{[^}]*\}", "", chinese)  # what it says is in its arguments
            if BOTH.get(key) == (english, chinese) or not blank:
                continue
            assert english.strip(), (name, key)
            assert not CHINESE.search(english), (name, key)
            assert CHINESE.search(re.sub(r"\{[^}]*\}", "", chinese)), (name, key)


def test_every_value_that_data_carries_has_words() -> None:
    """Each metric that the floor publishes, each window, state and kind of step is named: no key stands on a screen."""
    text = catalogue.words("zh")
    for measure in measures():
        own = f"measure.{measure.metric}", f"metric.{measure.metric}"
        assert any(key in text for key in own), measure.metric
    wanted = [("window", value) for value in get_args(Window)]
    wanted += [("health", value) for value in values(Status, "state")]
    wanted += [("fact", value) for value in values(Fact, "state")]
    assert [pair for pair in wanted if ".".join(pair) not in text] == []
    assert values(Incident, "state")
    assert values(Rule, "severity")


def values(kind: type, field: str) -> tuple[str, ...]:
    """What a field may say."""
    (found,) = [f for f in msgspec.structs.fields(kind) if f.name == field]
    options = get_args(found.type)
    return tuple(
        v for option in options for v in (get_args(option) or (option,)) if isinstance(v, str)
    )


@pytest.mark.parametrize("path", sorted((HERE / "templates").glob("*.html")), ids=lambda p: p.stem)
def test_a_template_has_no_words_of_its_own(path: Path) -> None:
    """What stands between a template's tags, and in what is read of them, comes from the catalogue."""
    text = re.sub(
        r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}|<!doctype html>", "\0", path.read_text(), flags=re.DOTALL
    )
    text = re.sub(r"<code>.*?</code>|<script[^>]*>.*?</script>", "", text, flags=re.DOTALL)
    said = re.findall(r'(?:aria-label|title|placeholder|alt)="([^"]*)"', text)
    said.append(re.sub(r"<[^>]*>", " ", text))
    words = {word for part in said for word in WORD.findall(re.sub(r"&\w+;", " ", part))}
    assert words <= SAME


def scripts() -> list[Path]:
    """Every script of ours."""
    return sorted(
        [*HERE.glob("assets/*.js"), *HERE.glob("static/*.js"), *HERE.glob("managers/assets/*.js")]
    )


@pytest.mark.parametrize("path", scripts(), ids=lambda p: p.stem)
def test_a_script_has_no_words_of_its_own(path: Path) -> None:
    """No script has a sentence of English, nor Chinese that does not stand beside its English."""
    text = re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    text = re.sub(r'\["[^"]*", "[^"]*"\]', "", text)  # a pair of both languages
    assert not CHINESE.search(re.sub(r"Noto Sans CJK|[㐀-鿿]-[㐀-鿿]", "", text)), path
    for literal in re.findall(r'"((?:[^"\\\n]|\\.)*)"', text):
        sentence = re.search(r"\b[A-Z][a-z]+ [a-z]{2,} [a-z]{2,}", literal)
        assert not sentence, (path.name, literal)
    shown = r"(?:textContent|innerText|title|ariaLabel|placeholder|alt)\s*=\s*\"([^\"]*)\""
    labelled = r"\"aria-label\":\s*\"([^\"]*)\""
    for literal in (*re.findall(shown, text), *re.findall(labelled, text)):
        assert not WORD.search(literal), (path.name, literal)


SHOWN = frozenset({"children", "title", "label", "placeholder", "alt", "description"})
TYPED = frozenset({"Code", "Kbd"})
"""Components that hold what is typed, not read."""


def shown(tree: ast.AST) -> Iterator[str]:
    """Strings that a component of a page is given to show, as they stand in the source."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        home = getattr(getattr(node.func, "value", None), "id", "")
        if (home not in {"html", "dmc"} and name not in {"heading", "aria"}) or name in TYPED:
            continue
        parts = [
            *node.args,
            *(
                k.value
                for k in node.keywords
                if k.arg in SHOWN or (name == "aria" and k.arg == "label")
            ),
        ]
        for part in parts:
            inside = part.elts if isinstance(part, ast.List | ast.Tuple) else [part]
            yield from (
                p.value for p in inside if isinstance(p, ast.Constant) and isinstance(p.value, str)
            )


@pytest.mark.parametrize("path", sorted(p for p in HERE.rglob("*.py") if not p.stem.startswith("catalogue")),
                         ids=lambda p: p.stem)  # fmt: skip
def test_a_page_has_no_words_of_its_own(path: Path) -> None:
    """What a component shows comes from the catalogue; no module but the catalogues has Chinese in it."""
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    assert {w for said in shown(tree) for w in WORD.findall(said)} <= SAME, path
    told = {id(n.value) for n in ast.walk(tree) if isinstance(n, ast.Expr)}
    chinese = [
        n.value for n in ast.walk(tree)
        if isinstance(n, ast.Constant) and isinstance(n.value, str) and id(n) not in told and CHINESE.search(n.value)
    ]  # fmt: skip
    assert set(chinese) <= {"正门"}, (
        path
    )  # the first door of a new store, whose English stands beside it


def test_terms_are_asked_for_by_kinds_that_exist() -> None:
    """Each kind of term that a page looks up is one that the catalogue has."""
    asked: set[str] = set()
    for path in HERE.rglob("*.py"):
        asked |= set(re.findall(r"\bterm\(\s*\"(\w+)\"", path.read_text(encoding="utf-8")))
    kinds = {key.split(".")[0] for key in (*TERMS, *catalogue.words("en"))}
    assert asked
    assert asked <= kinds
