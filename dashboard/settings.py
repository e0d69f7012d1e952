"""The ``[dashboard]`` table: the screens."""

from typing import Annotated, Literal

from msgspec import Meta

from sensors.settings import Positive, PositiveInt, Table


class DashboardSettings(Table, kw_only=True, frozen=True):
    """``[dashboard]``."""

    host: str = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535)] = 8050  # 0: any free port
    language: Literal["en", "zh"] = "zh"
    screens: PositiveInt = 64  # walls and phones one process serves at once
    delayed_s: Positive = 5.0
    stale_s: Positive = 30.0
    tiles: tuple[str, ...] = ("occupancy", "visitors", "conversion", "atv", "spv", "queue")
