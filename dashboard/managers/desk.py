"""What the managers' pages read from, and what the one who looks may see of it."""

from typing import NamedTuple

from alerts.settings import Person
from dashboard.catalogue import Language
from dashboard.doors.gate import visitor
from dashboard.language import language_of
from dashboard.managers.house_reader import HouseReader
from dashboard.settings import DashboardSettings
from dashboard.shop import Shop, Shops
from dashboard.stream import Hub
from dashboard.write import CommandWriter


class Desk(NamedTuple):
    """What every page is given."""

    house: HouseReader
    shops: Shops
    hub: Hub
    writer: CommandWriter
    people: tuple[Person, ...]
    settings: DashboardSettings

    def mine(self) -> list[str]:
        """Stores whose pages the visitor may open."""
        who = visitor()
        return [name for name in self.shops if who.may("manager", name)]

    def language(self, search: str | None) -> Language:
        """The language an address asks for."""
        return language_of(search, self.settings.language)

    def shop(self, path: str | None) -> Shop | None:
        """The store an address such as ``/store/riverside`` names, if the visitor may see it."""
        parts = (path or "").strip("/").split("/")
        name = parts[1] if len(parts) == 2 and parts[0] == "store" else ""
        return self.shops[name] if name in self.mine() else None
