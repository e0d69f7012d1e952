"""Pushes → notices: what belongs together is told once. Pure."""

from datetime import timedelta
from itertools import groupby

from msgspec.structs import replace

from alerts.incident import Incident, Notice, NoticeKind
from alerts.memory import Waiting
from alerts.people import audience
from alerts.turn import Push, Turn


def group(turn: Turn) -> None:
    """One notice for all pushes of a rule, kind and rung in this turn.

    The first of a rule goes at once; what fires within ``group_s`` after it waits and shares the next one.
    """
    ready = _released(turn)
    for push in turn.pushes:
        if push.kind == "firing" and _must_wait(turn, push):
            continue
        ready.append(push)
    ready.sort(key=lambda p: _group_of(turn, p))
    for (rule, kind, rung), pushes in groupby(ready, key=lambda p: _group_of(turn, p)):
        notice = _notice(turn, rule, kind, rung, list(pushes))
        turn.notices.append(notice)
        if kind == "firing":
            turn.memory.grouped_at[f"{rule}|{rung}"] = turn.at


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


def _must_wait(turn: Turn, push: Push) -> bool:
    memory, rule = turn.memory, turn.memory.incidents[push.incident].rule
    before = memory.grouped_at.get(f"{rule}|{push.rung}")
    wait = timedelta(seconds=turn.book.route(rule).group_s)
    if before is None or turn.at - before >= wait:
        return False
    waiting = Waiting(incident=push.incident, step=push.step, due=before + wait, rung=push.rung)
    memory.waiting = [*memory.waiting, waiting]
    return True


def _released(turn: Turn) -> list[Push]:
    """Waiting pushes whose time has come and that still matter."""
    memory = turn.memory
    due = [w for w in memory.waiting if w.due <= turn.at]
    memory.waiting = [w for w in memory.waiting if w.due > turn.at]
    live = [w for w in due if _matters(turn, w)]
    return [Push(w.incident, w.step, "firing", w.rung) for w in live]


def _matters(turn: Turn, waiting: Waiting) -> bool:
    incident = turn.memory.incidents.get(waiting.incident)
    quiet = incident is None or incident.muted or incident.snoozed_until
    return incident is not None and incident.state == "firing" and not quiet


def _notice(turn: Turn, rule: str, kind: NoticeKind, rung: int, pushes: list[Push]) -> Notice:
    memory, book = turn.memory, turn.book
    pushes.sort(key=lambda p: rank(memory.incidents[p.incident]))
    incidents = [memory.incidents[p.incident] for p in pushes]
    name = rule or incidents[0].rule
    route = book.route(name)
    rung = min(rung, len(route.ladder) - 1)
    told = sorted({who for p in pushes for who in memory.care[p.incident].told})
    if kind in ("resolved", "expired"):
        people = told
    elif kind == "assigned":
        people = sorted({i.owner for i in incidents if i.owner})
    else:
        people = audience(book, route, rung, turn.at)
    for push in pushes:
        care = memory.care[push.incident]
        care.told_at = turn.at
        care.told = sorted({*care.told, *people})
    return Notice(
        id=f"{pushes[0].incident}#{pushes[0].step}:{kind}:{rung}",
        store=book.id,
        at=turn.at,
        kind=kind,
        route=book.rules[name].route,
        rung=rung,
        audience=people,
        incidents=[bare(i) for i in incidents],
        steps=[p.step for p in pushes],
    )
