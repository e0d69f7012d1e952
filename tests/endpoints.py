"""What stands at the other end of a channel, on loopback: a push service, an ntfy server and a webhook's receiver.

Each checks what a real one would: a webhook's signature, ntfy's JSON, a push's VAPID signature and its encryption.
What fails the check is answered with 400 or 403, as in the field, and kept as a complaint.
"""

import base64
import hashlib
import hmac
import json
import os
import socket
import sys
import threading
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from time import perf_counter
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import http_ece  # type: ignore[import-untyped]
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

CURVE = ec.SECP256R1()


class Phone:
    """A browser that has subscribed to pushes: it alone can read them."""

    def __init__(self, endpoint: str) -> None:
        self._key, self._auth = ec.generate_private_key(CURVE), os.urandom(16)
        self.endpoint = endpoint

    @property
    def subscription(self) -> str:
        """As ``PushSubscription.toJSON`` has it."""
        point = self._key.public_key().public_bytes(
            serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
        )
        keys = {"p256dh": text(point), "auth": text(self._auth)}
        return json.dumps({"endpoint": self.endpoint, "keys": keys})

    def read(self, body: bytes) -> dict[str, Any]:
        """A push's clear text (RFC 8291); raises ``http_ece.ECEException`` if it was not made for this phone."""
        clear = http_ece.decrypt(body, private_key=self._key, auth_secret=self._auth)
        said: dict[str, Any] = json.loads(clear)
        return said


@dataclass
class Arrival:
    """One thing that reached somebody: by which key, when, and what it said."""

    key: str
    at: float
    said: dict[str, Any]


@dataclass
class Endpoints:
    """One HTTP server that plays them all; ``seen`` is what arrived, by ``hook``, ``ntfy`` or ``push/<person>``."""

    folder: Path
    secret: str = "s3cret"
    port: int = 0
    seen: dict[str, list[Arrival]] = field(default_factory=lambda: defaultdict(list))
    complaints: list[str] = field(default_factory=list)
    phones: dict[str, Phone] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.vapid = ec.generate_private_key(CURVE)
        self.vapid_file, self.secret_file = self.folder / "vapid.pem", self.folder / "hook.secret"
        self.secret_file.write_text(self.secret)
        pem, pkcs8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
        self.vapid_file.write_bytes(
            self.vapid.private_bytes(pem, pkcs8, serialization.NoEncryption())
        )
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", self.port), _handler(self))
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def phone(self, person: str) -> Phone:
        """Somebody's phone, subscribed here."""
        return self.phones.setdefault(person, Phone(f"{self.url}/push/{person}"))

    def keep(self, what: str, key: str, said: dict[str, Any]) -> None:
        """Note an arrival."""
        arrival = Arrival(key, perf_counter(), said)
        with self._lock:
            self.seen[what].append(arrival)

    def take(self, path: str, headers: dict[str, str], body: bytes) -> int:
        """Check and keep one request; the status to answer with."""
        try:
            if path == "/hook":
                self._hook(headers, body)
            elif path == "/":
                self._ntfy(headers, body)
            else:
                self._push(path, headers, body)
        except (InvalidSignature, http_ece.ECEException, KeyError, ValueError) as error:
            self.complaints.append(f"{path}: {error!r}")
            return 403 if isinstance(error, InvalidSignature) else 400
        return 201

    def _hook(self, headers: dict[str, str], body: bytes) -> None:
        stamp, _, mac = headers["x-floorcast-signature"].partition(",v1=")
        signed = stamp.removeprefix("t=").encode() + b"." + body
        wanted = hmac.new(self.secret.encode(), signed, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(mac, wanted):
            raise InvalidSignature(stamp)
        said = json.loads(body)
        if said["key"] != headers["idempotency-key"]:
            raise ValueError("two keys")
        self.keep("hook", headers["idempotency-key"], said)

    def _ntfy(self, headers: dict[str, str], body: bytes) -> None:
        """https://docs.ntfy.sh/publish/#publish-as-json; a known ``sequence_id`` replaces what it said before."""
        said = json.loads(body)
        if not (1 <= said["priority"] <= 5 and said["topic"] and said["message"]):
            raise ValueError("not ntfy's JSON")
        self.keep("ntfy", headers["idempotency-key"], said)

    def _push(self, path: str, headers: dict[str, str], body: bytes) -> None:
        if headers["content-encoding"] != "aes128gcm" or int(headers["ttl"]) < 1:
            raise ValueError("not a push")
        claims = verified(headers["authorization"], self.vapid.public_key())
        if claims["aud"] != self.url:
            raise ValueError(f"made for {claims['aud']}")
        said = self.phones[path.removeprefix("/push/")].read(body)
        self.keep(path[1:], said["key"], said)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller that was killed is no news; anything else is."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


def _handler(endpoints: Endpoints) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            body = self.rfile.read(length)
            if len(body) < length:  # its sender was killed in the middle of it
                self.close_connection = True
                return
            headers = {name.lower(): value for name, value in self.headers.items()}
            self.send_response(endpoints.take(urlsplit(self.path).path, headers, body))
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Quiet."""

    return Handler


class Hanging:
    """A server that takes connections and never says a word; ``callers`` counts them."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=512)
        self._held: list[socket.socket] = []
        self._ended = 0
        self._thread = threading.Thread(target=self._take, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    @property
    def callers(self) -> int:
        """How many have called."""
        return len(self._held)

    def hang_up(self) -> None:
        """End the calls of everybody who has called so far."""
        before, self._ended = self._ended, len(self._held)
        for held in self._held[before : self._ended]:
            held.close()

    def _take(self) -> None:
        accept: Callable[[], tuple[socket.socket, Any]] = self._socket.accept
        while True:
            try:
                self._held.append(accept()[0])
            except OSError:
                return  # closed

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(5)
        self.hang_up()


def text(raw: bytes) -> str:
    """URL-safe base64 without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def verified(header: str, key: ec.EllipticCurvePublicKey) -> dict[str, Any]:
    """The claims of a VAPID header (RFC 8292); raises ``InvalidSignature`` unless ``key`` signed them."""
    token = header.removeprefix("vapid t=").partition(",")[0]
    signed, _, mac = token.rpartition(".")
    raw = base64.urlsafe_b64decode(mac + "==")
    r, s = int.from_bytes(raw[:32]), int.from_bytes(raw[32:])
    key.verify(encode_dss_signature(r, s), signed.encode(), ec.ECDSA(hashes.SHA256()))
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(signed.split(".")[1] + "=="))
    return claims
