"""The ``[dashboard]`` table: the screens."""

from typing import Annotated, Literal

from msgspec import Meta

from sensors.settings import Fraction, Positive, PositiveInt, Table

TileName = Literal["occupancy", "visitors", "conversion", "atv", "spv", "queue"]


class DashboardSettings(Table, kw_only=True, frozen=True):
    """``[dashboard]``."""

    host: str = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535)] = 8050  # 0: any free port
    proxies: list[str] = []  # addresses whose X-Forwarded-For and X-Forwarded-Proto are believed
    language: Literal["en", "zh"] = "zh"
    screens: PositiveInt = 64  # walls and phones one process serves at once
    delayed_s: Positive = 5.0
    stale_s: Positive = 30.0
    tiles: tuple[TileName, ...] = ("occupancy", "visitors", "conversion", "atv", "spv", "queue")
    playlist: list[
        str
    ] = []  # what /wall/_playlist shows in turn: chain, a store, store/zones; empty: all of them
    playlist_s: Positive = 20.0  # each for so long …
    interrupt_s: Positive = (
        60.0  # … unless something needs someone now: its store's wall, until taken or so long
    )
    crowded: Fraction = 0.9  # share of the capacity from which the house is watched
    cover_watch_h: Positive = 3.0  # stock that sells out within this is watched …
    cover_act_h: Positive = 1.5  # … and within this acted on
    top_skus: PositiveInt = 6
    cards: PositiveInt = 4  # incidents drawn; the rest are counted
    comment_s: Positive = 10.0  # a silent stream says that it lives
    reread_s: Positive = 5.0  # hints can be lost: what is shown is read again this often
    queue: PositiveInt = 4  # messages a slow screen may lag before it is sent everything anew
    data_dir: str = (
        ".floorcast/screen"  # password hashes, kiosk tokens, push key: readable by their owner only
    )
    session_h: Positive = 12.0  # a login lasts this long at most …
    session_idle_h: Positive = 4.0  # … and ends when no page of it was open for so long
    login_tries: PositiveInt = 8  # wrong passwords for a name or from an address …
    login_window_s: Positive = 900.0  # … within this before either has to wait
    audit_entries: PositiveInt = 100_000
    snooze_s: Positive = 600.0  # "In 10 min" on the staff page
