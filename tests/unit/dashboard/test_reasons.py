"""Every reason that ingest or the configuration's checks can give has words in Chinese."""

import ast
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

import msgspec
import pytest

from dashboard.catalogue_reasons import DECODED, REJECTED, SETTINGS
from dashboard.configuration.edits import plain
from dashboard.reasons import reason
from floorcast.settings import SettingsError, parse_settings
from sensors.codec import Codec
from sensors.events import KINDS
from sensors.pseudonym import Pseudonym
from sensors.reject import Reject
from sensors.settings import SensorsSettings
from sensors.topics import Topic
from tests.floor_facts import demo_shops

ROOT = Path(__file__).parents[3]
AT = datetime(2026, 11, 21, 9, tzinfo=UTC)
STORE = demo_shops()["riverside"].store
CHINESE = re.compile(r"[一-鿿]")
OURS = re.compile(r"[a-z]{3,} [a-z]{2,} [a-z]{2,}")
"""Three English words in a row: what no name of a field or a type is."""


def translated(said: str) -> bool:
    """Whether a reason reads as Chinese, whatever names stand in it."""
    told = reason(said, "zh")
    return bool(CHINESE.search(told)) and not OURS.search(re.sub(r"'[^']*'|`[^`]*`", "", told))


def sample(node: ast.expr) -> str | None:
    """What a string or f-string says, with something in each place; ``None`` where it is made elsewhere."""
    if isinstance(node, ast.Subscript):
        return sample(node.value)
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if not isinstance(node, ast.JoinedStr):
        return None
    parts = [p.value if isinstance(p, ast.Constant) else "X1" for p in node.values]
    return "".join(map(str, parts))


def strings(path: Path) -> Iterator[ast.expr]:
    """Every string a module makes that is no docstring and no part of another one."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    whole = [n for n in ast.walk(tree) if isinstance(n, ast.JoinedStr)]
    parts = {id(part) for n in whole for inner in n.values for part in ast.walk(inner)}
    said = {id(n.value) for n in ast.walk(tree) if isinstance(n, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr | ast.Constant) and id(node) not in parts | said:
            yield node


def made_by_adapters() -> Iterator[str]:
    """The reason of each ``UnreadableError`` and ``Reject`` in ``sensors``, as its source has it."""
    for path in sorted((ROOT / "sensors").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and node.args:
                name = getattr(node.func, "id", getattr(node.func, "attr", ""))
                found = sample(node.args[0]) if name in {"UnreadableError", "Reject"} else None
                if found is not None:
                    yield found


def made_by_checks() -> Iterator[str]:
    """Each sentence in the modules that check rules and what edits may not do."""
    files = ["alerts/rules.py", "dashboard/configuration/edits.py", "floorcast/settings.py"]
    for name in files:
        for node in strings(ROOT / name):
            found = sample(node)
            if found and re.search(
                r"[a-z]{2,} [a-z]+ [a-z]|X1 is there|: X1 is|no time zone", found
            ):
                yield found


@pytest.mark.parametrize("said", sorted(set(made_by_adapters())))
def test_every_reason_of_an_adapter_is_told_in_chinese(said: str) -> None:
    """A reason that an adapter or ingest gives, as its source has it, has words in Chinese."""
    assert translated(said), reason(said, "zh")
    assert reason(said, "en") == said


def test_every_reason_of_the_checks_is_told_in_chinese() -> None:
    """A reason that the configuration's own checks give has words in Chinese."""
    found = set(made_by_checks())
    assert len(found) > 20
    spared = re.compile(
        r"no such file|cannot be read|^X1: |\\|\$|^Expected|^Object|^expected|^there is no table"
    )
    missing = [s for s in sorted(found) if not spared.search(s) and not translated(s)]
    assert missing == []


