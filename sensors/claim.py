"""Which of several processes does what only one may do: whoever holds a key in Redis that lapses (edge)."""

import threading
from collections.abc import Callable
from typing import cast

import redis
import structlog
from redis.exceptions import OutOfMemoryError, ResponseError

from sensors.stream_source import UNREACHABLE

LEASE_S = 15.0  # a holder that is gone is replaced after at most this …
ASK_S = 3.0  # … and this

_log = structlog.get_logger("sensors.claim")


class Claim:
    """One claim on a key.

    Args:
        client: of Redis.
        key: what is claimed.
        name: who claims it, another for each process, the same over its restarts.
        won: called before it is ours; raises what Redis raises, then it is not ours yet.

    Attributes:
        is_ours: as of the last time it was asked; while Redis is away it stays as it was.
    """

    def __init__(self, client: redis.Redis, key: str, name: str, won: Callable[[], object]) -> None:
        self._client, self._key, self._name, self._won = client, key, name, won
        self.is_ours = False

    def ask(self) -> bool:
        """Take it if it is free, keep it if it is ours; raises what Redis raises."""
        is_ours = self._hold() or self._take()
        if is_ours and not self.is_ours:
            self._won()
        if is_ours != self.is_ours:
            _log.info("claim-won" if is_ours else "claim-lost", key=self._key)
        self.is_ours = is_ours
        return is_ours

    def keep(self, stop: threading.Event) -> None:
        """Ask again and again on a thread of its own, until told to stop."""

        def run() -> None:
            while not stop.wait(ASK_S):
                try:
                    self.ask()
                except (*UNREACHABLE, ResponseError) as error:
                    _log.debug(
                        "claim-unknown", error=str(error)
                    )  # the log's own writer says it aloud

        threading.Thread(target=run, daemon=True, name="claim").start()

    def _hold(self) -> bool:
        """Whether it was ours; then for another while, also when Redis is full."""
        holder = cast("bytes | None", self._client.get(self._key))
        return holder == self._name.encode() and bool(
            self._client.pexpire(self._key, round(LEASE_S * 1000))
        )

    def _take(self) -> bool:
        try:
            lease_ms = round(LEASE_S * 1000)
            return bool(self._client.set(self._key, self._name, nx=True, px=lease_ms))
        except OutOfMemoryError:
            return False  # nobody gets it before there is room
