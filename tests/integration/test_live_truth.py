"""A simulated day through broker, log, floor and alerts, as processes of their own, is its truth exactly."""

from collections.abc import Callable, Iterator
from datetime import time, timedelta
from functools import partial
from pathlib import Path

import pytest
import redis

from sensors.clock import SystemClock
from sensors.simulate import SimulatedDay
from sensors.simulation.delivery import Delivery, duplicated, shuffled
from sensors.simulation.faults import GatewayOffline
from tests.days import demo_day, demo_store
from tests.ingest_process import Gateway, wait_for
from tests.servers import Mosquitto, RedisServer
from tests.stages import Stages, batched, day_totals, facts_in_redis, message_of

Way = Callable[[SimulatedDay], list[Delivery]]
WAYS: dict[str, Way] = {
    "in order": lambda day: day.deliveries,
    "shuffled": lambda day: shuffled(day.deliveries, 1, timedelta(minutes=10)),
    "5 % twice": lambda day: duplicated(day.deliveries, 2),
    "gateway offline for three hours": lambda day: day.deliveries,
}


@pytest.fixture
def stages(
    tmp_path: Path, redis_server: RedisServer, mosquitto: Mosquitto
) -> Iterator[tuple[Stages, redis.Redis, int]]:
    """Ingest, floor and alerts, running; a client of their Redis; their broker's port."""
    made = Stages(tmp_path, redis_server.url, mosquitto.port)
    for name in ("ingest", "floor", "alert"):
        made.start(name)
    wait_for(lambda: "mqtt-subscribed" in made.said("ingest"), within_s=60, what="connected")
    yield made, redis_server.client(), mosquitto.port
    made.end()


@pytest.mark.servers
@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
def test_a_day_through_the_whole_house(way: str, stages: tuple[Stages, redis.Redis, int]) -> None:
    """Counts, transactions and sales of the day in Redis equal what the simulator drew."""
    _, client, port = stages
    faults = (GatewayOffline(at=time(13), minutes=180),) if "offline" in way else ()
    yesterday = SystemClock().now().astimezone(demo_store().tz) - timedelta(days=1)
    day = demo_day(day=yesterday.date(), faults=faults)
    arriving = [delivery.event for delivery in WAYS[way](day)]
    with Gateway(port) as gateway:
        sent = gateway.send(message_of(run) for run in batched(arriving, 20))
        wait_for(lambda: gateway.acknowledged == sent, within_s=60, what="acknowledged")
    wanted = day_totals(day)
    wait_for(partial(equals, client, day, wanted), within_s=60, what=f"{wanted}")
    assert day.truth.day.transactions > 100


def equals(client: redis.Redis, day: SimulatedDay, wanted: dict[str, int]) -> bool:
    """Whether the facts of the day are these."""
    store, date = day.store.id, day.day.date
    found = {
        name.split("|")[0]: fact.value
        for name, fact in facts_in_redis(client, store, [date]).items()
        if fact.window == "day" and not fact.subject
    }
    return {name: found.get(name) for name in wanted} == wanted
