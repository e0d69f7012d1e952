"""``floorcast up``: servers, a warm demo shop, every stage and the screen, as children of one process."""

import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import redis
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from dashboard.doors.kiosks import Kiosks
from dashboard.doors.people import People
from floorcast.demo import SEED, afternoon_zone, history, reached, seed_log
from floorcast.embedded import (
    LOOPBACK,
    Server,
    choose_broker,
    choose_port,
    choose_redis,
    is_listening,
)
from floorcast.errors import FloorcastError, UnavailableError
from floorcast.running import EDITED, move_stores, sole, write_effective
from floorcast.settings import Settings, load_settings
from floorcast.stage import refuse_mistakes
from floorcast.supervise import Supervisor
from sensors.clock import SystemClock
from sensors.streams import START, Position

START_S = 30.0
CATCH_UP_S = 300.0
TRIES = 3  # another process may take a port between choosing and using it

Chosen = dict[str, dict[str, Any]]


class Up:
    """One run of ``floorcast up``.

    Args:
        config: the person's configuration file.
        console: where to say what was chosen and what happens.
    """

    def __init__(self, config: Path, console: Console) -> None:
        self.config, self.console = config, console
        self.settings = load_settings(config)
        self.folder = Path(self.settings.sensors.redis.embedded_dir)
        self.chosen: Chosen = {}
        self.logs = self.folder / "logs"

    @property
    def demo(self) -> bool:
        """Whether the shop is simulated."""
        return self.settings.floorcast.demo

    def run(self) -> None:
        """Start everything, say where the screen is, keep it running until stopped."""
        self.check()
        with sole(self.folder), Supervisor(self.logs, self.say) as children, stop_on(children):
            self.forget_last_demo()
            self.start_servers(children)
            self.settings = self.decide()
            self.start_stages(children)
            self.say(f"\nFloorcast is on screen: [bold]{self.wall()}[/]")
            if not People(
                self.settings.alerts.people, Path(self.settings.dashboard.data_dir)
            ).with_password():
                self.say(
                    "Staff and manager pages need somebody to log in: `floorcast people add NAME`"
                )
            self.say(f"Ctrl-C stops everything; logs are in {self.logs}\n")
            children.watch()
            self.say("Stopping …")

    def check(self) -> None:
        """Refuse what cannot be started; raises ``FloorcastError``."""
        refuse_mistakes(self.settings)
        sensors = self.settings.sensors
        if not sensors.stores:
            raise FloorcastError(f"{self.config}: sensors.stores: no store: describe one")
        if self.demo and (sensors.broker.host or sensors.redis.url):
            raise FloorcastError(
                f"{self.config}: floorcast.demo: simulated customers must not mix with real ones: set it to "
                "false, or leave sensors.broker.host and sensors.redis.url empty"
            )

    def say(self, line: str) -> None:
        """Tell the person something in one line."""
        self.console.print(line, highlight=False, soft_wrap=True)

    @property
    def data(self) -> Path:
        """Where the embedded servers and the recovery stores keep their data."""
        return self.folder / "demo" if self.demo else self.folder

    def forget_last_demo(self) -> None:
        """A demo begins anew each time: its clock may stand in another time zone than last time."""
        if self.demo:
            shutil.rmtree(self.data, ignore_errors=True)

    def start_servers(self, children: Supervisor) -> None:
        """Start the servers that the configuration leaves to us."""
        sensors = self.settings.sensors
        if not sensors.redis.url:
            server = start_server(
                children, lambda: choose_redis(sensors.redis, self.data / "redis")
            )
            self.chosen["sensors.redis"] = {"url": f"redis://{LOOPBACK}:{server.port}/0"}
            self.say(f"Redis   {server.line}")
        if not sensors.broker.host:
            server = start_server(children, lambda: choose_broker(self.data / "broker"))
            self.chosen["sensors.broker"] = {"host": LOOPBACK, "port": server.port}
            self.say(f"Broker  {server.line}")

    def decide(self) -> Settings:
        """Choose the screen's port and the demo's clock; write down the configuration everything runs on."""
        screen = self.settings.dashboard
        port, note = choose_port(screen.port)
        self.chosen["dashboard"] = {"port": port}
        if note:
            self.say(f"Screen  port {port} ({note})")
        if self.demo:
            self.chosen["flows"] = {"recovery_dir": str(self.data / "recovery")}
            self.chosen["alerts"] = {"recovery_dir": str(self.data / "recovery-alerts")}
            self.chosen["floorcast"] = {"history_dir": str(self.data / "history")}
        path = write_effective(self.config, self.folder, self.chosen)
        if self.demo:
            zone = afternoon_zone(SystemClock().now())
            move_stores(path, zone)
            local = SystemClock().now().astimezone(load_settings(path).sensors.stores[0].tz)
            names = ", ".join(store.name.en for store in self.settings.sensors.stores)
            self.say(
                f"Demo    {names}: simulated (演示), in time zone {zone}, where it is {local:%H:%M}"
            )
        self.effective = path
        return load_settings(path)

    @property
    def address(self) -> str:
        """Where this machine reaches the screens."""
        screen = self.settings.dashboard
        host = LOOPBACK if screen.host in {"0.0.0.0", "::"} else screen.host  # noqa: S104 - compared, not bound
        return f"http://{host}:{screen.port}"

    def wall(self) -> str:
        """The first store's wall, with a token that opens it: a new one at each start, the last one ends."""
        store = self.settings.sensors.stores[0].id
        kiosks = Kiosks(Path(self.settings.dashboard.data_dir))
        return f"{self.address}/wall/{store}?k={kiosks.issue('up', store)}"

    def start_stages(self, children: Supervisor) -> None:
        """Warm up what reads the log, then let events in."""
        os.environ[EDITED] = str(self.config.resolve())

        def start(name: str, *arguments: str) -> None:
            command = (sys.executable, "-m", "floorcast", "--config", str(self.effective))
            children.start(name, [*command, *(arguments or (name,))])

        for name in readers_of_the_log(self.settings):
            start(name)
        since = SystemClock().now()
        with self.progress() as move:
            if self.demo:
                self.warm_up(children, since, move)
            move(0.95, "opening the screen")
            children.wait_until(lambda: answers(f"{self.address}/healthz"), "the screen", START_S)
            start("ingest")
            start("deliver")
            if any(device.match.startswith("/") for device in self.settings.sensors.devices):
                start("webhook")
            if self.demo:
                for store in self.settings.sensors.stores:
                    start(f"devices-{store.id}", *self.devices(store.id, since))
            move(1.0, "ready")

    def devices(self, store: str, since: datetime) -> list[str]:
        """The command line of a store's simulated devices, from where its history ends."""
        broker = self.settings.sensors.broker
        to = f"mqtt://{broker.host}:{broker.port}"
        what = ["simulate", "--store", store, "--seed", str(SEED), "--days", "3660"]
        return [*what, "--to", to, "--since", since.isoformat()]

    def warm_up(
        self, children: Supervisor, until: datetime, move: Callable[[float, str], None]
    ) -> None:
        """Feed the stores' history to the log and wait until the facts have caught up with it."""
        sensors, days = self.settings.sensors, self.settings.floorcast.demo_days
        client = redis.Redis.from_url(sensors.redis.url)
        begin = until - timedelta(days=days + 1)
        written = START

        def share(position: Position) -> float:
            past = position.ms / 1000 - begin.timestamp()
            return max(0.0, min(1.0, past / (until - begin).total_seconds()))

        for entry in seed_log(client, history(sensors, sensors.stores, days, until)):
            written = entry.position
            behind = reached(client, sensors, sensors.stores)
            move(0.3 * share(written) + 0.6 * share(behind), f"{days} days of history")
            children.wait_until(lambda: True, "", START_S)

        def caught_up() -> bool:
            behind = reached(client, sensors, sensors.stores)
            move(0.3 + 0.6 * share(behind), "learning from it")
            return behind >= written

        children.wait_until(caught_up, "learning from the history", CATCH_UP_S)

    @contextmanager
    def progress(self) -> Iterator[Callable[[float, str], None]]:
        """One bar over everything there is to wait for; on anything but a terminal one line at its start."""
        if not self.console.is_terminal:
            self.say("Warming up …")
        columns = (BarColumn(40), TextColumn("{task.percentage:3.0f} %  {task.description}"))
        with Progress(
            *columns, TimeElapsedColumn(), console=self.console, transient=True,
            disable=not self.console.is_terminal,
        ) as bar:  # fmt: skip
            task = bar.add_task("starting", total=1.0)
            yield lambda done, what: bar.update(task, completed=done, description=what)


