"""Who does what only one may do, by a key of a real Redis."""

import pytest
import redis

from sensors.claim import LEASE_S, Claim
from sensors.stream_source import connect
from tests.servers import RedisServer

pytestmark = pytest.mark.servers
KEY = "claim:shop"


def claim(server: RedisServer, name: str, won: list[str]) -> Claim:
    """One ingest's; ``won`` is told of each time it is won."""
    return Claim(connect(server.url), KEY, name, lambda: won.append(name))


def test_one_has_it_and_another_after_it_lapsed(redis_server: RedisServer) -> None:
    """The first has it while it asks, for a lease each time; who comes back finds it taken and is told so."""
    won: list[str] = []
    a, b = claim(redis_server, "a", won), claim(redis_server, "b", won)
    client = redis_server.client()
    assert [a.ask(), b.ask(), a.ask()] == [True, False, True]
    assert 0 < client.pttl(KEY) <= LEASE_S * 1000
    client.delete(KEY)  # as after its lease
    assert [b.ask(), a.ask()] == [True, False]
    assert (a.is_ours, b.is_ours, won) == (False, True, ["a", "b"])
    again = claim(redis_server, "b", won)  # b was started anew within its lease
    assert again.ask()
    assert won == ["a", "b", "b"]


def test_a_full_redis_keeps_the_holder(redis_server: RedisServer) -> None:
    """While Redis is full the holder goes on holding and nobody else gets it; with room again it can be had."""
    won: list[str] = []
    a, b = claim(redis_server, "a", won), claim(redis_server, "b", won)
    client = redis_server.client()
    assert a.ask()
    client.config_set("maxmemory", 1)
    assert [a.ask(), b.ask()] == [True, False]
    client.delete(KEY)
    assert [b.ask(), a.ask()] == [False, False]
    client.config_set("maxmemory", 0)
    assert [b.ask(), a.ask()] == [True, False]


def test_it_is_not_ours_before_we_are_ready(redis_server: RedisServer) -> None:
    """Won but not yet begun it is not ours, and is begun the next time; an absent Redis changes nothing."""
    tries: list[int] = []

    def won() -> None:
        tries.append(1)
        if len(tries) == 1:
            raise redis.ConnectionError

    one = Claim(connect(redis_server.url), KEY, "a", won)
    with pytest.raises(redis.ConnectionError):
        one.ask()
    assert not one.is_ours
    assert one.ask()
    redis_server.stop()
    with pytest.raises(redis.ConnectionError):
        one.ask()
    assert one.is_ours
