"""The configuration edited from a page: text kept, types held, rights by store, undo."""

import tomllib
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

import msgspec
import pytest

from alerts.settings import Person, Rule
from dashboard.catalogue import Language, words
from dashboard.configuration.edits import Edit, apply, name_of, plain, type_at
from dashboard.configuration.file import ConfigFile, ConflictError
from dashboard.configuration.forms import APART, DRAWN, group
from dashboard.configuration.rights import may_change
from dashboard.configuration.sections import NEW, list_path
from dashboard.doors.people import Visitor
from floorcast.settings import parse_settings
from flows.settings import Benchmark
from sensors.settings import Door, Store, Text, Till, Zone

CONFIG = (Path(__file__).parents[3] / "config.toml").read_text()
CHIEF = Visitor("ada", "Ada", "admin")
LOCAL = Visitor("lo", "Lo", "admin", ("riverside",))


def edit(op: str, path: str, value: Any = None) -> Edit:
    """An edit, its path with dots."""
    return msgspec.convert({"op": op, "path": path.split("."), "value": value}, Edit)


HARBOUR = {
    "id": "harbour", "name": {"en": "Harbour", "zh": "港口店"}, "timezone": "Asia/Shanghai", "capacity": "120",
    "hours": [{"days": ["mon", "holiday"], "opens": "09:00", "closes": "22:00"}],
    "doors": [{"id": "main", "name": {"en": "Main", "zh": "正门"}}], "zones": [], "tills": [],
}  # fmt: skip
EDITS = [
    edit("set", "sensors.stores.riverside.capacity", 240),
    edit("set", "sensors.stores.riverside.doors.mall.counts_passers", value=True),
    edit("set", "sensors.stores.riverside.name.zh", "滨江店"),
    edit("set", "sensors.stores.riverside.zones.promo.polygon", [[0, 0], [0.5, 0], [0.5, 0.5]]),
    edit("set", "sensors.stores.riverside.hours.0.opens", "08:30"),
    edit(
        "add",
        "sensors.stores.riverside.doors",
        {"id": "back", "name": {"en": "Back", "zh": "后门"}},
    ),
    edit("remove", "sensors.stores.riverside.tills.4"),
    edit("set", "flows.benchmarks.riverside.conversion", 0.3),
    edit("set", "flows.benchmarks.harbour.conversion", 0.2),
    edit("set", "alerts.rules.low-conversion.fire_pct", 25),
    edit("add", "alerts.rules", {"name": "low-upt", "metric": "atv"}),
    edit("add", "alerts.people", {"id": "chen", "stores": ["riverside"]}),
]


@pytest.mark.parametrize("one", EDITS, ids=lambda e: f"{e.op} {'.'.join(e.path)}")
def test_an_edit_keeps_everything_else(one: Edit) -> None:
    """After an edit the file still decodes, every comment is still there, and only lines it needs differ."""
    after = apply(CONFIG, one)
    parse_settings(after)
    comments = {
        line for line in CONFIG.splitlines() if "#" in line and "=" not in line.split("#")[0]
    }
    assert comments <= set(after.splitlines())
    gone = [line for line in CONFIG.splitlines() if line not in after.splitlines()]
    assert len(gone) <= 2


def test_the_value_is_what_was_asked() -> None:
    """What was set is what a process reads at its next start; times and numbers keep their types."""
    text = CONFIG
    for one in EDITS:
        text = apply(text, one)
    settings = parse_settings(text)
    store = settings.sensors.stores[0]
    assert (store.capacity, store.name.zh, f"{store.hours[0].opens:%H:%M}") == (
        240,
        "滨江店",
        "08:30",
    )
    assert [d.id for d in store.doors] == ["main", "mall", "back"]
    assert [t.id for t in store.tills] == ["1", "2", "3"]
    assert settings.flows.benchmarks["riverside"].conversion == 0.3
    assert [p.id for p in settings.alerts.people] == ["chen"]
    assert next(r for r in settings.alerts.rules if r.name == "low-conversion").fire_pct == 25