def wrong_events() -> Iterator[bytes]:
    """For each kind of event and each of its fields: left out, of other types, out of bounds, of no such value."""
    for kind, struct in KINDS.items():
        hints = get_type_hints(struct, include_extras=True)
        good: dict[str, Any] = {"kind": kind, "at": AT.isoformat()}
        for field in msgspec.structs.fields(struct):
            if field.required and field.name != "at":
                good[field.name] = plainest(hints[field.name])
        yield msgspec.json.encode({**good, "no_such_field": 1})
        for name in hints:
            yield msgspec.json.encode({k: v for k, v in good.items() if k != name})
            for value in (
                None,
                -1,
                10**30,
                1.5,
                "",
                "x" * 5_000,
                "no such",
                [],
                [1],
                {},
                {"a": 1},
                True,
            ):
                yield msgspec.json.encode({**good, name: value})
    yield from (b"{", b"[{]", b"nothing", b'{"kind":1}', b'{"kind":"none"}', b"\xff", b"[" * 5_000, b'{"a":"\\x"}',
                b'{"a":"\\ud800"}', b"{1:2}", b'{"a":1,}', b"[1,]", b'{"a":1} x',
                b'{"kind":"footfall","a":01}')  # fmt: skip
    for at in ("2020-01-01T00:00:00Z", "2026-12-30T00:00:00Z", "2026-11-21T09:00:00", "yesterday"):
        yield msgspec.json.encode(
            {"kind": "footfall", "at": at, "door": "main", "entered": 1, "left": 0}
        )
    yield b'{"kind":"footfall","at":"2026-11-21T09:00:00Z","door":"a\\u0000","entered":1,"left":0}'
    yield b'{"kind":"footfall","at":"2026-11-21T09:00:00Z","store":"other","door":"a","entered":1,"left":0}'


def plainest(hinted: Any) -> Any:
    """A value of a field's type."""
    bare = plain(hinted)
    if get_origin(bare) in {list, tuple}:
        return []
    if bare in {int, float}:
        return 1
    if bare is datetime:
        return AT.isoformat()
    return get_args(bare)[0] if get_args(bare) else "x"


def test_every_reason_of_the_decoder_is_told_in_chinese() -> None:
    """Whatever is wrong with a message of our own format, the reason has words in Chinese, and so has its place."""
    codec = Codec(SensorsSettings(stores=[STORE]), Pseudonym(b"k" * 32))
    rooms = ("events", "status", "plan", "commands")
    reasons: set[str] = set()
    for payload in wrong_events():
        for room in rooms:
            topic = (
                Topic(STORE.id, room, "door-1")
                if room in {"events", "status"}
                else Topic(STORE.id, room, "")
            )
            outcomes = codec.decode(payload, topic, AT + timedelta(seconds=1))
            reasons |= {o.reason for o in outcomes if isinstance(o, Reject)}
    reasons |= {
        o.reason
        for o in codec.decode(b"x" * 2_000_000, Topic(STORE.id, "events", "d"), AT)
        if isinstance(o, Reject)
    }
    assert len(reasons) > 40
    assert [said for said in sorted(reasons) if not translated(said)] == []


@pytest.mark.parametrize(("text", "told"), [
    ("[flows]\npublish_s = 0", "flows.publish_s：应为大于 0 的数字"),
    ("[flow]\nx = 1", "top level：未知键 flow"),
    ("[[alerts.rules]]\nname = 'a'", "alerts.rules[0]：缺少键 metric"),
    ("[[alerts.people]]\nid = 'a'\n[[alerts.people]]\nid = 'a'", "alerts.people[1].id：a 重复"),
])  # fmt: skip
def test_a_refused_configuration_is_told_in_chinese(text: str, told: str) -> None:
    """What no process starts with is told with its place and its reason."""
    with pytest.raises(SettingsError) as caught:
        parse_settings(text)
    assert reason(str(caught.value).removeprefix("config.toml: "), "zh") == told


def test_several_reasons_and_unknown_ones() -> None:
    """Reasons of one dead letter are told one by one, also one with a semicolon; an unknown one stands as it is."""
    several = "no counts in it; sequence gap after 3: got 5; rebirth required; a new reason"
    assert (
        reason(several, "zh") == "没有计数；序号在 3 之后中断，收到 5；需要重新 birth；a new reason"
    )
    assert reason("$[1].at: not a time: 'x'", "zh") == "$[1].at：不是时间：'x'"


def test_both_languages_have_the_same_places() -> None:
    """A sentence's placeholders are the same in both languages."""
    for english, chinese in {**REJECTED, **DECODED, **SETTINGS}.items():
        holes = re.compile(r"\{\w+\}")
        assert sorted(holes.findall(english)) == sorted(holes.findall(chinese)), english
