"""What deploy/ starts are commands there are; the doors its servers keep: ``test_deployed_doors``."""

import re
from pathlib import Path

import typer
import yaml

from floorcast.main import build_app

DEPLOY = Path(__file__).parents[2] / "deploy"
COMMANDS = set(typer.main.get_command(build_app()).commands)  # type: ignore[attr-defined]


def test_compose_runs_every_stage() -> None:
    """The compose file is YAML and each of its stages is a command there is."""
    services = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]
    stages = {name: s for name, s in services.items() if name not in {"broker", "redis"}}
    assert set(stages) == {
        "ingest",
        "floor",
        "alert",
        "deliver",
        "webhook",
        "screen",
        "history",
        "chain",
    }
    for stage in stages.values():
        assert stage["command"][0] in COMMANDS


def test_kubernetes_owns_every_partition_once() -> None:
    """Each stage is a command there is, and floor and alert pods divide the 16 partitions without overlap."""
    owned: dict[str, list[int]] = {"floor": [], "alert": []}
    for document in yaml.safe_load_all((DEPLOY / "kubernetes.yaml").read_text()):
        if document["kind"] != "StatefulSet":
            continue
        (container,) = document["spec"]["template"]["spec"]["containers"]
        command, *rest = container["args"]
        assert command in COMMANDS
        if command in owned:
            first, last = map(int, rest[1].split("-"))
            owned[command] += range(first, last + 1)
    assert sorted(owned["floor"]) == sorted(owned["alert"]) == list(range(16))


def test_systemd_names_a_command() -> None:
    """The unit template runs the command its instance is named for."""
    unit = (DEPLOY / "systemd" / "floorcast@.service").read_text()
    assert re.search(r"(?m)^ExecStart=\S+/floorcast --config \S+ %i$", unit)
    stages = re.findall(r"floorcast@(\w+)", unit.splitlines()[0])
    assert set(stages) <= COMMANDS
