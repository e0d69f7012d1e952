"""From a fact on the stream to the push arriving at its endpoint: ``python -m bench.alert_latency [--pushes 200]``.

The alert dataflow and the deliverer run as processes of their own on a real Redis; a webhook endpoint that checks
signatures takes the pushes. One at a time: what many at once take is in ``bench.deliver_load``.
"""

import argparse
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from time import perf_counter

import msgspec

from alerts.settings import AlertsSettings, Budget, ChannelSettings, Flapping, Route, Rule
from flows.keyspace import facts_key
from tests.endpoints import Endpoints
from tests.fault.test_alert_kill import start
from tests.scenario import Story
from tests.servers import RedisServer

QUEUE = Rule(
    name="queue-long", metric="queue_length", window="now", subject="till:*", compare="above",
    reference="fixed", level=6, hold_s=0, clear_hold_s=0,
)  # fmt: skip


def main() -> None:
    """Print the latency's quantiles."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pushes", type=int, default=200)
    wanted = parser.parse_args().pushes
    with (
        tempfile.TemporaryDirectory() as folder,
        RedisServer(Path(folder)) as redis,
        Endpoints(Path(folder)) as endpoints,
        stages(settings_of(folder, endpoints), redis),
    ):
        waits = sorted(measure(redis, endpoints, wanted)[1:])
    p50, p99 = (waits[int(share * (len(waits) - 1))] * 1000 for share in (0.5, 0.99))
    print(f"fact → push at its endpoint, {len(waits)} pushes: p50 {p50:.0f} ms, p99 {p99:.0f} ms")


def settings_of(folder: str, endpoints: Endpoints) -> AlertsSettings:
    """One rule that fires and clears at once, told to the webhook alone."""
    hook = ChannelSettings(
        kind="webhook", url=f"{endpoints.url}/hook", secret_file=str(endpoints.secret_file)
    )
    return AlertsSettings(
        rules=[QUEUE],
        recovery_dir=f"{folder}/recovery",
        routes={"floor": Route(channels=["hook"], group_s=0)},
        channels={"hook": hook},
        board=[],
        budget=Budget(pushes=1_000_000),
        flapping=Flapping(fires=1_000_000),
    )


@contextmanager
def stages(settings: AlertsSettings, redis: RedisServer) -> Iterator[None]:
    """``floorcast alert`` and ``floorcast deliver``."""
    workers = [start(module, settings, redis) for module in ("topology", "deliver")]
    yield
    for worker in workers:
        worker.terminate()
        worker.wait(10)


def measure(redis: RedisServer, endpoints: Endpoints, wanted: int) -> list[float]:
    """A queue comes and goes; the seconds from each change to its push, the first ones of cold processes too."""
    story, client, waits = Story([QUEUE]).at("10:00"), redis.client(), []
    arrived, pause = endpoints.seen["hook"], Event()
    for n in range(wanted):
        story.at(f"{10 + n // 360:02d}:{n // 6 % 60:02d}:{n % 6 * 10:02d}")
        story.say("queue_length", 1 if n % 2 else 9, subject="till:1", window="now")
        batch, before, sent = story.log[-1], len(arrived), perf_counter()
        client.xadd(facts_key(0), {"e": msgspec.json.encode(batch)}, id=batch.position)
        while len(arrived) == before and perf_counter() - sent < 20:
            pause.wait(0.001)
        if len(arrived) > before:
            waits.append(arrived[-1].at - sent)
    return waits


if __name__ == "__main__":
    main()
