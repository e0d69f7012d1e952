"""A store's whole state as one block of bytes, and back.

Version and names travel with it: what a newer release added begins empty, what it dropped is left out, and a snapshot
of a format this release cannot read says so. Nothing in it aliases live state, since it is bytes.
"""

import pickle
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from typing import Any

import msgspec

from flows.dedup import device_of
from flows.frozen import packed_pane, unpacked_pane
from flows.ledger import TRAILING, Ledger
from flows.panes import Pane, Squeezed, loosened, pane_of, row_of, squeeze, unsqueeze
from flows.profile import Profile
from flows.publish import Publisher
from flows.spans import Span, Spans
from flows.tally import kinds

VERSION = 3
SLIDING = frozenset(window for window, _ in TRAILING)
_pack = msgspec.msgpack.Encoder().encode
_unpack: Callable[[bytes], Any] = msgspec.msgpack.Decoder(Any).decode


class SnapshotError(Exception):
    """A snapshot of another format; the message says what to do."""


def dump(publisher: Publisher, *, exact: bool = False) -> bytes:
    """The state of a store; ``exact`` with what was last said under each key, which only a replay resumes from."""
    ledger = publisher.ledger
    state = {
        "store": ledger.profile.id,
        "minute": ledger.minute,
        "unreported": ledger.unreported,
        "counters": ledger.counters,
        "devices": {name: device.row() for name, device in ledger.devices.items()},
        "ids": ledger.ids.row(),
        "totals": ledger.totals.row(),
        "intervals": ledger.intervals.row(),
        "factors": ledger.factors.row(),
        "clocks": ledger.clocks.row(),
        "tickets": ledger.tickets.row(),
        "heard": ledger.heard.row(),
        "now": ledger.now,
        "now_fresh": ledger.now_fresh,
        "fresh": {minute: row_of(pane) for minute, pane in ledger.fresh.items()},
        "minutes": _minutes(ledger),
        "quarters": _spans(ledger.quarters),
        "days": _spans(ledger.days),
        "rested": sorted(publisher.rested),
        "memories": {name: _loose(memory) for name, memory in publisher.memories.items()},
    }
    if exact:
        state["shown"] = pickle.dumps(publisher.shown, protocol=pickle.HIGHEST_PROTOCOL)
    return bytes([VERSION]) + squeeze(_pack(state))


def load(block: bytes, profile_of: Callable[[str], Profile]) -> Publisher:
    """The state that was dumped, under the store's present configuration; raises ``SnapshotError``."""
    if block[:1] != bytes([VERSION]):
        raise SnapshotError(
            f"the recovery store holds state of format {block[0]}, this release reads {VERSION}: "
            "empty flows.recovery_dir to count again from the log"
        )
    state = _unpack(unsqueeze(block[1:]))
    ledger = Ledger(profile_of(state["store"]))
    _restore_dedup(ledger, state)
    ledger.minute, ledger.unreported = state["minute"], state["unreported"]
    ledger.counters |= state["counters"]
    ledger.now = pane_of([None, state["now"]]).tallies
    ledger.now_fresh = pane_of([None, state["now_fresh"]]).tallies
    ledger.fresh = {minute: pane_of(row) for minute, row in state["fresh"].items()}
    ledger.minutes = {minute: unpacked_pane(row) for minute, row in state["minutes"].items()}
    _restore_spans(ledger.quarters, state["quarters"])
    _restore_spans(ledger.days, state["days"])
    for rolling in ledger.rolling.values():
        rolling.advance(ledger.minute, ledger.minutes)
    publisher = Publisher(ledger)
    publisher.rested = set(state.get("rested", ()))
    if "shown" in state:
        publisher.shown = pickle.loads(state["shown"])  # noqa: S301  our own recovery state, as bytewax itself keeps it
    for name, memory in publisher.memories.items():
        if name in state["memories"]:
            publisher.memories[name] = msgspec.convert(
                state["memories"][name], type(memory), strict=False
            )
    return publisher


def _loose(memory: msgspec.Struct) -> msgspec.Struct:
    """A memory whose models are not squeezed one by one: the snapshot squeezes them together, half as many bytes."""
    fields = _squeezed(type(memory))
    if not fields:
        return memory
    return msgspec.structs.replace(
        memory, **{name: loosened(getattr(memory, name)) for name in fields}
    )


@cache
def _squeezed(memory: type[msgspec.Struct]) -> tuple[str, ...]:
    return tuple(field.name for field in msgspec.structs.fields(memory) if field.type == Squeezed)


def _minutes(ledger: Ledger) -> dict[int, msgspec.Raw]:
    """Single minutes, packed once while nothing changes: most have been over for long."""
    packed = ledger.packed_minutes
    for minute, pane in ledger.minutes.items():
        if minute not in packed:
            packed[minute] = _pack(packed_pane(_trailing(pane)))
    return {minute: msgspec.Raw(packed[minute]) for minute in ledger.minutes}


def _trailing(pane: Pane) -> Pane:
    """What trailing windows need of a minute; the rest of it is in its quarter and day already."""
    kept = {kind: t for kind, t in pane.tallies.items() if kinds()[kind].windows & SLIDING}
    return Pane(kept, pane.newest)


def _restore_dedup(ledger: Ledger, state: dict[str, Any]) -> None:
    ledger.devices = {name: device_of(row, _instant) for name, row in state["devices"].items()}
    ledger.newest = max(
        (device.newest for device in ledger.devices.values()), default=ledger.newest
    )
    ledger.ids.restore(state["ids"])
    ledger.totals.restore(state["totals"])
    ledger.intervals.restore(state["intervals"])
    ledger.factors.restore(state["factors"])
    ledger.clocks.restore(state["clocks"])
    ledger.tickets.restore(state["tickets"])
    ledger.heard.restore(state["heard"])


def _instant(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _spans(spans: Spans) -> list[list[Any]]:
    return [
        [span.bounds, span.state, span.revisions, loosened(span.frozen()), span.coverage]
        for span in spans.known.values()
    ]


def _restore_spans(spans: Spans, rows: list[list[Any]]) -> None:
    for bounds, state, revisions, frozen, coverage in rows:
        span = Span((bounds[0], bounds[1]), frozen)
        span.state, span.revisions, span.coverage = state, revisions, coverage
        spans.known[bounds[0]] = span
        if state != "final":
            spans.open.add(bounds[0])
