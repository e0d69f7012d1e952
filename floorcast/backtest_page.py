"""A backtest as one HTML page that needs no network: scores, and each store's forecasts beside what came."""

from collections.abc import Mapping, Sequence
from datetime import tzinfo
from pathlib import Path

import plotly.graph_objects as go  # type: ignore[import-untyped]
from plotly.subplots import make_subplots  # type: ignore[import-untyped]

from alerts.tried import Fired
from floorcast.backtest import HORIZONS, NAIVE, TARGETS, Point, Row

MOST = 2_000  # points of a curve; the newest


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
    for model in sorted({row.model for row in rows}):
        own = [row for row in rows if row.model == model]
        figure.add_trace(
            go.Bar(
                x=[f"{row.store} {row.target} {row.horizon}" for row in own],
                y=[row.wape for row in own], name=model,
            ),
            row=1, col=1,
        )  # fmt: skip
    for place, (store, n) in enumerate(panels, 2):
        own_points = [p for p in points if (p.store, p.target) == (store, TARGETS[n])]
        for trace in _curves(own_points, zones[store]):
            figure.add_trace(trace, row=place, col=1)
        told = [fired for fired in rules if fired.store == store and not n]
        if told:
            figure.add_trace(_alerts(told, zones[store]), row=place, col=1)
    figure.update_yaxes(tickformat=".0%", row=1, col=1)
    figure.update_layout(height=360 * (len(panels) + 1), title="Backtest", template="plotly_white")
    figure.write_html(out, include_plotlyjs=True, full_html=True)


def _alerts(fired: Sequence[Fired], zone: tzinfo) -> go.Scatter:
    """A mark on the axis where a rule fired."""
    x = [one.at.astimezone(zone).replace(tzinfo=None) for one in fired]
    names = [f"{one.rule} {one.subject}".strip() for one in fired]
    mark = {"symbol": "triangle-up", "size": 9, "color": "#c33"}
    return go.Scatter(x=x, y=[0] * len(x), mode="markers", text=names, name="alerts", marker=mark)


def _curves(points: Sequence[Point], zone: tzinfo) -> list[go.Scatter]:
    """Truth, each model's word and the interval around the one that gives one."""
    made: list[go.Scatter] = []
    own = [p for p in points if p.horizon == HORIZONS[0]]
    for model in sorted({p.model for p in own}):
        told = [p for p in own if p.model == model][-MOST:]
        x = [p.start.astimezone(zone).replace(tzinfo=None) for p in told]
        if model == NAIVE:
            made.append(
                go.Scatter(x=x, y=[p.truth for p in told], name="came", line={"color": "#222"})
            )
        else:
            made.append(
                go.Scatter(x=x, y=[p.low for p in told], line={"width": 0}, showlegend=False)
            )
            made.append(
                go.Scatter(x=x, y=[p.high for p in told], line={"width": 0}, fill="tonexty",
                           name=f"{model} 95 %", fillcolor="rgba(60,120,200,0.2)")
            )  # fmt: skip
        made.append(go.Scatter(x=x, y=[p.said for p in told], name=model))
    return made
