"""The Pathway row of ``bench.floor``: ``python floor_pathway.py LINES``, by an interpreter that has Pathway.

It needs nothing of this repository but ``floor_counts`` beside it.
"""

import sys
from datetime import timedelta
from typing import Any

import pathway as pw  # type: ignore[import-not-found, unused-ignore]
from floor_counts import Counts, report, timed  # type: ignore[import-not-found, unused-ignore]


class Said(pw.Schema):  # type: ignore[misc, name-defined, unused-ignore]
    """The fields that are counted."""

    kind: str
    at: str
    store: str
    door: str | None = pw.column_definition(default_value=None)
    entered: int | None = pw.column_definition(default_value=None)
    left: int | None = pw.column_definition(default_value=None)
    net_minor: int | None = pw.column_definition(default_value=None)


def count(lines: str) -> Counts:
    """Tumbling minutes by ``windowby``."""
    said = pw.io.jsonlines.read(lines, schema=Said, mode="static")
    events = said.select(
        at=pw.this.at.dt.strptime("%Y-%m-%dT%H:%M:%S.%fZ"),
        store=pw.this.store,
        door=pw.coalesce(pw.this.door, ""),
        entered=pw.coalesce(pw.this.entered, 0),
        left=pw.coalesce(pw.this.left, 0),
        tickets=pw.cast(int, pw.this.kind == "pos"),
        net_minor=pw.coalesce(pw.this.net_minor, 0),
    )
    minutes = events.windowby(
        events.at,
        window=pw.temporal.tumbling(duration=timedelta(minutes=1)),
        instance=(events.store, events.door),
    ).reduce(
        pane=pw.this._pw_instance,  # noqa: SLF001 - its documented name
        start=pw.this._pw_window_start,  # noqa: SLF001
        entered=pw.reducers.sum(pw.this.entered),
        left=pw.reducers.sum(pw.this.left),
        tickets=pw.reducers.sum(pw.this.tickets),
        net_minor=pw.reducers.sum(pw.this.net_minor),
    )
    counts: Counts = {}

    def keep(key: object, row: dict[str, Any], time: int, is_addition: bool) -> None:  # noqa: ARG001, FBT001
        if is_addition:
            pane, minute = row["pane"], int(row["start"].timestamp()) // 60
            numbers = [row[name] for name in ("entered", "left", "tickets", "net_minor")]
            counts[pane[0], pane[1], minute] = numbers

    pw.io.subscribe(minutes, keep)
    pw.run(monitoring_level=pw.MonitoringLevel.NONE)
    return counts


if __name__ == "__main__":
    found, took = timed(lambda: count(sys.argv[1]))
    report(found, **took)
