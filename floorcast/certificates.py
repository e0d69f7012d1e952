"""How long the certificates in use still hold: those in files that are named, and those that servers show."""

import ssl
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from socket import create_connection
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit

from cryptography import x509

from floorcast.finding import Finding, Level
from floorcast.settings import Settings

URGENT, SOON = timedelta(days=7), timedelta(days=30)
TIMEOUT_S = 5.0
REDIS_FILES = ("ssl_ca_certs", "ssl_certfile")


class Holder(NamedTuple):
    """Where certificates are: in a file (``path``), or at a server (``host`` and ``port``)."""

    name: str
    path: str = ""
    host: str = ""
    port: int = 0


def holders(settings: Settings) -> Iterator[Holder]:
    """Every certificate file that the configuration names, and every server that it reaches through TLS."""
    broker, webhook = settings.sensors.broker, settings.sensors.webhook
    named = {
        "sensors.broker.tls_ca": broker.tls_ca,
        "sensors.broker.tls_cert": broker.tls_cert,
        "sensors.webhook.tls_cert": webhook.tls_cert,
    }
    yield from (Holder(name, path=path) for name, path in named.items() if path)
    if broker.host and broker.tls_ca:
        yield Holder("the broker", host=broker.host, port=broker.port)
    url = urlsplit(settings.sensors.redis.url)
    if url.scheme == "rediss" and url.hostname:
        given = parse_qs(url.query)
        for key in REDIS_FILES:
            yield from (
                Holder(f"sensors.redis.url, {key}", path=path) for path in given.get(key, ())
            )
        yield Holder("Redis", host=url.hostname, port=url.port or 6379)
    public = urlsplit(webhook.public_url)
    if public.scheme == "https" and public.hostname:
        yield Holder("sensors.webhook.public_url", host=public.hostname, port=public.port or 443)


def examine(settings: Settings, now: datetime) -> Iterator[Finding]:
    """A finding for each place; of several certificates in a file the one that ends first."""
    for holder in holders(settings):
        try:
            until = min(one.not_valid_after_utc for one in _certificates(holder))
        except (OSError, ValueError) as error:
            found = f"{holder.name}: cannot be read: {error}"
            yield Finding(
                "certificates", "wrong", found, "name a PEM file, or let the server show one"
            )
        else:
            yield _told(holder, until, now)


def _told(holder: Holder, until: datetime, now: datetime) -> Finding:
    left = until - now
    level: Level = "wrong" if left < URGENT else "note" if left < SOON else "ok"
    verb = "holds until" if left > timedelta(0) else "ended on"
    found = f"{holder.name}: {verb} {until:%Y-%m-%d}, {abs(left.days)} days {'ago' if left.days < 0 else 'from now'}"
    todo = f"renew {holder.path or f'the certificate of {holder.host}:{holder.port}'} and restart what reads it"
    return Finding("certificates", level, found, "" if level == "ok" else todo)


def _certificates(holder: Holder) -> list[x509.Certificate]:
    """What is there; raises ``OSError`` or ``ValueError`` where nothing can be read."""
    if holder.path:
        return x509.load_pem_x509_certificates(Path(holder.path).read_bytes())
    return [x509.load_der_x509_certificate(_shown(holder))]


def _shown(holder: Holder) -> bytes:
    """The certificate that a server shows. It is only looked at, so that one that has ended is read too."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with (
        create_connection((holder.host, holder.port), TIMEOUT_S) as plain,
        context.wrap_socket(plain, server_hostname=holder.host) as wrapped,
    ):
        return wrapped.getpeercert(binary_form=True) or b""
