"""Sparkplug B: births, data by alias, deaths, and the rebirth asked for when something was missed."""

from datetime import timedelta
from typing import Any

import pytest

from sensors.adapter_memory import Reply
from sensors.adapters import adapter
from sensors.adapters.sparkplug import _PAYLOAD
from sensors.events import Footfall, Presence, Status
from sensors.reject import Reject
from tests.unit.adapters.reading import NOW, device, events, outcomes, reason, utc

DOORS = {"Door1/In": "main", "Door1/Out": "main:out"}
ZONES = {"Zone1/Count": "promo"}
AT = 1772359200000  # 2026-03-01T10:00:00Z


def payload(seq: int, *metrics: dict[str, Any], at: int = AT) -> bytes:
    """A Sparkplug payload as an edge node encodes it."""
    said: Any = _PAYLOAD()
    said.timestamp, said.seq = at, seq
    for metric in metrics:
        added = said.metrics.add()
        for key, value in metric.items():
            setattr(added, key, value)
    return said.SerializeToString()


BIRTH = (
    {"name": "Door1/In", "alias": 1, "datatype": 8, "long_value": 100},
    {"name": "Door1/Out", "alias": 2, "datatype": 8, "long_value": 90},
    {"name": "Zone1/Count", "alias": 3, "datatype": 3, "int_value": 4},
    {"name": "Temperature", "alias": 4, "double_value": 21.5},
)


def test_birth_then_data_by_alias() -> None:
    """A birth names aliases and is online; data that carries only the alias is read by its name."""
    memory: dict[str, Any] = {}
    how: dict[str, Any] = {"memory": memory, "doors": DOORS, "zones": ZONES, "door": ""}
    assert len(events("sparkplug", payload(0), topic="spBv1.0/g/NBIRTH/node", **how)) == 1
    born = events("sparkplug", payload(1, *BIRTH), topic="spBv1.0/g/DBIRTH/node/dev", **how)
    at = utc(2026, 3, 1, 10)
    assert born[0] == Status(
        at=at, store="shop", source="node/dev", state="online", detail="DBIRTH"
    )
    assert [(e.source, e.entered, e.left) for e in born if isinstance(e, Footfall)] == [
        ("node/dev/Door1/In", 100, 0),
        ("node/dev/Door1/Out", 0, 90),
    ]
    assert [e.people for e in born if isinstance(e, Presence)] == [4]
    data = payload(2, {"alias": 1, "long_value": 103})
    (up,) = events("sparkplug", data, topic="spBv1.0/g/DDATA/node/dev", **how)
    assert (up.entered, up.counting, up.door, up.at) == (103, "total", "main", at)


def test_a_gap_asks_for_a_rebirth_and_keeps_the_data() -> None:
    """A missing sequence number is a reject that says rebirth; 255 is followed by 0."""
    memory: dict[str, Any] = {}
    how: dict[str, Any] = {"memory": memory, "doors": DOORS, "door": ""}
    events("sparkplug", payload(254, *BIRTH), topic="spBv1.0/g/NBIRTH/node", **how)
    for seq in (255, 0):
        assert (
            len(
                events(
                    "sparkplug",
                    payload(seq, {"alias": 1, "long_value": 1}),
                    topic="spBv1.0/g/NDATA/node",
                    **how,
                )
            )
            == 1
        )
    said = outcomes(
        "sparkplug", payload(2, {"alias": 1, "long_value": 1}), topic="spBv1.0/g/NDATA/node", **how
    )
    assert isinstance(said[0], Footfall)
    assert isinstance(said[1], Reject)
    assert "rebirth required" in said[1].reason


def test_a_node_is_asked_at_most_once_a_minute_until_it_is_born_again() -> None:
    """A lost node is asked at once, then once a minute whatever it says; a repeat of a number is no loss."""
    memory: dict[str, Any] = {}

    def asked(seq: int, after_s: float, kind: str = "NDATA", node: str = "node") -> list[str]:
        replies: list[Reply] = []
        raw = payload(seq, {"name": "Door1/In", "long_value": 1})
        topic = f"spBv1.0/g/{kind}/{node}"
        now = NOW + timedelta(seconds=after_s)
        adapter("sparkplug").decode(
            raw, topic, device("sparkplug", doors=DOORS), now, memory=memory, replies=replies
        )
        return [reply.topic for reply in replies]

    assert asked(0, 0, "NBIRTH") == asked(1, 1) == asked(1, 2) == []
    assert asked(5, 3) == ["spBv1.0/g/NCMD/node"]
    assert asked(6, 4) == asked(9, 62) == asked(10, 62.9) == []
    assert asked(11, 63) == ["spBv1.0/g/NCMD/node"]
    assert asked(3, 64, node="other") == ["spBv1.0/g/NCMD/other"]
    assert asked(0, 65, "NBIRTH") == asked(1, 200) == []
    assert asked(9, 201, "NCMD") == []


def test_data_before_any_birth_asks_for_one() -> None:
    """An alias nobody named, from a node nobody saw born, asks for a rebirth."""
    why = reason(
        "sparkplug", payload(7, {"alias": 1, "long_value": 1}), topic="spBv1.0/g/DDATA/node/dev"
    )
    assert "rebirth required" in why


def test_deaths_are_offline_and_nulls_nothing() -> None:
    """NDEATH and DDEATH are offline at receipt; a null metric is unknown, not zero."""
    (dead,) = events("sparkplug", payload(0), topic="spBv1.0/g/NDEATH/node")
    assert (dead.state, dead.at, dead.source) == ("offline", NOW, "node")
    null = payload(0, {"name": "Door1/In", "is_null": True})
    born = events("sparkplug", null, topic="spBv1.0/g/NBIRTH/node", doors=DOORS)
    assert not [e for e in born if isinstance(e, Footfall)]


@pytest.mark.parametrize("raw", [b"\x12\xff", b'{"metrics":[]}', b"\x08"])
def test_what_is_no_protobuf_is_refused(raw: bytes) -> None:
    """Broken bytes are a reject."""
    assert "protobuf" in reason("sparkplug", raw, topic="spBv1.0/g/NDATA/node")