@pytest.mark.parametrize("one", [
    edit("set", "sensors.stores.riverside.capacity", -1),
    edit("set", "sensors.stores.riverside.capacity", "many"),
    edit("set", "sensors.stores.riverside.zones.promo.polygon", [[0, 2]]),
    edit("add", "sensors.stores.riverside.doors", {"id": "main", "name": {"en": "a", "zh": "b"}}),
    edit("add", "sensors.stores.riverside.doors", {"id": "No Such", "name": {"en": "a", "zh": "b"}}),
    edit("set", "alerts.rules.no-such.fire_pct", 3),
    edit("set", "sensors.nothing", 3),
    edit("remove", "sensors.stores.riverside.tills.9"),
])  # fmt: skip
def test_a_wrong_edit_is_refused(one: Edit) -> None:
    """A value out of bounds, of the wrong type, twice the same id or a place that is not there: refused."""
    with pytest.raises((ValueError, KeyError)):
        parse_settings(apply(CONFIG, one))


def test_rights_by_store() -> None:
    """An admin of one store changes that store; chain-wide rules, other stores and secrets are not theirs."""
    mine = {e.path: may_change(e, LOCAL, CONFIG) for e in EDITS}
    allowed = {".".join(p) for p, may in mine.items() if may}
    assert allowed == {
        ".".join(e.path) for e in EDITS
        if "riverside" in e.path or e.path == ("alerts", "people")
    }  # fmt: skip
    assert all(may_change(e, CHIEF, CONFIG) for e in EDITS)
    for path in ("sensors.redis.url", "sensors.broker.password_file", "alerts.channels.ntfy.url",
                 "alerts.links.secret_file", "dashboard.data_dir", "dashboard.host", "floorcast.demo"):  # fmt: skip
        assert not may_change(edit("set", path, "x"), CHIEF, CONFIG), path
    grab = edit("add", "alerts.people", {"id": "eve", "access": "admin"})
    assert not may_change(grab, LOCAL, CONFIG)
    two = apply(CONFIG, edit("add", "sensors.stores", HARBOUR))
    for change in (edit("remove", "sensors.stores.riverside"), edit("remove", "sensors.stores.harbour"),
                   edit("add", "sensors.stores", {**HARBOUR, "id": "third"})):  # fmt: skip
        assert may_change(change, CHIEF, two)
        assert not may_change(change, LOCAL, two)


@pytest.mark.parametrize(("one", "may"), [
    (edit("set", "alerts.people.a.role", "associate"), True),
    (edit("remove", "alerts.people.a"), True),
    (edit("set", "alerts.people.a.stores", ["riverside", "harbour"]), False),
    (edit("set", "alerts.people.a.stores.0", "harbour"), False),
    (edit("remove", "alerts.people.a.stores"), False),
    (edit("remove", "alerts.people.a.stores.0"), False),
    (edit("set", "alerts.people.a", {"id": "a", "access": "admin"}), False),
    (edit("set", "alerts.people.b.role", "x"), False),
    (edit("set", "alerts.people.c.access", "staff"), False),
    (edit("set", "alerts.people.2.access", "staff"), False),
    (edit("remove", "alerts.people.b"), False),
])  # fmt: skip
def test_nobody_grants_themselves_more_stores(one: Edit, may: bool) -> None:
    """An admin of one store can neither widen an entry's stores, in no way, nor touch one that reaches further."""
    text = """
[[alerts.people]]
id = "b"
name = "a"
stores = ["riverside", "harbour"]
[[alerts.people]]
id = "a"
stores = ["riverside"]
[[alerts.people]]
id = "c"
"""
    assert may_change(one, LOCAL, text) is may


@pytest.mark.parametrize("path", [
    "alerts.people.mia.id", "alerts.rules.low-atv.name", "sensors.stores.riverside.id",
    "sensors.stores.riverside.doors.main.id",
])  # fmt: skip
def test_what_an_entry_is_known_by_stays(path: str) -> None:
    """No edit gives an entry another id, nor a rule another name: the log and the history know it by that."""
    text = apply(CONFIG, edit("add", "alerts.people", {"id": "mia"}))
    for op, value in (("set", "other"), ("remove", None)):
        with pytest.raises(ValueError, match="known"):
            apply(text, edit(op, path, value))
    whole, _, _ = path.rpartition(".")
    with pytest.raises(ValueError, match="known"):
        apply(text, edit("set", whole, {"id": "other", "name": "other", "metric": "atv"}))


