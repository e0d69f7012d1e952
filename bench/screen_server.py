"""The wall's server in a process of its own, as it is or polled, for what is measured of it."""

import contextlib
import functools
import http.client
import multiprocessing
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dash import ClientsideFunction, Dash, Input, Output, dcc
from flask import Flask, g

from dashboard import serve
from dashboard.app import Screens
from dashboard.doors.gate import KIOSK, Gate
from dashboard.doors.house import House
from dashboard.doors.kiosks import Kiosks
from dashboard.doors.people import Visitor
from floorcast.demo import afternoon_zone
from sensors.clock import SystemClock
from tests.floor_facts import demo_shops

CLOCK = SystemClock()
KEYS = Path(tempfile.mkdtemp(prefix="floorcast-bench-"))
STORE = "riverside"


@functools.cache
def zone() -> str:
    """Where it is afternoon as the run begins: a shop that is shut draws no chart."""
    return afternoon_zone(CLOCK.now())


class IntervalServer(serve.Server):
    """The same app, whose state comes by a callback that ``dcc.Interval`` calls every second."""

    def load(self) -> Flask:  # type: ignore[override]
        """Replace the stream by polling; drawing in the browser is the same."""
        super().load()
        screens: Screens = self.screens
        polled = [dcc.Interval(id="tick", interval=1000), dcc.Store(id="live")]
        document = screens.layout
        screens.layout = lambda: [document(), *polled]
        poll(screens, screens)
        server: Flask = screens.server
        hooks = server.before_request_funcs[None]
        hooks[:] = [
            let_in if isinstance(getattr(hook, "__self__", None), Gate) else hook for hook in hooks
        ]
        return server


def let_in() -> None:
    """In place of the gate, which takes no POST from a wall's token."""
    g.visitor = Visitor("bench", "bench", "kiosk", ())


def poll(app: Dash, screens: Screens) -> None:
    """Everything about the store, once a tick."""
    app.clientside_callback(  # type: ignore[no-untyped-call]
        ClientsideFunction("bench", "draw"),
        Output("live", "modified_timestamp"),
        Input("live", "data"),
    )

    @app.callback(Output("live", "data"), Input("tick", "n_intervals"))
    def _state(_: int) -> dict[str, Any]:
        message = screens.hub.state(STORE)
        return {**{k: message[k] for k in ("seq", "at", "newest", "link")}, "parts": message["set"]}


def run_server(
    kind: type[serve.Server], url: str, screens: int, listener: socket.socket, house: House
) -> None:
    """One server process."""
    shops = demo_shops(zone(), screens=screens + 8)
    kind(url, shops, 16, shops[STORE].settings, [listener], house).run()


@contextlib.contextmanager
def serving(kind: type[serve.Server], url: str, screens: int) -> Iterator[tuple[int, int]]:
    """Port and the worker's process id."""
    listener = serve.listen("127.0.0.1", 0)
    process = multiprocessing.get_context("fork").Process(
        target=run_server, args=(kind, url, screens, listener, House(KEYS))
    )
    process.start()
    port: int = listener.getsockname()[1]
    listener.close()
    get(port, f"/wall/{STORE}/state")
    worker = int(Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()[0])
    try:
        yield port, worker
    finally:
        process.terminate()
        process.join(10)


@functools.cache
def token() -> str:
    """Of a wall that may look."""
    return Kiosks(KEYS).issue("bench", STORE)


def door() -> dict[str, str]:
    """What it shows at the door."""
    return {"Cookie": f"{KIOSK}={token()}"}


def get(port: int, path: str) -> bytes:
    """One answer's body."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("GET", path, headers=door())
    body = connection.getresponse().read()
    connection.close()
    return body
