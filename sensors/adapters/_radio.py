"""LoRaWAN uplinks as network servers pass them on: the frame's bytes, port, device and time.

The Things Stack v3, ChirpStack v3 and v4, Milesight gateways, Actility ThingPark, Sigfox callbacks with ``device``,
``time`` and ``data``, or just the bytes: raw, hexadecimal or base64.
"""

from base64 import b64decode
from binascii import Error as BinasciiError
from datetime import datetime
from typing import Any, NamedTuple

from sensors.adapters._json import obj, parse, sub, text
from sensors.adapters._message import Message
from sensors.adapters._times import instant
from sensors.adapters._unreadable import UnreadableError

MAX_FRAME = 255  # a LoRaWAN frame is never longer


class Frame(NamedTuple):
    """One uplink. ``port`` and ``device`` are ``None`` where the server does not say."""

    data: bytes
    port: int | None
    device: str | None
    at: datetime
    counter: int | None = None


def frame(message: Message) -> Frame:
    """The uplink in a message; raises ``UnreadableError``."""
    body = message.payload.strip()
    if not body.startswith(b"{"):
        return Frame(_bytes(body, message.payload), None, None, message.received_at)
    tree = obj(parse(body))
    for read in (_things_stack, _actility, _chirpstack):
        if (found := read(message, tree)) is not None:
            return found
    raise UnreadableError("no uplink in it: neither frm_payload, data nor payload_hex")


def _things_stack(message: Message, tree: dict[str, Any]) -> Frame | None:
    uplink = sub(tree, "uplink_message")
    if not uplink:
        return None
    device = sub(tree, "end_device_ids")
    return Frame(
        _base64(text(uplink.get("frm_payload"))),
        _port(uplink.get("f_port")),
        text(device.get("dev_eui")) or text(device.get("device_id")) or None,
        _at(message, uplink.get("received_at") or tree.get("received_at")),
        _port(uplink.get("f_cnt")),
    )


def _actility(message: Message, tree: dict[str, Any]) -> Frame | None:
    uplink = sub(tree, "DevEUI_uplink")
    if not uplink:
        return None
    return Frame(
        _hex(text(uplink.get("payload_hex"))),
        _port(uplink.get("FPort")),
        text(uplink.get("DevEUI")) or None,
        _at(message, uplink.get("Time")),
        _port(uplink.get("FCntUp")),
    )


def _chirpstack(message: Message, tree: dict[str, Any]) -> Frame | None:
    said = next(
        (text(tree[k]) for k in ("data", "payload_hex", "payload", "hex") if text(tree.get(k))), ""
    )
    if not said:
        return None
    info = sub(tree, "deviceInfo")
    names = (info.get("devEui"), *(tree.get(key) for key in ("devEUI", "dev_eui", "device")))
    device = next((text(name) for name in names if text(name)), "")
    return Frame(
        _bytes(said.encode(), b"") if "data" not in tree else _data(said),
        _port(tree.get("fPort", tree.get("fport", tree.get("port")))),
        device or None,
        _at(message, tree.get("time")),
        _port(tree.get("fCnt")),
    )


def _data(said: str) -> bytes:
    return _hex(said) if _is_hex(said) else _base64(said)


def _bytes(body: bytes, raw: bytes) -> bytes:
    spelled = body.decode("latin-1").replace(" ", "").replace(":", "").replace("-", "")
    if _is_hex(spelled):
        return _hex(spelled)
    if len(body) % 4 == 0 and len(body) >= 8:
        try:
            return b64decode(body, validate=True)[:MAX_FRAME]
        except BinasciiError:
            pass  # not base64: the bytes themselves
    if not raw or len(raw) > MAX_FRAME:
        raise UnreadableError(f"{len(body)} bytes are not one LoRaWAN frame")
    return raw


def _is_hex(said: str) -> bool:
    return (
        0 < len(said) <= 2 * MAX_FRAME
        and len(said) % 2 == 0
        and all(c in "0123456789abcdefABCDEF" for c in said)
    )


def _hex(said: str) -> bytes:
    if not _is_hex(said):
        raise UnreadableError("the frame is not hexadecimal")
    return bytes.fromhex(said)


def _base64(said: str) -> bytes:
    try:
        data = b64decode(said, validate=True)
    except (BinasciiError, ValueError):
        raise UnreadableError("the frame is not base64") from None
    if not 0 < len(data) <= MAX_FRAME:
        raise UnreadableError(f"a frame of {len(data)} bytes")
    return data


def _port(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _at(message: Message, said: object) -> datetime:
    return instant(said, message.tz, message.received_at) if said else message.received_at


class Cursor:
    """Reads a frame from its start; running off its end is ``UnreadableError``."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def __bool__(self) -> bool:
        return self.at < len(self.data)

    def take(self, size: int) -> bytes:
        """The next ``size`` bytes."""
        piece = self.data[self.at : self.at + size]
        if len(piece) < size:
            raise UnreadableError(
                f"the frame ends at byte {len(self.data)}, in the middle of a value"
            )
        self.at += size
        return piece

    def little(self, size: int) -> int:
        """An unsigned little-endian number."""
        return int.from_bytes(self.take(size), "little")

    def big(self, size: int) -> int:
        """An unsigned big-endian number."""
        return int.from_bytes(self.take(size), "big")
