"""explain and whatif on the command line, over a recorded day."""

import json
import shlex
from pathlib import Path

import msgspec
import pytest

from alerts.incident import Incident
from floorcast.explanation import FactName, parse_name
from floorcast.main import run
from floorcast.recording import read_recording
from flows.facts import Fact

CONFIG = str(Path(__file__).parents[2] / "config.toml")
DRAFT = """
[[rules]]
name = "low-conversion"
metric = "conversion"
fire_pct = 10
clear_pct = 5
hold_s = 60
confidence = 0.8
"""


def floorcast(line: str) -> int:
    return run(["--config", CONFIG, *shlex.split(line)])


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recorded day in which conversion drops."""
    path = tmp_path_factory.mktemp("recorded") / "day.jsonl.zst"
    options = (
        "--day 2026-11-20 --visitors 900 --fault conversion-drop --fault till-queue --tick-s 60"
    )
    assert floorcast(f"simulate --seed 7 {options} --out {path}") == 0
    return path


@pytest.fixture(scope="module")
def incident(day: Path) -> Incident:
    """Its first incident of conversion."""
    out = day.with_name("incidents.jsonl")
    assert floorcast(f"replay {day} --incidents {out} --last") == 0
    told = [msgspec.json.decode(line, type=Incident) for line in out.read_bytes().splitlines()]
    fired = [i for i in told if any(step.kind == "firing" for step in i.steps)]
    return next(incident for incident in fired if incident.rule == "low-conversion")


def test_an_incident_is_explained_down_to_the_events_that_made_its_number(
    day: Path, incident: Incident, capfd: pytest.CaptureFixture[str]
) -> None:
    """Counting the raw events of the explained window by hand gives numerator and denominator of the deciding fact."""
    capfd.readouterr()
    assert floorcast(f"explain {incident.id} --source {day} --json") == 0
    told = json.loads(capfd.readouterr().out)
    assert told["incident"]["steps"] == json.loads(msgspec.json.encode(incident.steps))
    chosen = told["decisions"][told["of"]]
    assert chosen["step"]["kind"] == "firing"
    fact = msgspec.convert(chosen["fact"], Fact)
    assert fact.value == chosen["step"]["args"]["value"] < incident.threshold  # type: ignore[operator]
    events = [source["event"] for source in told["events"] if not source.get("repeat")]
    sales = {
        e["transaction"]
        for e in events
        if e["kind"] == "pos"
        and (e.get("state", "completed"), e.get("nature", "sale")) == ("completed", "sale")
    }
    doors = [e for e in events if e["kind"] == "footfall" and not e.get("staff")]
    visitors = sum(e.get("entered", 0) - (e.get("children") or 0) for e in doors)
    assert (len(sales), visitors) == (fact.evidence.k, fact.evidence.n)
    assert sum(minute.get("tickets", 0) for minute in told["minutes"]) == fact.evidence.k


def test_every_position_told_is_in_the_log(
    day: Path, incident: Incident, capfd: pytest.CaptureFixture[str]
) -> None:
    """Each raw event stands in the recording at the position it is told with, word for word."""
    capfd.readouterr()
    assert floorcast(f"explain {incident.id} --source {day} --json") == 0
    told = json.loads(capfd.readouterr().out)
    log = {str(e.position): e.lines for e in read_recording(day) if not e.is_tick}
    assert told["events"]
    for source in told["events"][::10]:
        lines = [json.loads(line) for line in log[source["position"]].split(b"\n")]
        assert source["event"] in lines


def test_an_explanation_reads_as_a_tree(
    day: Path, incident: Incident, capfd: pytest.CaptureFixture[str]
) -> None:
    """The text names the rule, each step, the evidence and the log positions."""
    capfd.readouterr()
    assert floorcast(f"explain {incident.id} --source {day}") == 0
    told = capfd.readouterr().out
    for word in ("Fires when", "firing", "conversion", "made with", "log position", "events from"):
        assert word in told
    assert all(
        line.endswith(")") for line in told.splitlines() if "made with" in line
    )  # none is folded


def test_a_fact_is_explained_by_its_name(day: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """A store's hour at a time of day is told as it stood then."""
    capfd.readouterr()
    line = f"explain riverside/visitors//60m --source {day} --until 15:30 --json"
    assert floorcast(line) == 0
    told = json.loads(capfd.readouterr().out)
    assert told["decisions"][0]["fact"]["as_of"].startswith("2026-11-20T07:2")
    assert (
        sum(m.get("entered", 0) for m in told["minutes"]) >= told["decisions"][0]["fact"]["value"]
    )


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("riverside/visitors//60m", FactName("riverside", "visitors", "", "60m", "")),
        (
            "s/visitors/door:a/b/quarter/2026-11-20T01:00:00Z",
            FactName("s", "visitors", "door:a/b", "quarter", "2026-11-20T01:00:00Z"),
        ),
        ("s/queue-long/till:2/20261120T100000000Z", "s/queue-long/till:2/20261120T100000000Z"),
    ],
)
def test_names(name: str, said: object) -> None:
    """Facts and incidents are told apart by what their names end in."""
    assert parse_name(name) == said


