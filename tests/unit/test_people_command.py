"""``floorcast people``: who may log in, which walls open; what it writes and what it refuses."""

import io
import tomllib
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from dashboard.doors.kiosks import EVERY, Kiosks
from dashboard.doors.people import People
from floorcast.main import run
from floorcast.running import write_effective
from floorcast.settings import load_settings

DEMO = Path(__file__).parents[2] / "config.toml"
PASSWORD = "correct horse battery"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """The shipped configuration, with its passwords in a folder of the test's own."""
    return write_effective(DEMO, tmp_path, {"dashboard": {"data_dir": str(tmp_path / "screen")}})


class Desk:
    """Runs the command and keeps what it says."""

    def __init__(
        self, config: Path, capsys: pytest.CaptureFixture[str], patch: pytest.MonkeyPatch
    ) -> None:
        self.config, self._capsys, self._patch = config, capsys, patch
        self.folder = Path(load_settings(config).dashboard.data_dir)

    def __call__(self, *words: str, typed: str = "") -> tuple[int, str, str]:
        """Exit code, standard output, standard error."""
        self._patch.setattr("sys.stdin", io.StringIO(typed))
        code = run(["--config", str(self.config), "people", *words])
        out, err = self._capsys.readouterr()
        return code, out, err

    def add(self, who: str, *words: str, password: str = PASSWORD) -> tuple[int, str, str]:
        """``people add`` with a password from standard input."""
        return self("add", who, *words, "--password-stdin", typed=f"{password}\n")

    @property
    def people(self) -> People:
        """As the screen reads them."""
        return People(load_settings(self.config).alerts.people, self.folder)


@pytest.fixture
def desk(config: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Desk:
    """The command line."""
    return Desk(config, capsys, monkeypatch)


def test_added_they_can_log_in_and_keep_the_file_as_it_was(desk: Desk) -> None:
    """A new person is in the file with its comments unharmed, can log in, and has a key for pushes."""
    before = desk.config.read_text(encoding="utf-8")
    code, out, _ = desk.add("mia", "--name", "Mia", "--store", "riverside", "--language", "en")
    assert code == 0
    assert "mia can log in" in out
    assert PASSWORD not in out
    after = desk.config.read_text(encoding="utf-8")
    assert [line for line in before.splitlines() if line.startswith("# ")] == [
        line for line in after.splitlines() if line.startswith("# ")
    ]
    (entry,) = [p for p in tomllib.loads(after)["alerts"]["people"] if p["id"] == "mia"]
    assert (entry["name"], entry["stores"], entry["language"]) == ("Mia", ["riverside"], "en")
    found = desk.people.check("mia", PASSWORD)
    assert found
    assert (found.may("staff", "riverside"), found.may("manager", "riverside")) == (True, False)
    assert desk.people.check("mia", "not it") is None
    assert (desk.folder / "vapid.pem").exists()
    assert PASSWORD not in (desk.folder / "passwords.json").read_text(encoding="utf-8")


def test_listed_and_removed(desk: Desk) -> None:
    """The list says who has a password; removed, they are gone from file, directory and passwords."""
    desk.add("mia", "--access", "manager")
    code, out, _ = desk()
    assert code == 0
    (row,) = [line.split() for line in out.splitlines() if line.split()[:1] == ["mia"]]
    assert row == ["mia", "manager", "all", "yes"]
    assert desk("remove", "mia")[0] == 0
    assert desk.people.check("mia", PASSWORD) is None
    assert "mia" not in desk("list")[1]
    code, out, _ = desk("remove", "mia")
    assert (code, out.strip()) == (1, "there is nobody called mia")


def test_a_password_is_changed_without_touching_the_file(desk: Desk) -> None:
    """For somebody who is in the file already only the password changes; the rest is to be changed there."""
    desk.add("mia", "--name", "Mia")
    text = desk.config.read_text(encoding="utf-8")
    assert desk.add("mia", password="another long one")[0] == 0
    assert desk.config.read_text(encoding="utf-8") == text
    assert desk.people.check("mia", "another long one")
    assert desk.people.check("mia", PASSWORD) is None
    code, _, err = desk.add("mia", "--name", "Maria")
    assert (code, "change name, access and stores there" in err) == (2, True)


@pytest.mark.parametrize(
    ("words", "password", "says"),
    [
        (["--store", "nowhere"], PASSWORD, "--store nowhere: no such store"),
        ([], "short", "a password needs at least"),
        (["--role", "no such role"], PASSWORD, "role"),
    ],
)
def test_refused_nothing_changes(desk: Desk, words: list[str], password: str, says: str) -> None:
    """A store that is not there, a short password or a bad role is one line, and nothing is written."""
    before = desk.config.read_text(encoding="utf-8")
    code, _, err = desk.add("mia", *words, password=password)
    assert code == 2
    assert says in err
    assert err.count("\n") == 1
    assert desk.config.read_text(encoding="utf-8") == before
    assert desk.people.with_password() == set()


def test_a_wall_opens_by_its_newest_token(desk: Desk) -> None:
    """A token opens one store's wall; a new one of the name ends the old, revoking ends it, a second time is told."""
    _, first, _ = desk("kiosk-token", "lobby", "--store", "riverside")
    _, second, _ = desk("kiosk-token", "lobby", "--store", "riverside")
    old, new = (parse_qs(urlsplit(said.strip()).query)["k"][0] for said in (first, second))
    assert urlsplit(second.strip()).path == "/wall/riverside"
    assert (Kiosks(desk.folder).store_of(old), Kiosks(desk.folder).store_of(new)) == (None, "riverside")  # fmt: skip
    assert "lobby" in desk()[1]
    assert desk("kiosk-token", "lobby", "--revoke")[0] == 0
    assert Kiosks(desk.folder).store_of(new) is None
    assert desk("kiosk-token", "lobby", "--revoke")[0] == 1
    assert desk("kiosk-token", "lobby", "--store", "nowhere")[0] == 2


def test_a_lobbys_token_opens_every_wall(desk: Desk) -> None:
    """With ``--all`` the address is the playlist's, and its token opens whichever store's wall stands there."""
    _, said, _ = desk("kiosk-token", "lobby", "--all")
    address = urlsplit(said.strip())
    assert address.path == "/wall/_playlist"
    assert Kiosks(desk.folder).store_of(parse_qs(address.query)["k"][0]) == EVERY
    assert desk("kiosk-token", "lobby", "--revoke")[0] == 0
    assert Kiosks(desk.folder).listing() == {}
