"""Doors and what people may do behind them, without a server."""

from pathlib import Path
from typing import Any, cast

import msgspec
import pytest

from alerts.incident import Withheld
from alerts.settings import Person
from dashboard.act import judge
from dashboard.doors.kiosks import Kiosks
from dashboard.doors.people import People, Visitor
from dashboard.managers.house_reader import Glance, ranked
from dashboard.managers.rows import incidents
from dashboard.snapshot import Snapshot
from dashboard.staff.asked import asked
from dashboard.staff.view import CARDS, staff_view
from tests.floor_facts import Floor, clock_time, demo_shops

SHOP = demo_shops()["riverside"]
FLOOR = Floor(cast("Any", None), SHOP, clock_time(16, 22, SHOP))


def test_a_token_opens_one_store_until_it_is_revoked(tmp_path: Path) -> None:
    """A wall's token names its store, is kept only as a hash, and ends with its revocation or its successor."""
    kiosks = Kiosks(tmp_path)
    first = kiosks.issue("lobby", "riverside")
    assert kiosks.store_of(first) == "riverside"
    assert first not in (tmp_path / "kiosks.json").read_text()
    assert (tmp_path / "kiosks.json").stat().st_mode & 0o077 == 0
    second = kiosks.issue("lobby", "riverside")
    assert kiosks.store_of(first) is None
    assert Kiosks(tmp_path).revoke("lobby")
    assert kiosks.store_of(second) is None


def test_passwords(tmp_path: Path) -> None:
    """Only a person of the directory with the right, long enough password comes in; forgetting it ends that."""
    people = People([Person(id="mia", stores=["riverside"])], tmp_path)
    with pytest.raises(ValueError, match="at least"):
        people.set_password("mia", "short")
    people.set_password("mia", "long enough word")
    found = people.check("mia", "long enough word")
    assert found == Visitor("mia", "mia", "staff", ("riverside",))
    assert people.check("mia", "another long word") is None
    assert people.check("nobody", "long enough word") is None
    assert people.forget("mia")
    assert people.find("mia") is None


@pytest.mark.parametrize(
    ("do", "changes", "verdict"),
    [
        ("ack", {}, "ok"),
        ("ack", {"owner": "lw", "state": "acknowledged"}, "taken"),
        ("ack", {"owner": "mia", "state": "acknowledged"}, "ok"),
        ("ack", {"state": "resolved"}, "over"),
        ("comment", {"state": "resolved"}, "ok"),
    ],
)
def test_what_still_makes_sense(do: str, changes: dict[str, Any], verdict: str) -> None:
    """The first acknowledgement wins, what is over cannot be taken, and can still be commented on."""
    incident = msgspec.structs.replace(FLOOR.incident("queue-wait", "till:2", "act", 5), **changes)
    assert judge(do, incident, "mia").verdict == verdict


def test_staff_see_what_to_do_first() -> None:
    """Act before watch, what rests last, at most so many cards, all of them counted."""
    rests = FLOOR.incident("queue-wait", "till:3", "act", 9, snoozed_until=clock_time(16, 30, SHOP))
    many = [FLOOR.incident("sells-out", f"sku:{n}", "watch", 5) for n in range(60)]
    found = [rests, *many, *FLOOR.incidents()]
    parts = staff_view(Snapshot(SHOP.store.id, FLOOR.at, FLOOR.at, incidents=found), SHOP)
    assert parts["rail"]["open"] == 65
    assert len(parts["rail"]["ids"]) == CARDS
    first = [parts[f"card:{i}"]["s"] for i in parts["rail"]["ids"][:3]]
    assert first == ["act", "act", "watch"]
    assert rests.id not in parts["rail"]["ids"]


def test_staff_see_what_else_can_be_done_and_what_cannot() -> None:
    """Card, link and page say the other actions and the withheld ones with their reason, in both languages."""
    short = Withheld(action="run-promotion", reason="cover-unknown", args={"sku": "SKU-1"})
    low = FLOOR.incident(
        "low-conversion", "", "act", 5, actions=["add-staff", "change-display"], withheld=[short]
    )
    plain = FLOOR.incident("queue-wait", "till:2", "act", 5, actions=["open-till"])
    snapshot = Snapshot(SHOP.store.id, FLOOR.at, FLOOR.at, incidents=[low, plain])
    parts = staff_view(snapshot, SHOP)
    said = parts[f"card:{low.id}"]["besides"]
    assert said["en"][1] == "Not now: Run a promotion (the stock of SKU-1 is not known)"
    assert [line.partition("：")[0] for line in said["zh"]] == ["或", "暂不"]
    assert parts[f"card:{plain.id}"]["besides"] is None
    assert asked(low, SHOP, FLOOR.at, "zh").besides == said["zh"]
    assert asked(plain, SHOP, FLOOR.at, "zh").besides == []
    rows = incidents([low, plain], {SHOP.store.id: SHOP}, "en", {})
    assert {row["id"]: row["besides"] for row in rows} == {low.id: said["en"], plain.id: []}


def test_attention_ranks_stores() -> None:
    """A store with an act-incident that nobody has comes before one where it is taken, then the rest."""
    alone = FLOOR.incident("queue-wait", "till:2", "act", 5)
    taken = msgspec.structs.replace(alone, owner="lw", state="acknowledged")
    glances = [
        Glance(n, FLOOR.at, {}, [], i) for n, i in (("a", []), ("b", [taken]), ("c", [alone]))
    ]
    assert [g.store for g in ranked(glances)] == ["c", "b", "a"]
