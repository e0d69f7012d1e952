"""A backtest as one HTML page that needs no network: scores, and each store's forecasts beside what came."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, tzinfo
from pathlib import Path

import plotly.graph_objects as go  # type: ignore[import-untyped]
from plotly.subplots import make_subplots  # type: ignore[import-untyped]

from alerts.tried import Fired
from floorcast.backtest import HORIZONS, NAIVE, QUARTER, TARGETS, Point, Row

MOST = 2_000  # points of a curve; the newest
COLOURS = ("#2f6fde", "#e8833a", "#2a9d6f", "#8a5fbf")


def write_page(
    rows: Sequence[Row], points: Sequence[Point], out: Path, zones: Mapping[str, tzinfo],
    rules: Sequence[Fired] = (),
) -> None:  # fmt: skip
    """Bars of the error by store, target and horizon; a panel a store and target with the next quarter's forecast.

    Each panel has the 95 % interval, and in that of visitors a mark at every alert.
    """
    panels = sorted({(row.store, TARGETS.index(row.target)) for row in rows})
    titles = [
        "WAPE by store, target and horizon",
        *(f"{store}: {TARGETS[n].replace('_', ' ')} a quarter-hour" for store, n in panels),
    ]
    figure = make_subplots(rows=len(panels) + 1, cols=1, subplot_titles=titles)
    models = sorted({row.model for row in rows})
    colours = dict(zip(models, COLOURS, strict=False))
    for model in models:
        own = [row for row in rows if row.model == model]
        names = [f"{row.store} {row.target} {row.horizon}" for row in own]
        bars = go.Bar(x=names, y=[row.wape for row in own], name=model, showlegend=False)
        figure.add_trace(bars.update(marker_color=colours.get(model)), row=1, col=1)
    for place, (store, n) in enumerate(panels, 2):
        own_points = [p for p in points if (p.store, p.target) == (store, TARGETS[n])]
        for trace in _curves(own_points, zones[store], colours):
            figure.add_trace(trace.update(showlegend=place == 2), row=place, col=1)
        told = [fired for fired in rules if fired.store == store and not n]
        if told:
            marks = _alerts(told, zones[store]).update(showlegend=place == 2)
            figure.add_trace(marks, row=place, col=1)
        if place > 2:  # one look for all panels; the bars have an axis of their own
            figure.update_xaxes(matches="x2", row=place, col=1)
    figure.update_yaxes(tickformat=".0%", row=1, col=1)
    figure.update_layout(height=360 * (len(panels) + 1), title="Backtest", template="plotly_white")
    figure.write_html(out, include_plotlyjs=True, full_html=True)


def _alerts(fired: Sequence[Fired], zone: tzinfo) -> go.Scatter:
    """A mark on the axis where a rule fired."""
    x = [one.at.astimezone(zone).replace(tzinfo=None) for one in fired]
    names = [f"{one.rule} {one.subject}".strip() for one in fired]
    mark = {"symbol": "triangle-up", "size": 9, "color": "#c33"}
    return go.Scatter(x=x, y=[0] * len(x), mode="markers", text=names, name="alerts", marker=mark,
                      legendgroup="alerts")  # fmt: skip


def _curves(points: Sequence[Point], zone: tzinfo, colours: Mapping[str, str]) -> list[go.Scatter]:
    """Truth, each model's word and the interval around the one that gives one; nothing is drawn through a night."""
    made: list[go.Scatter] = []
    own = [p for p in points if p.horizon == HORIZONS[0]]
    for model in sorted(
        {p.model for p in own}, key=lambda name: (name != NAIVE, name)
    ):  # ours on top
        stretches = list(_stretches([p for p in own if p.model == model][-MOST:]))
        if model == NAIVE:
            made.append(_line(stretches, zone, "truth", "came", "#222"))
        else:
            made.append(_band(stretches, zone, f"{model} 95 %"))
        made.append(_line(stretches, zone, "said", model, colours.get(model)))
    return made


def _stretches(points: Sequence[Point]) -> Iterator[list[Point]]:
    """Runs of quarters that follow one another."""
    run: list[Point] = []
    for point in points:
        if run and point.start - run[-1].start > QUARTER:
            yield run
            run = []
        run.append(point)
    if run:
        yield run


def _line(
    stretches: Sequence[Sequence[Point]], zone: tzinfo, field: str, name: str, colour: str | None
) -> go.Scatter:
    """One number of the points, broken between two stretches."""
    x: list[datetime | None] = []
    y: list[float | None] = []
    for run in stretches:
        x += [*(_clock(p, zone) for p in run), None]
        y += [*(getattr(p, field) for p in run), None]
    return go.Scatter(x=x, y=y, name=name, mode="lines", line={"color": colour}, legendgroup=name)


def _band(stretches: Sequence[Sequence[Point]], zone: tzinfo, name: str) -> go.Scatter:
    """The interval around each stretch, as one outline there and back."""
    x: list[datetime | None] = []
    y: list[float | None] = []
    for run in stretches:
        known = [p for p in run if p.low is not None]
        x += [*(_clock(p, zone) for p in known), *(_clock(p, zone) for p in reversed(known)), None]
        y += [*(p.high for p in known), *(p.low for p in reversed(known)), None]
    return go.Scatter(x=x, y=y, name=name, mode="lines", line={"width": 0}, fill="toself",
                      fillcolor="rgba(60,120,200,0.2)", legendgroup=name, hoverinfo="skip")  # fmt: skip


def _clock(point: Point, zone: tzinfo) -> datetime:
    """When a quarter began, on the shop's clock."""
    return point.start.astimezone(zone).replace(tzinfo=None)
