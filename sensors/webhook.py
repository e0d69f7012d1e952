"""Signed HTTP → MQTT, for tills and gateways that cannot speak MQTT (edge).

POST /hook/{path} ─▶ known? ─▶ not too many? ─▶ not too large? ─▶ signed? ─▶ new? ─▶ broker ─▶ PUBACK ─▶ 200
                      404          429              413            401      200 ─┘      └─ 503, they try again

2xx is said only when the broker has the message: whoever gets another answer sends it again. What it was is counted;
the log names the path and the reason, never a field of the body.
"""

import asyncio
import contextlib
import math
import signal
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import structlog
import uvicorn
from msgspec.structs import replace
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from sensors import metrics
from sensors.clock import Clock, SystemClock
from sensors.metrics import Hooked
from sensors.mqtt_publisher import Publisher, UntakenError
from sensors.settings import Broker, SensorsSettings
from sensors.topics import Topic
from sensors.webhook_guard import RateLimit, Remembered
from sensors.webhooks import Delivery, Handshake, RefusedError, Scheme, scheme, verified

CALLERS = 10_000  # whose rate is remembered
RETRY_AFTER_S = 5

_log = structlog.get_logger("sensors.webhook")


class WebhookError(Exception):
    """A webhook that cannot be set up; the message is the one line to show."""


class Hook(NamedTuple):
    """A configured path."""

    path: str
    topic: str
    scheme: Scheme
    secrets: bytes


def hooks(settings: SensorsSettings) -> dict[str, Hook]:
    """Every device that is matched by a path; raises ``WebhookError`` for one that anybody could speak for."""
    found: dict[str, Hook] = {}
    for device in settings.devices:
        if not device.match.startswith("/"):
            continue
        where = f"sensors.devices {device.match}"
        if not device.secret_file:
            raise WebhookError(f"{where}: secret_file is empty: anybody could speak for it")
        try:
            secrets = Path(device.secret_file).read_bytes()
            kind = scheme(device.scheme, device.adapter)
        except OSError as error:
            raise WebhookError(f"{where}: {device.secret_file}: {error.strerror}") from None
        except KeyError as error:
            raise WebhookError(f"{where}: {error.args[0]}") from None
        if not secrets.strip():
            raise WebhookError(f"{where}: {device.secret_file} is empty")
        if kind.name == "square" and not settings.webhook.public_url:
            raise WebhookError("sensors.webhook.public_url is empty: Square signs the URL it calls")
        topic = Topic(device.store, "hook", device.match.removeprefix("/"))
        found[device.match] = Hook(device.match, str(topic), kind, secrets)
    return found


