"""Tables of the managers' pages: columns as data, formats by name, one look."""

from collections.abc import Sequence
from typing import Any

import dash_ag_grid as dag  # type: ignore[import-untyped]
import dash_mantine_components as dmc  # type: ignore[import-untyped]
from dash import Dash, Input, Output, State, dcc, html
from dash.development.base_component import Component

from dashboard.catalogue import LOCALE, Language, words
from dashboard.panels import aria

Column = dict[str, Any]
THEME = (
    "themeQuartz.withParams({backgroundColor: '#11151E', foregroundColor: '#F4F6FB', "
    "headerBackgroundColor: '#171C27', borderColor: '#232A38', accentColor: '#4C9BFF', "
    "rowHoverColor: '#171C27', selectedRowBackgroundColor: '#173250', fontFamily: 'inherit', "
    "fontSize: 15, cellHorizontalPadding: 12, headerTextColor: '#A9B3C7', browserColorScheme: 'dark'})"
)
_PHONE = "phone"  # a column's width there; the grid knows no such option
_RIGHT = {"type": "rightAligned"}
WRAPPED: Column = {"cellClass": "wrapped"}  # words of up to two lines
_HEARD = {
    "cellKeyDown": ["fc.entered(params)"],
    "rowDataUpdated": ["fc.sized(params)", "fc.asked(params)"],
    "headerHeightChanged": ["fc.sized(params)"],
}
"""What a table's own events call in ``managers.js``."""
_SINGLE = {"mode": "singleRow", "checkboxes": False, "enableClickSelection": True}


def column(
    field: str, key: str, form: str = "", *, phone: int | None = None, **more: object
) -> Column:
    """A column; ``key`` is its heading's in the catalogue, ``form`` a format of ``managers.js``.

    Args:
        field: of a row.
        key: of the heading.
        form: a format's name.
        phone: how many pixels wide it is where the window is a phone's, 0 for its share of what the others leave;
            ``None``: it is not shown there.
        more: options of the grid's own.
    """
    made: Column = {"field": field, "headerName": key, "minWidth": 84, _PHONE: phone}
    if not form and "cellRenderer" not in more:
        made["tooltipField"] = field  # words may be longer than their column
    if form:
        made |= {"valueFormatter": {"function": f"fc.{form}(params)"}}
        if form in {"int", "money", "pct", "seconds"}:
            made |= _RIGHT
    return made | more


def table(
    name: str,
    columns: Sequence[Column],
    language: Language,
    height: str,
    **more: Any,  # noqa: ANN401 - the grid's own options
) -> dag.AgGrid:
    """A grid whose rows keep their place, selection and scroll when their numbers change.

    It is as high as its rows need, ``height`` at most: a CSS length in ``--vh``, hundredths of the window's height.
    """
    text = words(language)
    shown = [c | {"headerName": text[c["headerName"]]} for c in columns]
    phone = {_PHONE: {c["field"]: c[_PHONE] for c in shown if c[_PHONE] is not None}}
    return dag.AgGrid(
        id=name,
        columnDefs=[{k: v for k, v in c.items() if k != _PHONE} for c in shown],
        rowData=[],
        eventListeners=dict(_HEARD),
        getRowId="params.data.id",
        defaultColDef={
            "sortable": True,
            "resizable": True,
            "suppressHeaderMenuButton": True,
            "wrapHeaderText": True,
            "autoHeaderHeight": True,
        },
        dashGridOptions={
            "theme": {"function": THEME},
            "rowHeight": 44,
            "headerHeight": 40,
            "suppressCellFocus": False,
            "enableCellTextSelection": True,
            "animateRows": False,
            "ensureDomOrder": True,
            "enableBrowserTooltips": True,
            "context": {"locale": LOCALE[language], "table": name, "tallest": height} | phone,
            "localeText": {"noRowsToShow": text["grid.none"], "loadingOoo": text["grid.loading"]},
            **more,
        },
        columnSize=None,
        style={"height": height, "width": "100%"},
    )


def without_stores(columns: Sequence[Column], stores: int) -> list[Column]:
    """The columns, the store's own left out where there is but one."""
    return [c for c in columns if stores > 1 or c["field"] != "shop"]


def off_phone(columns: Sequence[Column], field: str) -> list[Column]:
    """The columns, one of them not shown on a phone."""
    return [c | {_PHONE: None} if c["field"] == field else c for c in columns]


def windows(share: int) -> str:
    """A CSS length: so many hundredths of the window's height, also where the page is enlarged.

    >>> windows(44)
    'calc(44 * var(--vh))'
    """
    return f"calc({share} * var(--vh))"


def chosen(name: str) -> str:
    """The place that holds the row chosen in a table: its ``id``, and its ``store`` where rows have one."""
    return f"{name}-chosen"


def choosing(name: str, columns: Sequence[Column], language: Language, height: str) -> Component:
    """A table of which one row is chosen: by a click, the space bar or the enter key.

    Dash's wrapper of the grid puts back the selection it knows of whenever rows arrive, and so undoes a choice that is
    made in that very moment. It is kept out of it: the grid holds its selection itself, ``managers.js`` notes a choice.
    """
    grid = table(name, columns, language, height, rowSelection=_SINGLE, onSelectionChanged=None)
    grid.selectedRows = None
    grid.eventListeners |= {"selectionChanged": ["fc.chosen(params)"]}
    return html.Div([dcc.Store(id=chosen(name)), grid])


def searched(app: Dash, name: str) -> None:
    """Let what is typed into ``{name}-search`` leave those rows of a table that have all of its words."""
    app.clientside_callback(  # type: ignore[no-untyped-call]
        "function(text, options) { return {...options, quickFilterText: text || ''}; }",
        Output(name, "dashGridOptions"),
        Input(f"{name}-search", "value"),
        State(name, "dashGridOptions"),
        prevent_initial_call=True,
    )


def search(name: str, label: str) -> Any:  # noqa: ANN401 - dash_mantine_components has no types
    """Where it is typed."""
    return dmc.TextInput(id=f"{name}-search", placeholder=label, w=240, **aria(label=label))
