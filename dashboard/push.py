"""Pushes to the staff page: the key they are signed with, and where each person's phones are to be reached (edge)."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from pathlib import Path
from typing import NamedTuple

import msgspec
import redis
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from flask import Flask, Response, abort, make_response, request
from msgspec import Struct

from alerts.keyspace import push_key
from dashboard.doors.audit import Audit
from dashboard.doors.gate import visitor
from dashboard.doors.kiosks import digest
from dashboard.doors.private_file import write_private

PHONES = 5  # a person's newest; an older one is asked again when it opens the page


class Keys(Struct, frozen=True):
    """What a message to a browser is encrypted with (RFC 8291)."""

    p256dh: str
    auth: str

    @property
    def usable(self) -> bool:
        """Whether these are an uncompressed point and a 16-byte secret, base64url."""
        try:
            point, secret = (
                urlsafe_b64decode(raw + "=" * (-len(raw) % 4)) for raw in (self.p256dh, self.auth)
            )
        except ValueError:
            return False
        return len(point) == 65 and point[0] == 4 and len(secret) == 16


class Subscription(Struct, frozen=True, kw_only=True):
    """A browser's push subscription, as it describes itself."""

    endpoint: str
    keys: Keys


def vapid_file(folder: Path) -> Path:
    """The private key, made where there is none; only its owner may read it."""
    path = folder / "vapid.pem"
    if not path.exists():
        made = ec.generate_private_key(ec.SECP256R1())
        raw = made.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        write_private(path, raw)
    return path


def public_key(folder: Path) -> str:
    """What a browser subscribes with: the uncompressed point, base64url."""
    loaded = serialization.load_pem_private_key(vapid_file(folder).read_bytes(), None)
    point = loaded.public_key().public_bytes(
        serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
    )
    return urlsafe_b64encode(point).rstrip(b"=").decode()


class Subscriptions:
    """Each person's phones, in Redis, where the deliverer finds them; may raise ``redis.RedisError``."""

    def __init__(self, client: redis.Redis) -> None:
        self._client = client

    def add(self, person: str, subscription: Subscription) -> None:
        """Remember a phone; it belongs to whoever subscribed with it last."""
        field = digest(subscription.endpoint)
        for key in self._client.scan_iter(match=push_key("*")):
            self._client.hdel(key.decode(), field)
        key = push_key(person)
        known = self._client.hkeys(key)
        if len(known) >= PHONES:
            self._client.hdel(key, *known[: len(known) - PHONES + 1])
        self._client.hset(key, field, msgspec.json.encode(subscription))

    def remove(self, person: str, endpoint: str) -> None:
        """Forget a phone."""
        self._client.hdel(push_key(person), digest(endpoint))


class Pushes(NamedTuple):
    """The routes by which a phone asks to be told, or not to be any more."""

    subscriptions: Subscriptions
    audit: Audit

    def register(self, server: Flask) -> None:
        """Add ``/push/subscription``."""
        path = "/push/subscription"
        server.add_url_rule(path, "push_add", self.add, methods=["PUT"])
        server.add_url_rule(path, "push_remove", self.remove, methods=["DELETE"])

    def add(self) -> Response:
        """Tell this phone."""
        try:
            asked = msgspec.json.decode(request.get_data(), type=Subscription)
        except msgspec.DecodeError as error:
            abort(400, str(error))
        if not asked.endpoint.startswith(("https://", "http://127.0.0.1:", "http://localhost:")):
            abort(400, "a push service is reached by https")
        if not asked.keys.usable:
            abort(400, "keys: not those of a push subscription")
        try:
            self.subscriptions.add(visitor().id, asked)
            self.audit.note(visitor().id, "push-on", digest(asked.endpoint)[:12])
        except redis.RedisError:
            abort(503, "the data store does not answer")
        return make_response("", 204)

    def remove(self) -> Response:
        """Do not tell this phone any more."""
        try:
            self.subscriptions.remove(visitor().id, request.get_data(as_text=True))
            self.audit.note(visitor().id, "push-off")
        except redis.RedisError:
            abort(503, "the data store does not answer")
        return make_response("", 204)
