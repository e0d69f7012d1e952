"""From a fact on the stream to the push arriving at its endpoint: ``python -m bench.alert_latency``.

The alert dataflow and the deliverer run as processes of their own on a real Redis; a webhook endpoint takes the pushes.
"""

import argparse
import tempfile
import threading
import time as clock
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import msgspec

from alerts.settings import AlertsSettings, Budget, ChannelSettings, Flapping, Route, Rule
from flows.keyspace import facts_key
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
    args = parser.parse_args()
    arrived: dict[str, float] = {}
    bell = threading.Semaphore(0)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = msgspec.json.decode(self.rfile.read(int(self.headers["Content-Length"])))
            arrived.setdefault(body["notice"]["at"], clock.perf_counter())
            self.send_response(204)
            self.end_headers()
            bell.release()

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as folder, RedisServer(Path(folder)) as redis:
        (Path(folder) / "secret").write_text("s3cret")
        hook = ChannelSettings(
            kind="webhook",
            url=f"http://127.0.0.1:{server.server_port}",
            secret_file=f"{folder}/secret",
        )
        settings = AlertsSettings(
            rules=[QUEUE],
            recovery_dir=f"{folder}/recovery",
            routes={"floor": Route(channels=["hook"], group_s=0)},
            channels={"hook": hook},
            board=[],
            budget=Budget(pushes=1_000_000),
            flapping=Flapping(fires=1_000_000),
        )
        story = Story([QUEUE]).at("10:00")
        workers = [start(module, settings, redis) for module in ("topology", "deliver")]
        client, waits = redis.client(), []
        for n in range(args.pushes):
            story.at(f"{10 + n // 360:02d}:{n // 6 % 60:02d}:{n % 6 * 10:02d}")
            story.say("queue_length", 9 if n % 2 else 1, subject="till:1", window="now")
            batch = story.log[-1]
            sent = clock.perf_counter()
            client.xadd(facts_key(0), {"e": msgspec.json.encode(batch)}, id=batch.position)
            if n and bell.acquire(timeout=20):
                waits.append(max(arrived.values()) - sent)
        for worker in workers:
            worker.terminate()
            worker.wait(10)
    server.shutdown()
    waits = sorted(waits[1:])
    quantiles = {q: waits[int(q * (len(waits) - 1))] * 1000 for q in (0.5, 0.99)}
    print(f"fact → push at its endpoint, {len(waits)} pushes: "
          f"p50 {quantiles[0.5]:.0f} ms, p99 {quantiles[0.99]:.0f} ms")  # fmt: skip


if __name__ == "__main__":
    main()
