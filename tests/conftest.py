"""Fixtures every folder shares: real servers, skipped with a reason where they are not installed."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.servers import Mosquitto, RedisServer

settings.register_profile("floorcast", deadline=None)  # no example fails because a machine is slow
settings.load_profile("floorcast")
SHARED = Path(os.environ.get("FLOORCAST_DATA", Path(__file__).parents[2] / "shared" / "data"))


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[RedisServer]:
    """A fresh Redis of this test's own."""
    if reason := RedisServer.missing():
        pytest.skip(reason)
    with RedisServer(tmp_path) as server:
        yield server


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Mosquitto]:
    """A fresh broker of this test's own."""
    if reason := Mosquitto.missing():
        pytest.skip(reason)
    with Mosquitto(tmp_path) as server:
        yield server


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real data sets; skips where it is absent. ``FLOORCAST_DATA`` names another place."""
    if not SHARED.is_dir():
        pytest.skip(f"no real data at {SHARED}")
    return SHARED
