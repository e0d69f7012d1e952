"""The command line as a whole: help, examples, exit codes, one line for each mistake."""

import re
import shlex
import tomllib
from pathlib import Path

import pytest
import typer

from floorcast.main import build_app, run

ROOT = Path(__file__).parents[2]
GROUP = typer.main.get_command(build_app())


def walk(command: object, path: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], object]]:
    """Every command with the words that call it."""
    below = getattr(command, "commands", None)
    if not below:
        return [(path, command)]
    return [found for name, sub in below.items() for found in walk(sub, (*path, name))]


COMMANDS = walk(GROUP)
EXAMPLES = sorted(
    {
        part.strip()
        for _, command in [*COMMANDS, *GROUP.commands.items()]  # type: ignore[attr-defined]
        for line in (command.epilog or "").splitlines()
        for part in re.split(r" (?:&&|[|]) ", line)
        if part.strip().startswith("floorcast ")
    }
)


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    """It is that of the project file, and needs no configuration."""
    assert run(["--config", "absent.toml", "--version"]) == 0
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    said = capsys.readouterr().out
    assert said.startswith(f"floorcast {project['version']} (Python 3.")
    assert said.count("\n") == 1


@pytest.mark.parametrize("path", [path for path, _ in COMMANDS], ids=" ".join)
def test_help(path: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    """Every command explains itself and exits 0."""
    assert run([*path, "--help"]) == 0
    assert "Usage" in capsys.readouterr().out


@pytest.mark.parametrize("line", EXAMPLES)
def test_examples_parse(line: str) -> None:
    """Every example in the help is a command line that its command takes."""
    words = shlex.split(re.split(r" [<>] ", line)[0])[1:]
    ctx = GROUP.make_context("floorcast", words)
    rest = [*ctx._protected_args, *ctx.args]
    command: object = GROUP
    while rest and rest[0] in getattr(command, "commands", {}):
        name, *rest = rest
        command = command.commands[name]  # type: ignore[attr-defined]
    if rest or not getattr(command, "commands", None):
        command.make_context(command.name, list(rest), parent=ctx)  # type: ignore[attr-defined]


def test_every_command_shows_an_example() -> None:
    """No command goes without an example and its exit codes."""
    for name, command in GROUP.commands.items():  # type: ignore[attr-defined]
        assert f"floorcast {name}" in (command.epilog or "").replace("--config config.toml ", ""), (
            name
        )
        assert "Exit codes" in command.epilog, name


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["nope"], 2, "No such command 'nope'"),
        (["--config", "absent.toml", "doctor"], 2, "absent.toml: no such file"),
        (["floor", "--partitions", "x"], 2, ""),
        (["rules", "explain", "nope"], 2, "no rule nope"),
    ],
)
def test_mistakes_are_one_line(
    words: list[str], code: int, said: str, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """A person's mistake is one line on stderr and exit code 2, never a traceback."""
    monkeypatch.chdir(ROOT)
    assert run(words) == code
    err = capsys.readouterr().err
    assert said in err
    assert "Traceback" not in err
    assert len(err.strip().splitlines()) == 1


def test_debug_shows_where(capsys: pytest.CaptureFixture[str]) -> None:
    """--debug adds the traceback to the same line."""
    assert run(["--debug", "--config", "absent.toml", "doctor"]) == 2
    assert "Traceback" in capsys.readouterr().err
