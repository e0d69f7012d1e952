"""A backtest as one HTML page that needs no network: scores, and each store's forecasts beside what came."""

from collections.abc import Mapping, Sequence
from datetime import tzinfo
from pathlib import Path

import plotly.graph_objects as go  # type: ignore[import-untyped]
from plotly.subplots import make_subplots  # type: ignore[import-untyped]

from floorcast.backtest import HORIZONS, NAIVE, Point, Row

MOST = 2_000  # points of a curve; the newest


def write_page(
    rows: Sequence[Row], points: Sequence[Point], out: Path, zones: Mapping[str, tzinfo]
) -> None:
    """One panel a store with the next quarter's forecast and its 95 % interval, and bars of the error by horizon."""
    stores = sorted({row.store for row in rows})
    titles = [
        "WAPE by store and horizon",
        *(f"{store}: visitors a quarter-hour" for store in stores),
    ]
    figure = make_subplots(rows=len(stores) + 1, cols=1, subplot_titles=titles)
    for model in sorted({row.model for row in rows}):
        own = [row for row in rows if row.model == model]
        figure.add_trace(
            go.Bar(
                x=[f"{row.store} {row.horizon}" for row in own], y=[row.wape for row in own], name=model
            ),
            row=1, col=1,
        )  # fmt: skip
    for n, store in enumerate(stores, 2):
        for trace in _curves(points, store, zones):
            figure.add_trace(trace, row=n, col=1)
    figure.update_yaxes(tickformat=".0%", row=1, col=1)
    figure.update_layout(height=360 * (len(stores) + 1), title="Backtest", template="plotly_white")
    figure.write_html(out, include_plotlyjs=True, full_html=True)


def _curves(points: Sequence[Point], store: str, zones: Mapping[str, tzinfo]) -> list[go.Scatter]:
    """Truth, each model's word and the interval around the one that gives one."""
    made: list[go.Scatter] = []
    own = [p for p in points if p.store == store and p.horizon == HORIZONS[0]]
    for model in sorted({p.model for p in own}):
        told = [p for p in own if p.model == model][-MOST:]
        x = [p.start.astimezone(zones[store]).replace(tzinfo=None) for p in told]
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