@pytest.mark.parametrize("kind", ["sensors.stores", "alerts.rules"])
def test_an_entry_leaves_without_the_comments_around_it(kind: str) -> None:
    """Whichever store or rule is removed, every line of comment outside it stays, and so does every other entry."""
    text = apply(CONFIG, edit("add", "sensors.stores", HARBOUR))
    root, name = kind.split(".")
    every = [name_of(row) for row in tomllib.loads(text)[root][name]]
    outside = {line for line in text.splitlines() if line.startswith("#")}
    for gone in {every[0], every[len(every) // 2], every[-1]}:
        after = apply(text, edit("remove", f"{kind}.{gone}"))
        parse_settings(after)
        assert outside <= set(after.splitlines())
        left = [name_of(row) for row in tomllib.loads(after)[root][name]]
        assert left == [one for one in every if one != gone]


def test_a_store_comes_and_goes() -> None:
    """A store that is added and removed leaves the file byte for byte; the last one stays."""
    text = apply(CONFIG, edit("add", "sensors.stores", HARBOUR))
    (_, added) = parse_settings(text).sensors.stores
    assert (added.id, added.capacity, added.doors[0].name.zh) == ("harbour", 120, "正门")
    text = apply(
        text,
        edit("add", "sensors.stores.harbour.tills", {"id": "1", "name": {"en": "a", "zh": "b"}}),
    )
    assert [t.id for t in parse_settings(text).sensors.stores[1].tills] == ["1"]
    assert apply(text, edit("remove", "sensors.stores.harbour")) == CONFIG
    with pytest.raises(ValueError, match="last store"):
        apply(CONFIG, edit("remove", "sensors.stores.riverside"))


def test_undo_and_conflict(tmp_path: Path) -> None:
    """Undo brings the file back byte for byte; an edit from an old page or over a change by hand is refused."""
    path = tmp_path / "config.toml"
    path.write_text(CONFIG)
    file = ConfigFile(path, parse_settings, tmp_path / "screen")
    first = file.read().version
    second = file.change(EDITS[0], first, "ada", "riverside", 0)
    with pytest.raises(ConflictError):
        file.change(EDITS[1], first, "ada", "riverside", 0)
    file.change(EDITS[1], second, "bo", "riverside", 0)
    with pytest.raises(ConflictError):
        file.undo("ada")
    assert [c.who for c in file.changes()] == ["bo", "ada"]
    file.undo(None)
    file.undo("ada")
    assert path.read_text() == CONFIG
    with pytest.raises(ValueError, match="capacity"):
        file.change(
            edit("set", "sensors.stores.riverside.capacity", -4), first, "ada", "riverside", 0
        )
    assert path.read_text() == CONFIG
    file.change(EDITS[0], first, "ada", "riverside", 0)
    path.write_text(path.read_text() + "\n# by hand\n")
    with pytest.raises(ConflictError):
        file.undo(None)


@pytest.mark.parametrize("kind", [Rule, Person, Store])
def test_every_field_has_a_place(kind: type[msgspec.Struct]) -> None:
    """Each key of a rule, a person and a store is on its form, or drawn, or in a section of its own; with a name."""
    plainest: dict[str, Any] = {"name": "n", "metric": "m", "id": "i"}
    if kind is Store:
        value: Any = parse_settings(CONFIG).sensors.stores[0]
    else:
        value = kind(**{k: v for k, v in plainest.items() if k in kind.__struct_fields__})
    form = group(value, ("x",), "", str)
    placed = (
        {f.path[1] for f in form.fields}
        | {r.path[1] for r in form.rows}
        | {p[1] for p, _, _ in form.adds}
    )
    wanted = set(get_type_hints(kind)) - DRAWN - APART
    assert placed == wanted


def test_types_come_from_the_settings() -> None:
    """A path's type is the one its struct declares; what no struct knows is no path."""
    assert type_at(("alerts", "rules", "x", "streak")) is not None
    with pytest.raises(KeyError):
        type_at(("alerts", "rules", "x", "no_such"))


def options_of(kind: Any) -> Iterator[tuple[str, str]]:
    """Every key of a form and every value to choose from, however deep."""
    for key, hinted in get_type_hints(kind, include_extras=True).items():
        if key in DRAWN | APART:
            continue
        yield "set", key
        bare = plain(hinted)
        for part in (bare, *map(plain, get_args(bare))):
            if get_origin(part) is Literal:
                yield from (("word", str(value)) for value in get_args(part))
            elif isinstance(part, type) and issubclass(part, msgspec.Struct) and part is not Text:
                yield from options_of(part)


def test_every_field_and_choice_has_words() -> None:
    """What a form names and offers has words in both languages."""
    for language in get_args(Language):
        text = words(language)
        for kind in (Rule, Person, Store, Benchmark, Door, Zone, Till):
            for prefix, key in options_of(kind):
                known = f"{prefix}.{key}" in text or f"window.{key}" in text
                assert known, (kind, prefix, key)


@pytest.mark.parametrize("section", sorted(NEW))
def test_what_a_page_adds_is_taken(section: str) -> None:
    """What each form adds, and each list within an entry, is what a process starts with; and it goes again."""
    filled = {
        "id": "new",
        "name": "new",
        "timezone": "UTC",
        "currency": "EUR",
        "country": "DE",
        "capacity": "9",
    }
    blank = NEW[section]
    entry = {k: v if v or k not in filled else filled[k] for k, v in blank.items()}
    if isinstance(entry.get("name"), dict):
        entry["name"] = {"en": "New", "zh": "新"}
    path = list_path(section, "riverside")
    added = apply(CONFIG, msgspec.convert({"op": "add", "path": path, "value": entry}, Edit))
    settings = parse_settings(added)
    lists = {"rules": settings.alerts.rules, "people": settings.alerts.people}
    for made in [row for row in lists.get(section, []) if row == lists[section][-1]]:
        for within, _, raw in group(made, (*path, "new"), "", str).adds:
            asked = {"op": "add", "path": within, "value": msgspec.json.decode(raw)}
            text = apply(added, msgspec.convert(asked, Edit))
            parse_settings(text)
            gone = apply(text, msgspec.convert({"op": "remove", "path": [*within, "0"]}, Edit))
            parse_settings(gone)
    gone = apply(added, msgspec.convert({"op": "remove", "path": [*path, "new"]}, Edit))
    assert tomllib.loads(gone) == tomllib.loads(CONFIG) | ({} if section != "people" else {
        "alerts": {**tomllib.loads(CONFIG)["alerts"], **tomllib.loads(gone)["alerts"]}
    })  # fmt: skip


def test_a_store_s_first_target_takes_the_chain_s_along() -> None:
    """Changing one target of a store that had none of its own leaves its others as they were; removing them all too."""
    two = apply(CONFIG, edit("add", "sensors.stores", HARBOUR))
    before = parse_settings(two).flows.benchmark_of("harbour")
    own = apply(two, edit("set", "flows.benchmarks.harbour.conversion", 0.2))
    found = parse_settings(own).flows.benchmark_of("harbour")
    assert found == msgspec.structs.replace(before, conversion=0.2)
    dropped = apply(own, edit("remove", "flows.benchmarks.harbour"))
    assert parse_settings(dropped).flows.benchmark_of("harbour") == before


def test_dates_of_a_rule() -> None:
    """A rule's first and last day are set and taken away again."""
    one = apply(CONFIG, edit("set", "alerts.rules.low-atv.dates", ["2026-11-27", "2026-11-30"]))
    rule = next(r for r in parse_settings(one).alerts.rules if r.name == "low-atv")
    assert rule.dates == (date(2026, 11, 27), date(2026, 11, 30))
    assert tomllib.loads(apply(one, edit("remove", "alerts.rules.low-atv.dates"))) == tomllib.loads(
        CONFIG
    )
