"""Names of members and associates become keyed hashes before anything is kept (edge: one key file)."""

import hmac
import os
import secrets
from pathlib import Path

KEY_BYTES = 32


class KeyFileError(Exception):
    """A key file that cannot be used; the message is the one line to show."""


class Pseudonym:
    """Replaces a person's id by HMAC-SHA-256 under the shop's own key (RFC 2104), 32 hex digits.

    The same person gives the same word as long as the key is kept; without the key it cannot be turned back,
    nor tried out number by number.

    >>> Pseudonym(b"k" * 32)("member", "1234") == Pseudonym(b"k" * 32)("member", "1234")
    True
    """

    def __init__(self, key: bytes) -> None:
        self._key = key

    def __call__(self, role: str, name: str) -> str:
        """The word for this person in this role."""
        said = f"{role}\0{name}".encode("utf-8", "surrogatepass")
        return hmac.digest(self._key, said, "sha256").hex()[:32]


def load_key(path: Path) -> bytes:
    """The key of a file, made with mode 0600 when it is missing; raises ``KeyFileError``."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _create(path)
        key = path.read_bytes()
    except OSError as error:
        raise KeyFileError(f"sensors.hash_key_file: {path}: {error.strerror}") from None
    if len(key) < KEY_BYTES:
        raise KeyFileError(
            f"sensors.hash_key_file: {path}: needs {KEY_BYTES} bytes, has {len(key)}"
        )
    return key


def _create(path: Path) -> None:
    """Write a fresh key under the final name in one step, so that no second process ever reads half of one."""
    if path.exists():
        return
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(secrets.token_bytes(KEY_BYTES))
    try:
        os.link(fresh, path)
    except FileExistsError:
        return  # another process was first; its key holds
    finally:
        fresh.unlink()
