"""The picture under a store's floor plan, by its name alone: digest and size stand in it. Pure."""

import re
from typing import Any

from sensors.settings import Store

NAME = re.compile(r"[0-9a-f]{16}-(\d{1,5})x(\d{1,5})\.webp")


def picture(store: Store) -> dict[str, Any] | None:
    """Where a browser finds the picture, and its width over its height; ``None`` for a store without one."""
    shape = ratio(store.plan)
    return None if shape is None else {"url": address(store.id, store.plan), "ratio": shape}


def address(store: str, name: str) -> str:
    """A picture's address: below its store's wall, so that whoever may see the wall may see it."""
    return f"/wall/{store}/plan/{name}"


def ratio(name: str) -> float | None:
    """Width over height; ``None`` for what is no picture's name.

    >>> ratio("0123456789abcdef-1200x600.webp"), ratio("../secret.webp"), ratio("")
    (2.0, None, None)
    """
    found = NAME.fullmatch(name)
    return round(int(found[1]) / int(found[2]), 4) if found else None
