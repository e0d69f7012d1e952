"""Log-ins: kept in Redis under the hash of their cookie, ended by its clock; guesses are slowed down (edge)."""

import secrets
from typing import Any

import msgspec
import redis
from msgspec import Struct

from dashboard.doors.kiosks import digest
from dashboard.doors.people import People, Visitor
from dashboard.keyspace import login_key, session_key, session_life_key
from dashboard.settings import DashboardSettings


class Session(Struct, frozen=True, kw_only=True):
    """What is kept of a login; ``password`` names the one it was opened with, so that another one ends it."""

    person: str
    csrf: str
    password: str


class Sessions:
    """Opens, finds and ends sessions. Every method may raise ``redis.RedisError``."""

    def __init__(self, client: redis.Redis, people: People, settings: DashboardSettings) -> None:
        self._client, self._people, self._settings = client, people, settings

    @property
    def lifetime_s(self) -> int:
        """How long a login lasts at most."""
        return int(self._settings.session_h * 3600)

    @property
    def tries(self) -> int:
        """How often a name or an address may be tried within the window."""
        return self._settings.login_tries

    @property
    def _idle_s(self) -> int:
        return min(self.lifetime_s, int(self._settings.session_idle_h * 3600))

    def open(self, visitor: Visitor) -> str:
        """A new session's cookie."""
        token = secrets.token_urlsafe(32)
        session = Session(
            person=visitor.id,
            csrf=secrets.token_urlsafe(24),
            password=self._people.password_mark(visitor.id),
        )
        kept = digest(token)
        pipe = self._client.pipeline(transaction=True)
        pipe.set(session_key(kept), msgspec.json.encode(session), ex=self._idle_s)
        pipe.set(session_life_key(kept), b"", ex=self.lifetime_s)
        pipe.execute()
        return token

    def visitor(self, token: str) -> Visitor | None:
        """Whose session a cookie is, which is used by that.

        ``None`` when it is over or was not used for too long, when its person may not log in any more, and when their
        password is another one by now.
        """
        kept = digest(token)
        pipe = self._client.pipeline(transaction=False)
        pipe.get(session_key(kept))
        pipe.exists(session_life_key(kept))
        pipe.expire(session_key(kept), self._idle_s)
        raw, lives, _ = pipe.execute()
        if not isinstance(raw, bytes) or not lives:
            return None
        session = msgspec.json.decode(raw, type=Session)
        found = self._people.find(session.person)
        same = self._people.password_mark(session.person) == session.password
        return found._replace(csrf=session.csrf) if found and same else None

    def end(self, token: str) -> None:
        """Log out."""
        kept = digest(token)
        self._client.delete(session_key(kept), session_life_key(kept))

    def tried(self, *subjects: str) -> tuple[int, int]:
        """Count a try against a name and an address before it is made, so that tries at once are counted too.

        Returns:
            Seconds to wait, 0 where it may be made; and how many tries there were of the one that was tried most.
        """
        pipe = self._client.pipeline(transaction=True)
        for subject in subjects:
            pipe.set(login_key(subject), 0, ex=int(self._settings.login_window_s), nx=True)
            pipe.incr(login_key(subject))
            pipe.ttl(login_key(subject))
        said: list[Any] = pipe.execute()
        counted = list(zip(said[1::3], said[2::3], strict=True))
        most = max(tries for tries, _ in counted)
        waits = [left for tries, left in counted if tries > self._settings.login_tries]
        return max(1, *waits) if waits else 0, most

    def forgive(self, name: str, address: str) -> None:
        """A right password clears its name, and takes its own try from the address."""
        pipe = self._client.pipeline(transaction=True)
        pipe.delete(login_key(name))
        pipe.set(login_key(address), 1, ex=int(self._settings.login_window_s), nx=True)
        pipe.decr(login_key(address))
        pipe.execute()
