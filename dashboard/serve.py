"""The screens' own web server: gunicorn with threads, one process, started from Python."""

import signal
import socket
from collections.abc import Callable, Sequence
from types import FrameType
from typing import Any, cast

import redis
from flask import Flask
from gunicorn.app.base import BaseApplication
from gunicorn.workers.gthread import ThreadWorker

from dashboard import metrics
from dashboard.app import Screens, create_app
from dashboard.doors.house import House
from dashboard.reader import Reader
from dashboard.settings import DashboardSettings
from dashboard.shop import Shops

SPARE_THREADS = 16
"""Threads beside one per screen: page loads, polling, callbacks."""

READ_TIMEOUT_S = 2.0


class ScreenWorker(ThreadWorker):
    """gunicorn's threaded worker; on its way out it first ends the streams, which would never end by themselves."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """SIGTERM."""
        cast("Server", self.app).screens.hub.close()
        super().handle_exit(sig, frame)

    def handle_quit(self, sig: int, frame: FrameType | None) -> None:
        """SIGINT, SIGQUIT."""
        cast("Server", self.app).screens.hub.close()
        super().handle_quit(sig, frame)


class Server(BaseApplication):
    """gunicorn, configured from ``[dashboard]`` alone: no file, no environment, no command line."""

    screens: Screens

    def __init__(
        self,
        url: str,
        shops: Shops,
        partitions: int,
        settings: DashboardSettings,
        sockets: Sequence[socket.socket],
        house: House,
        on_start: Callable[[], None] = lambda: None,
    ) -> None:
        self._house, self._on_start = house, on_start
        self._url, self._shops, self._partitions = url, shops, partitions
        self._settings, self._sockets = settings, sockets
        super().__init__()

    def load_config(self) -> None:
        """One process, a thread for every screen and some to spare."""
        settings = self._settings
        bind = [f"fd://{s.fileno()}" for s in self._sockets] or [f"{settings.host}:{settings.port}"]
        options: dict[str, Any] = {
            "bind": bind,
            "workers": 1,
            "worker_class": ScreenWorker,
            "threads": settings.screens + SPARE_THREADS,
            "worker_connections": 4 * settings.screens + SPARE_THREADS,
            "keepalive": 5,
            "graceful_timeout": 3,
            "forwarded_allow_ips": ",".join(settings.proxies),
            "timeout": 30,
            "loglevel": "warning",
            "proc_name": "floorcast-screen",
        }
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:  # type: ignore[override]
        """The app, made in the worker: threads do not survive a fork."""
        client = redis.Redis.from_url(
            self._url, socket_timeout=READ_TIMEOUT_S, socket_connect_timeout=READ_TIMEOUT_S
        )
        self.screens = create_app(
            Reader(client, self._shops, self._partitions), self._shops, self._settings, self._house
        )
        metrics.CLIENTS.set_function(lambda: self.screens.hub.screens)
        self._on_start()
        server: Flask = self.screens.server
        return server


def listen(host: str, port: int) -> socket.socket:
    """A listening socket to hand to ``run``; port 0 takes a free one. Raises ``OSError`` when it is taken."""
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(512)
        listener.set_inheritable(True)
    except OSError:
        listener.close()
        raise
    return listener


def run(
    url: str,
    shops: Shops,
    partitions: int,
    settings: DashboardSettings,
    sockets: Sequence[socket.socket],
    house: House,
    on_start: Callable[[], None] = lambda: None,
) -> None:
    """Serve until SIGTERM or SIGINT, then stop within seconds; call it in a process's main thread.

    Args:
        url: of the Redis with the facts.
        shops: the stores to show.
        partitions: as in ``sensors.log.partitions``.
        settings: of the screens.
        sockets: already listening (see ``listen``); if empty, ``settings.host`` and ``settings.port`` are bound
            by gunicorn itself, which gives up after some seconds on a taken port.
        house: who may log in, and the folder of their passwords and the walls' tokens.
        on_start: called once in the process that serves.

    Raises:
        SystemExit: as gunicorn ends, with its exit code.
    """
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    Server(url, shops, partitions, settings, sockets, house, on_start).run()