def test_a_draft_is_held_against_todays_rules(
    day: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """A stricter rule fires more often and earlier, what the draft leaves out is lost, and the exit code says so."""
    (tmp_path / "draft.toml").write_text(DRAFT)
    capfd.readouterr()
    assert floorcast(f"whatif --rules {tmp_path / 'draft.toml'} {day} --json") == 1
    told = json.loads(capfd.readouterr().out)
    rules = {rule["rule"]: rule for rule in told["rules"]}
    low = rules.pop("low-conversion")
    assert low["draft"] == low["today"] + low["gained"] - low["lost"] > low["today"] > 0
    assert low["moved"]
    assert low["pages_draft"] > low["pages_today"] > 0
    moved = next(pair for pair in told["changed"] if pair["change"] == "moved")
    assert moved["moved_s"] < 0
    assert rules
    assert low["risk_draft_minor"] > 0
    assert (told["recovered_share"], low["saved_draft_minor"]) == (None, None)  # nobody acted
    assert all(rule["draft"] == 0 and rule["lost"] == rule["today"] for rule in rules.values())


def test_todays_rules_change_nothing(day: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """The same rules twice: exit code 0, no incident changed, and what fired is what the replay says."""
    capfd.readouterr()
    assert floorcast(f"whatif {day} --last 14h --json --recovered 30%") == 0
    told = json.loads(capfd.readouterr().out)
    assert told["changed"] == []
    assert (told["recovered_share"], told["measured"]) == (0.3, 0)
    assert any(rule["risk_today_minor"] for rule in told["rules"])
    for rule in told["rules"]:
        assert rule["saved_today_minor"] == round(0.3 * rule["risk_today_minor"])
    assert all(rule["today"] == rule["draft"] for rule in told["rules"])


@pytest.mark.parametrize(
    ("line", "code", "said"),
    [
        ("explain nonsense --source {day}", 2, "names neither"),
        (
            "explain riverside/low-conversion//20200101T000000000Z --source {day}",
            2,
            "not in this log",
        ),
        ("whatif {day} --last soon", 2, "no stretch of time"),
        ("whatif {day} --recovered most", 2, "no share"),
        ("whatif {day} --rules nothing.toml", 3, "no such file"),
        ("whatif nothing.jsonl", 3, "no such file"),
    ],
)
def test_a_mistake_is_told_in_a_line(
    day: Path, line: str, code: int, said: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """What cannot be explained or tried is told in one line with the documented code."""
    capfd.readouterr()
    assert floorcast(line.format(day=day)) == code
    err = capfd.readouterr().err
    assert said in err
    assert err.count("\n") == 1
