"""What is on hand of each SKU: the newest count, and every move since."""

from datetime import UTC, datetime

from flows.tally import NOW, Part, Tallies, Tally, add_counts, tally_of
from sensors.events import Pos, Stock

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
MOVES = 16  # kept one by one; older ones are summed up


class StockLevel(Tally):
    """One SKU's stock at the store.

    Attributes:
        counted_at, counted: the newest count, the larger at the same instant; ``None`` before any.
        moves: units by the instant (epoch milliseconds) they came (+) or went (−), after ``counted_at``.
    """

    kind = "stock"
    windows = NOW

    counted_at: datetime = LONG_AGO
    counted: int | None = None
    moves: dict[int, int] = {}

    def merge(self, other: "StockLevel", sign: int = 1) -> None:
        """Add or take back, field by field; a level takes the newer word and takes nothing back."""
        if sign > 0 and other.counted is not None:
            if self.counted is None:
                self.counted_at, self.counted = other.counted_at, other.counted
            else:
                self.counted_at, self.counted = max(
                    (self.counted_at, self.counted), (other.counted_at, other.counted)
                )
        add_counts(self.moves, other.moves, sign)
        self._drop_counted_moves()

    def move(self, at: int, units: int) -> None:
        """Add a move at an instant (epoch milliseconds)."""
        total = self.moves.get(at, 0) + units
        if total:
            self.moves[at] = total
        else:
            del self.moves[at]
        self._drop_counted_moves()

    def _drop_counted_moves(self) -> None:
        if self.counted is not None:
            after = self.counted_at.timestamp() * 1000
            for at in [at for at in self.moves if at <= after]:
                del self.moves[at]
        while len(self.moves) > MOVES:
            oldest, following = sorted(self.moves)[:2]
            self.moves[following] += self.moves.pop(oldest)

    @property
    def on_hand(self) -> int | None:
        """Units on hand; ``None`` before the first count. Negative means the count was wrong, and is shown."""
        return None if self.counted is None else self.counted + sum(self.moves.values())


def stock(_pane: Tallies, now: Tallies, event: Stock, sign: int) -> None:
    """Take a count or a change of the store's stock; moves between floor and back room change nothing."""
    if event.location != "store" and event.on_hand is not None:
        return
    said = StockLevel()
    if event.on_hand is not None:
        said.counted_at, said.counted = event.at, event.on_hand
    if event.delta and event.reason != "order":
        said.moves = {round(event.at.timestamp() * 1000): event.delta}
    tally_of(now, StockLevel, event.sku).merge(said, sign)


def sold(_pane: Tallies, now: Tallies, event: Pos, sign: int) -> None:
    """Take what a ticket sold off the stock, and put what came back onto it."""
    at = round(event.at.timestamp() * 1000)
    for line in event.lines:
        if line.units:
            tally_of(now, StockLevel, line.sku).move(at, -sign * line.units)


PARTS = (Part(Stock, (StockLevel,), stock), Part(Pos, (StockLevel,), sold))
