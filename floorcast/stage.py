"""What the long-running commands share: logs, the metrics page, and a signal that means stop."""

import prometheus_client

from alerts import rules
from floorcast import logs
from floorcast.errors import UnavailableError
from floorcast.main import Session
from floorcast.settings import Settings, SettingsError

STAGES = ("ingest", "floor", "alert", "deliver", "webhook", "screen", "history", "record", "chain")
"""In the order of their metrics ports."""


def refuse_mistakes(settings: Settings) -> None:
    """Refuse rules, routes and people that cannot be right; raises ``SettingsError`` with all of them."""
    if mistakes := rules.errors(settings.alerts):
        raise SettingsError("; ".join(mistakes))


def prepare(session: Session, stage: str, *, broker: bool = False) -> Settings:
    """Set up a stage's process and return its configuration.

    Raises:
        FloorcastError: no Redis, or no broker where one is needed, is configured or running.
        UnavailableError: the metrics port is taken.
    """
    settings = session.connected(broker=broker)
    refuse_mistakes(settings)
    logs.configure(stage, debug=session.debug)
    if stage != "screen":  # its requests are served by a process of their own
        serve_metrics(settings, stage)
    return settings


def serve_metrics(settings: Settings, stage: str) -> None:
    """Serve this process's numbers at ``/metrics``, on the stage's port; raises ``UnavailableError`` if it is taken."""
    own = settings.floorcast
    if not own.metrics_port:
        return
    port = own.metrics_port + STAGES.index(stage)
    try:
        prometheus_client.start_http_server(port, addr=own.metrics_host)
    except OSError as error:
        raise UnavailableError(
            f"metrics of {stage}: port {port} on {own.metrics_host}: {error.strerror}"
        ) from None
