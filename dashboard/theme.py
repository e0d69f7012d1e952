"""The screen's colours and the template of managers' charts; ``assets/wall.css`` carries the same tokens."""

from typing import Any

TOKENS: dict[str, str] = {
    "bg": "#0A0D13",
    "surface": "#11151E",
    "raised": "#171C27",
    "line": "#232A38",
    "text": "#F4F6FB",
    "muted": "#A9B3C7",
    "data": "#4C9BFF",
    "ok": "#2DD4A7",
    "watch": "#FFB224",
    "act": "#FF6A55",
    "stale": "#7D879C",
    "heat0": "#141C2A",
    "heat1": "#173250",
    "heat2": "#1C5288",
    "heat3": "#2F82CF",
    "heat4": "#8CCBFF",
}

FONT = "Inter, 'Noto Sans CJK SC', 'Noto Sans SC', sans-serif"


def chart_figure() -> dict[str, Any]:
    """The empty chart of a day: band, forecast, visitors and the present moment, to be filled.

    A dict, not a ``go.Figure``: validating one costs more than drawing it.
    """
    hidden = {"type": "scatter", "mode": "lines", "line": {"width": 0}, "hoverinfo": "skip"}
    return {
        "data": [
            hidden | {"x": [], "y": []},
            hidden | {"x": [], "y": [], "fill": "tonexty", "fillcolor": "rgba(139,152,178,.18)"},
            _line(TOKENS["muted"], 3, dash="dot"),
            _line(TOKENS["data"], 5)
            | {"fill": "tozeroy", "fillcolor": "rgba(76,155,255,.10)", "connectgaps": False},
            {
                "type": "scatter",
                "mode": "markers",
                "x": [],
                "y": [],
                "cliponaxis": False,
                "hoverinfo": "skip",
                "marker": {
                    "color": TOKENS["bg"],
                    "size": 16,
                    "line": {"color": TOKENS["data"], "width": 5},
                },
            },
        ],
        "layout": _layout(),
    }


def _line(colour: str, width: int, dash: str = "solid") -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines",
        "x": [],
        "y": [],
        "hoverinfo": "skip",
        "line": {
            "color": colour,
            "width": width,
            "dash": dash,
            "shape": "spline",
            "smoothing": 0.5,
        },
    }


def _layout() -> dict[str, Any]:
    axis = {"zeroline": False, "fixedrange": True, "ticks": "", "automargin": False}
    return {
        "font": {"family": FONT, "size": 24, "color": TOKENS["muted"]},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "showlegend": False,
        "margin": {"l": 56, "r": 24, "t": 8, "b": 40},
        "transition": {"duration": 0},
        "xaxis": axis | {"type": "linear", "showgrid": False, "range": [0, 1], "tickvals": []},
        "yaxis": axis | {"gridcolor": TOKENS["line"], "range": [0, 10], "tickvals": []},
        "shapes": [],
        "annotations": [],
    }
