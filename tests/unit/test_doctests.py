"""Every example in a docstring gives what it shows."""

import doctest
from importlib import import_module
from pkgutil import walk_packages

import pytest


@pytest.mark.parametrize(
    ("room", "least"),
    [("alerts", 20), ("dashboard", 20), ("floorcast", 20), ("flows", 100), ("sensors", 20)],
)
def test_examples_hold(room: str, least: int) -> None:
    """In every module of a room."""
    tried = 0
    for module in walk_packages(import_module(room).__path__, f"{room}."):
        if not module.name.endswith("__main__"):
            result = doctest.testmod(import_module(module.name))
            assert result.failed == 0, module.name
            tried += result.attempted
    assert tried > least