class Desk:
    """Takes calls.

    Args:
        settings: the paths, and how much of what.
        clock: what signed times are held against.
    """

    def __init__(self, settings: SensorsSettings, clock: Clock) -> None:
        own = settings.webhook
        self._settings, self._clock = settings, clock
        self._hooks = hooks(settings)
        self._rate = RateLimit(own.rate_per_s, own.burst, CALLERS)
        self._seen = Remembered(own.remember_h * 3600, own.remember)
        self._publisher: Publisher | None = None

    def app(self) -> Starlette:
        """The ASGI application."""
        routes = [
            Route("/hook/{path:path}", self.call, methods=["POST"]),
            Route("/healthz", self.health, methods=["GET"]),
        ]
        return Starlette(routes=routes, lifespan=self._lifespan)

    @contextlib.asynccontextmanager
    async def _lifespan(self, _app: Starlette) -> AsyncIterator[None]:
        self._publisher = Publisher(_broker(self._settings), asyncio.get_running_loop())
        try:
            yield
        finally:
            self._publisher.close()

    async def health(self, _request: Request) -> Response:
        """200 while the broker is there, else 503."""
        is_up = self._publisher is not None and self._publisher.is_connected
        return PlainTextResponse("ok" if is_up else "no broker", 200 if is_up else 503)

    async def call(self, request: Request) -> Response:
        """One webhook call."""
        hook = self._hooks.get("/" + request.path_params["path"])
        if hook is None:
            return _answer("", "unknown", 404, "no such webhook")
        caller = request.client.host if request.client else ""
        if wait_s := self._rate.wait_s((hook.path, caller), time.monotonic()):
            again = {"retry-after": str(math.ceil(wait_s))}
            return _answer(hook.path, "too-many", 429, "too many calls", again)
        try:
            body = await self._body(request)
        except ClientDisconnect:
            return _answer(hook.path, "refused", 400, "the caller left")
        if body is None:
            most = self._settings.limits.payload_bytes
            close = {"connection": "close"}  # do not read the rest of it
            return _answer(hook.path, "too-large", 413, f"at most {most} bytes are taken", close)
        return await self._take(hook, self._delivery(request, hook, body))

    async def _take(self, hook: Hook, delivery: Delivery) -> Response:
        try:
            result = verified(hook.scheme, delivery, hook.secrets)
        except RefusedError as refused:
            return _answer(hook.path, "refused", 401, str(refused))
        if isinstance(result, Handshake):
            _log.warning("webhook-handshake", path=hook.path, note=result.note)
            return _answer(hook.path, "handshake", 200, "ok")
        named = (hook.path, result.ids)
        if self._seen.has(named, time.monotonic()):
            return _answer(hook.path, "repeated", 200, "ok")
        try:
            await self._publish(hook.topic, delivery.body)
        except UntakenError as error:
            again = {"retry-after": str(RETRY_AFTER_S)}
            return _answer(hook.path, "unavailable", 503, str(error), again)
        self._seen.add(named, time.monotonic())
        return _answer(hook.path, "taken", 200, "ok")

    async def _publish(self, topic: str, body: bytes) -> None:
        if self._publisher is None:
            raise UntakenError("not started")
        await self._publisher.publish(topic, body, self._settings.webhook.puback_s)

    async def _body(self, request: Request) -> bytes | None:
        """The body, or ``None`` as soon as it is known to be too large."""
        most = self._settings.limits.payload_bytes
        told = request.headers.get("content-length", "0")
        if told.isdigit() and int(told) > most:
            return None
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > most:
                return None
        return bytes(body)

    def _delivery(self, request: Request, hook: Hook, body: bytes) -> Delivery:
        own = self._settings.webhook
        return Delivery(
            headers=dict(request.headers),
            body=body,
            url=f"{own.public_url.rstrip('/')}/hook{hook.path}",
            query=dict(request.query_params),
            received_at=self._clock.now(),
            tolerance=timedelta(seconds=own.tolerance_s),
            replay=timedelta(hours=own.replay_h),
        )


def _answer(
    path: str, outcome: Hooked, status: int, words: str, headers: dict[str, str] | None = None
) -> Response:
    metrics.WEBHOOKS.labels(path, outcome).inc()
    if outcome not in {"taken", "handshake"}:
        _log.info("webhook-" + outcome, path=path, status=status, reason=words)
    return PlainTextResponse(words, status, headers)


def _broker(settings: SensorsSettings) -> Broker:
    """Ours, under the webhook's own name."""
    own, broker = settings.webhook, settings.broker
    named = replace(broker, client_id=own.client_id)
    if not own.username:
        return named
    return replace(named, username=own.username, password_file=own.password_file)


def server(settings: SensorsSettings, clock: Clock | None = None) -> uvicorn.Server:
    """The HTTP server, not started; raises ``WebhookError``."""
    own = settings.webhook
    desk = Desk(settings, clock or SystemClock())
    config = uvicorn.Config(
        desk.app(),
        host=own.host,
        port=own.port,
        log_config=None,
        access_log=False,  # a token may stand in a URL
        server_header=False,
        forwarded_allow_ips=own.forwarded_allow_ips,
        ssl_certfile=own.tls_cert or None,
        ssl_keyfile=own.tls_key or None,
        timeout_graceful_shutdown=5,
        limit_concurrency=1_000,
    )
    return uvicorn.Server(config)


def run(settings: SensorsSettings) -> int:
    """Serve until SIGTERM or SIGINT; 0, or 3 if the address is taken. Raises ``WebhookError``."""
    made = server(settings)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)  # uvicorn raises what ended it once more
    made.run()
    return 0 if made.started else 3
