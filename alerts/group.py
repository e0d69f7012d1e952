"""Pushes → notices: what belongs together is told once. Pure.

A rule's first push goes out at once. What the same rule finds within the route's ``group_s`` joins it: people see that
push grow and are not disturbed anew, and from then on all of it is repeated and escalated as one.
"""

from datetime import timedelta
from itertools import groupby

from msgspec.structs import replace

from alerts.incident import Incident, Notice, NoticeKind
from alerts.memory import Group, open_incidents
from alerts.people import audience, staffed
from alerts.settings import Route
from alerts.turn import Push, Turn

ENDS = ("resolved", "expired")


def join(turn: Turn, incident: Incident) -> bool:
    """Let an incident nobody was told of join its rule's newest push; whether it could.

    It can while something of that push is open and audible, and if everybody it is for was told of that. It takes the
    clock of one that nobody has yet; where somebody has all the others, a clock of its own.
    """
    memory, book, care = turn.memory, turn.book, turn.memory.care[incident.id]
    route, newest = book.route(incident.rule), memory.groups.get(incident.rule)
    if care.told_at or newest is None or turn.at - newest.at >= timedelta(seconds=route.group_s):
        return False
    fellows = [i for i in _open_of(turn, newest.id) if not (i.muted or i.snoozed_until)]
    told = {who for fellow in fellows for who in memory.care[fellow.id].told}
    rung = staffed(book, route, 0, turn.at)
    if not fellows or not told.issuperset(audience(book, route, rung, turn.at)):
        return False
    care.group, care.told = newest.id, sorted(told)
    care.since, care.told_at, care.rung = turn.at, turn.at, rung
    for fellow in fellows:
        clock = memory.care[fellow.id]
        if fellow.state == "firing" and clock.since and clock.since < care.since:
            care.since, care.told_at = clock.since, clock.told_at
            care.rung, care.repeats = clock.rung, clock.repeats
    return True


def group(turn: Turn) -> None:
    """One notice for all pushes of a rule, kind and rung in this turn."""
    ready = sorted(turn.pushes, key=lambda p: _group_of(turn, p))
    for (rule, kind, rung), pushes in groupby(ready, key=lambda p: _group_of(turn, p)):
        turn.notices.append(_notice(turn, rule, kind, rung, list(pushes)))


def board(turn: Turn) -> None:
    """The list of what is open, for channels that show a state: told whenever it changes, empty too."""
    shown = [
        bare(i)
        for i in turn.memory.incidents.values()
        if i.state in ("firing", "acknowledged") and not i.muted
    ]
    shown.sort(key=rank)
    newest = ";".join(f"{i.id},{i.state},{i.owner}" for i in shown)
    if newest == turn.memory.board:
        return
    turn.memory.board = newest
    ident = f"{turn.book.id}@{turn.batch.position}:board"
    notice = Notice(id=ident, store=turn.book.id, at=turn.at, kind="board", incidents=shown)
    turn.notices.append(notice)


def rank(incident: Incident) -> tuple[bool, int, str]:
    """The order people see: act before watch, then by ¥ at risk."""
    return incident.severity != "act", -(incident.at_risk_minor or 0), incident.id


def bare(incident: Incident) -> Incident:
    """An incident without its steps."""
    return replace(incident, steps=[])


def _group_of(turn: Turn, push: Push) -> tuple[str, NoticeKind, int]:
    rule = "" if push.kind == "digest" else turn.memory.incidents[push.incident].rule
    return rule, push.kind, push.rung


def _open_of(turn: Turn, ident: str) -> list[Incident]:
    """What of a push is still open."""
    care = turn.memory.care
    return [i for i in open_incidents(turn.memory) if ident and care[i.id].group == ident]


def _notice(turn: Turn, rule: str, kind: NoticeKind, rung: int, pushes: list[Push]) -> Notice:
    memory, book = turn.memory, turn.book
    pushes.sort(key=lambda p: rank(memory.incidents[p.incident]))
    incidents = [memory.incidents[p.incident] for p in pushes]
    name = rule or incidents[0].rule
    route = book.route(name)
    rung = min(rung, len(route.ladder) - 1)
    ident = f"{pushes[0].incident}#{pushes[0].step}:{kind}:{rung}"
    people = _people(turn, kind, route, rung, incidents)
    if kind == "firing":
        memory.groups[name] = Group(id=ident, at=turn.at)
    for incident in incidents:
        care = memory.care[incident.id]
        care.group = ident if kind == "firing" else care.group
        care.told_at = care.told_at if kind == "joined" else turn.at
        care.told = sorted({*care.told, *people})
    shared, others = _shared(turn, kind, incidents)
    return Notice(
        id=ident,
        store=book.id,
        at=turn.at,
        kind=kind,
        route=book.rules[name].route,
        rung=rung,
        audience=people,
        incidents=[bare(i) for i in incidents],
        steps=[p.step for p in pushes],
        group=shared,
        others=others,
    )


def _people(
    turn: Turn, kind: NoticeKind, route: Route, rung: int, incidents: list[Incident]
) -> list[str]:
    """Who is told: of an end and of what joins whoever was told before, else who is on shift at the rung."""
    if kind in (*ENDS, "joined"):
        return sorted({who for i in incidents for who in turn.memory.care[i.id].told})
    if kind == "assigned":
        return sorted({i.owner for i in incidents if i.owner})
    return audience(turn.book, route, rung, turn.at)


def _shared(turn: Turn, kind: NoticeKind, incidents: list[Incident]) -> tuple[str, list[Incident]]:
    """The push that a notice replaces on a screen; of one that grows also what else of it is open.

    The end of one incident leaves the push that is still about others.
    """
    groups = {turn.memory.care[i.id].group for i in incidents}
    ident = groups.pop() if len(groups) == 1 else ""
    ids = {i.id for i in incidents}
    others = [bare(i) for i in _open_of(turn, ident) if i.id not in ids]
    if kind in ENDS and others:
        return "", []
    return ident, sorted(others, key=rank) if kind == "joined" else []
