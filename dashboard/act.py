"""What a person can do to an incident, checked before it goes into the log."""

from typing import Any, Literal, NamedTuple

import msgspec
from msgspec import Struct

from alerts.incident import Incident
from dashboard.doors.audit import Audit
from dashboard.doors.people import Visitor
from dashboard.reader import Reader
from dashboard.shop import Shops
from dashboard.write import CommandWriter, Do

BY_STAFF: frozenset[str] = frozenset({"ack", "done", "dismiss", "snooze", "comment"})
LINKED: frozenset[str] = frozenset({"ack", "done", "dismiss", "snooze"})
"""What staff may do; what a signed link may do. The rest is for managers."""

Verdict = Literal["ok", "taken", "over", "unknown", "forbidden", "wrong"]
LONGEST_S = 7 * 86_400.0  # a silence that is forgotten ends by itself within a week


class Wish(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a page asks for, as its JSON."""

    store: str
    target: str
    do: Do
    note: str = ""
    lasts_s: float | None = None


class Outcome(NamedTuple):
    """What became of it; ``who`` has it already."""

    verdict: Verdict
    who: str = ""
    place: str = ""


class Deeds(NamedTuple):
    """Carries out what people ask, and writes every try into the audit log.

    ``do`` may raise ``UnreachableError`` or ``redis.RedisError``; nothing was done then.
    """

    reader: Reader
    shops: Shops
    writer: CommandWriter
    audit: Audit
    snooze_s: float

    def do(self, wish: Wish, who: Visitor, origin: str) -> Outcome:
        """Append the command if it may and can be done; the first acknowledgement wins."""
        outcome = self._judge(wish, who)
        if outcome.verdict == "ok":
            lasts = self._lasts(wish)
            try:
                place = self.writer.write(
                    wish.store, who.id, wish.do, wish.target, note=wish.note, lasts_s=lasts
                )
                outcome = outcome._replace(place=place)
            except ValueError:
                outcome = Outcome("wrong")
        self.audit.note(who.id, wish.do, wish.target, wish.store, outcome.verdict, origin)
        return outcome

    def _lasts(self, wish: Wish) -> float | None:
        if wish.do not in {"snooze", "silence"}:
            return None
        asked = wish.lasts_s if wish.lasts_s and wish.lasts_s > 0 else self.snooze_s
        return min(asked, LONGEST_S)

    def _judge(self, wish: Wish, who: Visitor) -> Outcome:
        role: Any = "staff" if wish.do in BY_STAFF else "manager"
        if wish.store not in self.shops or not who.may(role, wish.store):
            return Outcome("forbidden")
        if wish.do in {"silence", "unsilence"}:
            return Outcome("ok")
        return judge(wish.do, self.incident(wish.store, wish.target), who.id)

    def incident(self, store: str, ident: str) -> Incident | None:
        """An incident as it stands now."""
        found = self.reader.read(store).incidents
        return next((i for i in found if i.id == ident), None)


def judge(do: str, incident: Incident | None, who: str) -> Outcome:
    """Whether an action still makes sense for an incident as it stands."""
    if incident is None:
        return Outcome("unknown")
    if incident.state in {"resolved", "expired"} and do not in {"comment", "done"}:
        return Outcome("over", incident.owner or "")
    if do == "ack" and incident.owner and incident.owner != who:
        return Outcome("taken", incident.owner)
    return Outcome("ok")


def parse(raw: bytes) -> Wish:
    """A page's wish; raises ``msgspec.DecodeError`` for anything else."""
    return msgspec.json.decode(raw, type=Wish)
