"""What a newcomer's first command rests on: the locks, the installer, the Makefile."""

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def installer() -> ModuleType:
    """deploy/install.py as a module."""
    spec = importlib.util.spec_from_file_location(
        "floorcast_install", ROOT / "deploy" / "install.py"
    )
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-bench.lock"])
def test_lock_pins_everything_by_hash(name: str) -> None:
    """Every package of a lock is pinned to one version with hashes, from no named place."""
    text = (ROOT / name).read_text()
    entries = re.split(r"(?m)^(?=[A-Za-z0-9])", text)
    packages = [entry for entry in entries if re.match(r"[A-Za-z0-9]", entry)]
    assert len(packages) > 100
    for entry in packages:
        assert re.match(r"[A-Za-z0-9._-]+==\S+ ", entry), entry[:80]
        assert "--hash=sha256:" in entry, entry[:80]
    assert "://" not in text
    assert "index-url" not in text


def test_lock_holds_what_the_project_asks_for() -> None:
    """Each dependency of the project is in the lock."""
    project = (ROOT / "pyproject.toml").read_text()
    wanted = re.search(r"(?s)\ndependencies = \[(.*?)\n\]", project)
    assert wanted
    pinned = set(
        re.findall(
            r"(?m)^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==", (ROOT / "requirements.lock").read_text()
        )
    )
    for name in re.findall(r'"([A-Za-z0-9._-]+)', wanted[1]):
        assert name.lower() in pinned, f"{name}: run make lock"


def test_builder_comes_from_the_lock(installer: ModuleType) -> None:
    """What builds packages without a wheel is pinned and hashed too."""
    entry = installer.entry_of("setuptools")
    assert entry.startswith("setuptools==")
    assert "--hash=sha256:" in entry


def test_current_environment_is_left_alone(
    installer: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a stamp that fits nothing is run; with one that does not, the environment is built."""
    python = tmp_path / "python"
    python.write_text("")
    python.chmod(0o755)
    monkeypatch.setattr(installer, "VENV", tmp_path)
    monkeypatch.setattr(installer, "PYTHON", python)
    built: list[str] = []

    def build() -> None:
        built.append("venv")
        raise installer.InstallError("far enough")

    monkeypatch.setattr(installer, "create_venv", build)
    (tmp_path / "requirements.stamp").write_text(installer.fingerprint(installer.LOCK))
    installer.install(installer.LOCK)
    assert built == []
    (tmp_path / "requirements.stamp").write_text("of another lock")
    with pytest.raises(installer.InstallError):
        installer.install(installer.LOCK)
    assert built == ["venv"]


def test_ci_calls_what_anyone_calls() -> None:
    """CI runs make test and nothing a user would not have."""
    lines = (ROOT / ".ci" / "run").read_text().splitlines()
    commands = [line for line in lines if line and not line.startswith(("#", "set ", "cd "))]
    assert commands == ["exec make test"]
