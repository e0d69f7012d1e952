"""Who may log in: the people of ``[[alerts.people]]``, and their passwords' hashes in a file (edge)."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Literal, NamedTuple

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from alerts.settings import Person
from dashboard.doors.directory import Directory
from dashboard.doors.kiosks import digest
from dashboard.doors.private_file import PrivateFile

Role = Literal["kiosk", "staff", "manager", "admin"]
RANK: dict[Role, int] = {"kiosk": 0, "staff": 1, "manager": 2, "admin": 3}
LEAST = 10
"""Characters a password needs at least (NIST SP 800-63B asks for 8 and more; no other rules help)."""


class Visitor(NamedTuple):
    """Who asks.

    Attributes:
        stores: those they may see; empty means every one.
        csrf: what a write of theirs must carry; empty for who may not write.
    """

    id: str
    name: str
    role: Role
    stores: tuple[str, ...] = ()
    csrf: str = ""

    def may(self, role: Role, store: str = "") -> bool:
        """Whether they have at least this role, at this store.

        >>> Visitor("chen", "Chen", "staff", ("riverside",)).may("staff", "harbour")
        False
        """
        at_home = not store or not self.stores or store in self.stores
        return at_home and RANK[self.role] >= RANK[role]


class People:
    """The staff directory with passwords; either file, when it changes, holds from the next request on."""

    def __init__(self, people: Iterable[Person], folder: Path, config: Path | None = None) -> None:
        self._directory = Directory(people, config)
        self._file: PrivateFile[str] = PrivateFile(folder / "passwords.json", str)
        self._hasher = PasswordHasher()
        self._decoy = self._hasher.hash("nobody's password")

    def find(self, who: str) -> Visitor | None:
        """Somebody who may log in; ``None`` once they left the directory or have no password any more."""
        person = self._directory.read().get(who)
        if person is None or who not in self._file.read():
            return None
        return Visitor(who, person.name or who, person.access, tuple(person.stores))

    def named(self, who: str) -> str:
        """A person's name, their id where there is none."""
        person = self._directory.read().get(who)
        return (person.name if person else "") or who

    def at(self, store: str) -> list[Person]:
        """Who works at a store."""
        return [p for p in self._directory.read().values() if not p.stores or store in p.stores]

    def check(self, who: str, password: str) -> Visitor | None:
        """The visitor if the password is theirs; an unknown name costs as much time as a wrong password."""
        known = self.find(who)
        hashed = self._file.read().get(who, self._decoy) if known else self._decoy
        try:
            self._hasher.verify(hashed, password)
        except (VerificationError, InvalidHashError):
            return None
        if known and self._hasher.check_needs_rehash(hashed):
            self.set_password(who, password)
        return known

    def set_password(self, who: str, password: str) -> None:
        """Keep the hash of a new password; raises ``ValueError`` for one that is too short."""
        if len(password) < LEAST:
            raise ValueError(f"a password needs at least {LEAST} characters")
        self._file.write({**self._file.read(), who: self._hasher.hash(password)})

    def password_mark(self, who: str) -> str:
        """Names somebody's present password without giving it away; empty without one."""
        hashed = self._file.read().get(who)
        return digest(hashed) if hashed else ""

    def hash_of(self, who: str) -> str:
        """The hash kept of somebody's password; raises ``KeyError`` without one."""
        return self._file.read()[who]

    def keep(self, hashes: Mapping[str, str]) -> None:
        """Take over password hashes as they are, instead of those that were kept."""
        self._file.write(hashes)

    def forget(self, who: str) -> bool:
        """Take somebody's password away: their sessions end with it. Whether they had one."""
        hashes = dict(self._file.read())
        found = hashes.pop(who, None) is not None
        if found:
            self._file.write(hashes)
        return found

    def with_password(self) -> set[str]:
        """Ids of those who have a password."""
        return set(self._file.read())
