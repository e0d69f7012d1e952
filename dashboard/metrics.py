"""What the screens count, for a metrics page; Prometheus names, each once."""

from typing import Literal

from prometheus_client import Gauge

Name = Literal["floorcast_screen_clients"]


def _gauge(name: Name, what: str) -> Gauge:
    return Gauge(name, what)


CLIENTS = _gauge("floorcast_screen_clients", "Walls and phones on a live stream (SSE).")
