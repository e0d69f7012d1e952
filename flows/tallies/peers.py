"""What the other stores of the chain show, as the chain last told this one."""

from datetime import UTC, datetime

from flows.tally import NOW, Part, Tallies, Tally, tally_of
from sensors.events import Plan

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


class Peers(Tally):
    """The chain's usual value of a metric (subject), and how many visitors it counts for.

    Attributes:
        said_at: the newest word holds; until: it holds no longer.
    """

    kind = "peers"
    windows = NOW
    invertible = False

    said_at: datetime = LONG_AGO
    until: datetime = LONG_AGO
    mean: float = 0.0
    weight: float = 0.0
    stores: int = 0

    def merge(self, other: "Peers", sign: int = 1) -> None:
        """Take the newer word; nothing is taken back."""
        if sign > 0:
            self.said_at, self.until, self.mean, self.weight, self.stores = max(
                (self.said_at, self.until, self.mean, self.weight, self.stores),
                (other.said_at, other.until, other.mean, other.weight, other.stores),
            )


def note_of(weight: float, stores: int) -> str:
    """The words in which a plan carries a prior's weight and its stores; ``read_note`` reads them."""
    return f"weight={weight:.1f} stores={stores}"


def read_note(note: str) -> tuple[float, int]:
    """Weight and stores; none where the words are not ours.

    >>> read_note(note_of(412.5, 12)), read_note("gossip")
    ((412.5, 12), (0.0, 0))
    """
    said = dict(word.partition("=")[::2] for word in note.split())
    try:
        return max(0.0, float(said["weight"])), int(said["stores"])
    except (KeyError, ValueError):
        return 0.0, 0


def contribute(_pane: Tallies, now: Tallies, event: Plan, sign: int) -> None:
    """Take what the chain says of its stores."""
    if event.about != "peers" or event.value is None:
        return
    weight, stores = read_note(event.note)
    if stores:
        word = Peers(event.at, event.ends_at, event.value, weight, stores)
        tally_of(now, Peers, event.subject).merge(word, sign)


PARTS = (Part(Plan, (Peers,), contribute),)
