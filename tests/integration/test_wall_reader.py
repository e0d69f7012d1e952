"""Redis → Snapshot, on a real Redis."""

from datetime import timedelta
from typing import Any

import pytest
import redis

from dashboard.reader import Reader, UnreachableError
from dashboard.shop import Shops
from flows.keyspace import changed_channel, latest_key, through_key
from sensors.keyspace import partition_of
from tests.floor_facts import Floor, clock_time, demo_shops
from tests.servers import RedisServer

pytestmark = pytest.mark.servers


class Counting(redis.Redis):
    """A client that counts its round trips."""

    trips = 0

    def pipeline(self, transaction: bool = True, shard_hint: Any = None) -> Any:
        """A pipeline is one."""
        self.trips += 1
        return super().pipeline(transaction, shard_hint)


@pytest.fixture
def shops() -> Shops:
    """The demo shop."""
    return demo_shops()


@pytest.fixture
def floor(redis_server: RedisServer, shops: Shops) -> Floor:
    """Its facts, written as the dataflow writes them."""
    floor = Floor(redis_server.client(), shops["riverside"], clock_time(16, 22, shops["riverside"]))
    floor.publish(*floor.afternoon(), incidents=floor.incidents())
    return floor


def test_reads_what_was_written(redis_server: RedisServer, shops: Shops, floor: Floor) -> None:
    """Clock, facts, the day's series in order and the incidents come back as they were written."""
    snapshot = Reader(redis_server.client(), shops, 16).read("riverside")
    assert snapshot.at == floor.at
    assert snapshot.number("visitors", "day") == 523
    assert snapshot.number("dwell_median", "15m", "zone:fitting") == 425
    starts = [f.start for f in snapshot.series["visitors"]]
    assert starts == sorted(starts)
    assert len(starts) == 29
    assert len(snapshot.series["visitors_forecast"]) == 52
    assert {i.id for i in snapshot.incidents} == {i.id for i in floor.incidents()}
    assert snapshot.newest_at == floor.at


def test_one_round_trip(redis_server: RedisServer, shops: Shops, floor: Floor) -> None:
    """After the first read, which learns the business day, a read is a single round trip."""
    client = Counting.from_url(redis_server.url)
    reader = Reader(client, shops, 16)
    reader.read("riverside")
    client.trips = 0
    reader.read("riverside")
    assert client.trips == 1


def test_a_new_day_is_found(redis_server: RedisServer, shops: Shops, floor: Floor) -> None:
    """When the clock enters another business day, the series of that day is read at once."""
    reader = Reader(redis_server.client(), shops, 16)
    reader.read("riverside")
    floor.at += timedelta(days=1)
    floor.publish(*floor.curve())
    snapshot = reader.read("riverside")
    assert len(snapshot.series["visitors"]) == 29
    assert all(f.start > floor.at - timedelta(days=1) for f in snapshot.series["visitors"])


def test_the_data_store_s_clock_is_the_screen_s(
    redis_server: RedisServer, shops: Shops, floor: Floor
) -> None:
    """The time of a read is Redis' own, not this machine's."""
    snapshot = Reader(redis_server.client(), shops, 16).read("riverside")
    seconds, _ = floor.client.time()
    assert abs(snapshot.read_at.timestamp() - seconds) < 5


def test_a_quiet_store_is_as_fresh_as_the_floor(
    redis_server: RedisServer, shops: Shops, floor: Floor
) -> None:
    """What is shown holds until the floor's last look at the log; a floor that lies behind makes nothing older."""
    client = redis_server.client()
    reader = Reader(client, shops, 16)
    assert reader.read("riverside").holds_at == floor.at
    assert reader.through(["riverside"]) == {}
    for seconds, holds in ((-60, floor.at), (25, floor.at + timedelta(seconds=25))):
        through = floor.at + timedelta(seconds=seconds)
        client.set(through_key(floor.partition), through.isoformat())
        snapshot = reader.read("riverside")
        assert (snapshot.at, snapshot.holds_at) == (floor.at, holds)
        assert reader.through(["riverside"]) == {"riverside": through}


def test_a_store_that_was_never_heard_of_is_not_fresh(
    redis_server: RedisServer, shops: Shops
) -> None:
    """A floor at work says nothing of a store that it knows nothing of."""
    client = redis_server.client()
    now = clock_time(16, 22, shops["riverside"])
    client.set(through_key(partition_of("riverside", 16)), now.isoformat())
    assert Reader(client, shops, 16).read("riverside").holds_at is None


def test_an_unreadable_record_is_left_out(
    redis_server: RedisServer, shops: Shops, floor: Floor
) -> None:
    """One record that cannot be decoded takes nothing else with it."""
    key = latest_key(floor.partition, "riverside")
    floor.client.hset(key, "occupancy||now", b'{"metric": 7')
    snapshot = Reader(redis_server.client(), shops, 16).read("riverside")
    assert snapshot.fact("occupancy", "now") is None
    assert snapshot.number("visitors", "day") == 523


def test_an_unknown_shop(redis_server: RedisServer, shops: Shops) -> None:
    """A store that nobody heard of has no clock; one that is not configured is refused."""
    reader = Reader(redis_server.client(), shops, 16)
    assert reader.read("riverside").at is None
    with pytest.raises(KeyError):
        reader.read("nowhere")


def test_unreachable(redis_server: RedisServer, shops: Shops, floor: Floor) -> None:
    """A data store that does not answer raises one error, from a read and from the hints alike."""
    reader = Reader(redis_server.client(), shops, 16)
    reader.read("riverside")
    redis_server.stop()
    with pytest.raises(UnreachableError):
        reader.read("riverside")
    with pytest.raises(UnreachableError):
        next(reader.changes(0.1))


def test_hints_come_together(redis_server: RedisServer, shops: Shops, floor: Floor) -> None:
    """First everything, then silence as an empty set, then the stores that changed, each once."""
    changes = Reader(redis_server.client(), shops, 16).changes(0.2)
    assert next(changes) == {"riverside"}
    assert next(changes) == set()
    for store in ("riverside", "riverside", "harbour"):
        floor.client.publish(changed_channel(floor.partition), store)
    found = next(changes)
    found |= next(changes)
    assert found == {"riverside", "harbour"}
    changes.close()  # type: ignore[attr-defined]
