"""Log-ins: kept in Redis under the hash of their cookie, ended by its clock; guesses are slowed down (edge)."""

import secrets

import msgspec
import redis
from msgspec import Struct

from dashboard.doors.kiosks import digest
from dashboard.doors.people import People, Visitor
from dashboard.keyspace import login_key, session_key
from dashboard.settings import DashboardSettings


class Session(Struct, frozen=True, kw_only=True):
    """What is kept of a login."""

    person: str
    csrf: str


class Sessions:
    """Opens, finds and ends sessions. Every method may raise ``redis.RedisError``."""

    def __init__(self, client: redis.Redis, people: People, settings: DashboardSettings) -> None:
        self._client, self._people, self._settings = client, people, settings

    @property
    def lifetime_s(self) -> int:
        """How long a login lasts."""
        return int(self._settings.session_h * 3600)

    def open(self, visitor: Visitor) -> str:
        """A new session's cookie."""
        token = secrets.token_urlsafe(32)
        session = Session(person=visitor.id, csrf=secrets.token_urlsafe(24))
        self._client.set(
            session_key(digest(token)), msgspec.json.encode(session), ex=self.lifetime_s
        )
        return token

    def visitor(self, token: str) -> Visitor | None:
        """Whose session a cookie is; ``None`` when it is over or its person may not log in any more."""
        raw = self._client.get(session_key(digest(token)))
        if not isinstance(raw, bytes):
            return None
        session = msgspec.json.decode(raw, type=Session)
        found = self._people.find(session.person)
        return found._replace(csrf=session.csrf) if found else None

    def end(self, token: str) -> None:
        """Log out."""
        self._client.delete(session_key(digest(token)))

    def wait_s(self, *subjects: str) -> int:
        """Seconds until a name or an address may be tried again; 0 if now."""
        for subject in subjects:
            key = login_key(subject)
            tried = self._client.get(key)
            if isinstance(tried, bytes) and int(tried) >= self._settings.login_tries:
                left = self._client.ttl(key)
                return max(1, int(left))
        return 0

    def failed(self, *subjects: str) -> None:
        """Count a wrong password against a name and an address."""
        pipe = self._client.pipeline(transaction=True)
        for subject in subjects:
            pipe.incr(login_key(subject))
            pipe.expire(login_key(subject), int(self._settings.login_window_s))
        pipe.execute()

    def forgive(self, subject: str) -> None:
        """A right password clears its name."""
        self._client.delete(login_key(subject))