def readers_of_the_log(settings: Settings) -> list[str]:
    """The stages that start before events are let in; a demo's log is not worth keeping."""
    own = settings.floorcast
    kept = {
        "history": own.history,
        "record": own.record and not own.demo,
        "chain": len(settings.sensors.stores) > 1,
    }
    return ["floor", "alert", "screen", *(name for name, wanted in kept.items() if wanted)]


def start_server(children: Supervisor, choose: Callable[[], Server]) -> Server:
    """Start a server and wait until it listens; chooses again if its port was taken meanwhile."""
    for tries_left in range(TRIES - 1, -1, -1):
        server = choose()
        children.start(server.name, server.command, server=True)
        try:
            children.wait_until(lambda: is_listening(server.port), server.what, START_S)  # noqa: B023 - awaited here
        except UnavailableError:
            if not tries_left:
                raise
            children.forget(server.name)
        else:
            return server
    raise AssertionError("the last try returns or raises")


def answers(url: str) -> bool:
    """Whether a page can be had."""
    try:
        with urlopen(url, timeout=2) as answer:  # noqa: S310 - our own address
            return bool(answer.status == 200)
    except (URLError, ConnectionError, TimeoutError):
        return False


@contextmanager
def stop_on(children: Supervisor) -> Iterator[None]:
    """Let SIGINT, SIGTERM and SIGHUP ask the supervisor to stop."""
    before: Mapping[int, Any] = {
        number: signal.signal(number, lambda *_: children.request_stop())
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
