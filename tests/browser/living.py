"""The whole house live, for the way from the floor to a phone: dataflows, delivery, screen, a log that ticks."""

import logging
import multiprocessing
import threading
import tomllib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec
import redis
from werkzeug.serving import make_server

from alerts.deliver import run as run_deliver
from alerts.settings import Person
from alerts.topology import run as run_alerts
from dashboard.app import create_app
from dashboard.doors.house import House
from dashboard.doors.kiosks import Kiosks
from dashboard.doors.people import People
from dashboard.reader import Reader
from floorcast.settings import Settings
from flows.topology import run as run_floor
from sensors.clock import SystemClock, to_ms
from sensors.events import Queue
from sensors.keyspace import log_key, partition_of
from tests.browser.sites import PASSWORD
from tests.delivery_stages import ALWAYS
from tests.endpoints import Endpoints
from tests.floor_facts import demo_shops
from tests.servers import RedisServer, free_port

STORE = "riverside"
LOG = log_key(partition_of(STORE, 16))
ROOT = Path(__file__).parents[2]


@dataclass
class Live:
    """The running house: its screen's address, the log, and the push service that phones subscribe to."""

    root: str
    token: str
    client: redis.Redis
    endpoints: Endpoints

    def queue(self, till: str, length: int) -> None:
        """A camera sees people queue."""
        at = SystemClock().now()
        seen = Queue(
            at=at, store=STORE, source=f"cam-{till}", id=f"{till}-{to_ms(at)}", till=till,
            length=length, wait_s=240,
        )  # fmt: skip
        self.client.xadd(LOG, {"t": to_ms(at), "e": msgspec.json.encode(seen)})


def settings(folder: Path, root: str, endpoints: Endpoints) -> Settings:
    """The shipped configuration: always open, a second's hold, and Mia's phone as the way to tell her."""
    tables = tomllib.loads((ROOT / "config.toml").read_text(encoding="utf-8"))
    (folder / "link.key").write_bytes(b"k" * 32)
    tables["flows"]["recovery_dir"] = str(folder / "floor")
    tables["sensors"]["stores"][0]["hours"] = [ALWAYS]
    alerts = tables["alerts"]
    alerts["recovery_dir"] = str(folder / "alerts")
    alerts["rules"] = [
        r | {"when": "always", "hold_s": 0, "subject": "till:*"} for r in alerts["rules"] if r["name"] == "queue-long"
    ]  # fmt: skip
    alerts["routes"] = {"floor": {"channels": [], "group_s": 0, "ladder": [{"role": "associate"}]}}
    alerts["people"] = [
        {"id": "lw", "name": "LW", "stores": [STORE]},
        {
            "id": "mia",
            "name": "Mia",
            "stores": [STORE],
            "language": "en",
            "contacts": [{"channel": "phone", "to": ""}],
        },
    ]
    alerts["channels"] = {
        "phone": {
            "kind": "webpush",
            "secret_file": str(endpoints.vapid_file),
            "subject": "mailto:it@example.com",
        }
    }
    alerts["board"] = []
    alerts["links"] = {"url": root, "secret_file": str(folder / "link.key")}
    return msgspec.convert(tables, Settings)


@contextmanager
def living(redis_server: RedisServer, tmp_path: Path) -> Iterator[Live]:
    """Floor, alerts and delivery as processes, the screen on a port, a log that ticks each second."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    port = free_port()
    root = f"http://127.0.0.1:{port}"
    with ExitStack() as stack:
        endpoints = stack.enter_context(Endpoints(tmp_path))
        chosen = settings(tmp_path, root, endpoints)
        client = redis_server.client()
        stack.enter_context(screen(redis_server, tmp_path, port, chosen.alerts.people))
        stack.enter_context(stages(redis_server, chosen))
        stack.enter_context(ticking(client))
        token = Kiosks(tmp_path).issue("wall", STORE)
        yield Live(root, token, client, endpoints)


@contextmanager
def screen(server: RedisServer, folder: Path, port: int, people: list[Person]) -> Iterator[None]:
    """The walls and the staff page."""
    shops = demo_shops(reread_s=0.5)
    known = People(people, folder)
    known.set_password("mia", PASSWORD)
    known.keep({person.id: known.hash_of("mia") for person in people})
    doors = House(folder, tuple(people), b"k" * 32, push=True)
    app = create_app(Reader(server.client(), shops, 16), shops, shops[STORE].settings, doors)
    serving = make_server("127.0.0.1", port, app.server, threaded=True)
    serving.daemon_threads, serving.block_on_close = True, False  # type: ignore[attr-defined]
    thread = threading.Thread(target=serving.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield
    app.hub.close()
    serving.shutdown()
    serving.server_close()


@contextmanager
def stages(server: RedisServer, chosen: Settings) -> Iterator[None]:
    """The three dataflow processes."""
    spawn = multiprocessing.get_context("spawn")
    tables = (chosen.alerts, chosen.sensors, chosen.flows)
    running = [
        spawn.Process(target=run_floor, args=(chosen.flows, chosen.sensors), kwargs={"url": server.url}),
        spawn.Process(target=run_alerts, args=tables, kwargs={"url": server.url}),
        spawn.Process(target=run_deliver, args=tables, kwargs={"url": server.url}),
    ]  # fmt: skip
    for process in running:
        process.daemon = True
        process.start()
    yield
    for process in running:
        process.terminate()
    for process in running:
        process.join(15)


@contextmanager
def ticking(client: redis.Redis) -> Iterator[None]:
    """What ingest appends each second."""
    ended = threading.Event()

    def tick() -> None:
        while not ended.wait(1.0):
            client.xadd(LOG, {"t": to_ms(SystemClock().now())})

    thread = threading.Thread(target=tick)
    thread.start()
    yield
    ended.set()
    thread.join(5)
