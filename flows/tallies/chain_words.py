"""What the chain last told this store of where it stands among the others, and what it could bring to whom."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from flows.tally import NOW, Part, Tallies, Tally, tally_of
from sensors.events import Plan

TRANSFER = "transfer:"  # and the SKU: the subject of a word about goods
KEPT_MS = round(timedelta(days=4).total_seconds() * 1000)  # a word is forgotten this long after it


class Word(NamedTuple):
    """One word.

    Attributes:
        said_ms, until_ms: epoch milliseconds; after ``until_ms`` it holds no longer.
        note: further numbers, as ``name=word`` each.
    """

    said_ms: int
    until_ms: int
    value: float
    note: str

    def details(self) -> dict[str, str | int | float]:
        """What the note says, numbers as numbers.

        >>> Word(0, 1, 0.2, "rank=2 verdict=below low=0.1").details()
        {'rank': 2, 'verdict': 'below', 'low': 0.1}
        """
        pairs = (said.partition("=")[::2] for said in self.note.split())
        return {name: number_of(word) for name, word in pairs}


def number_of(word: str) -> str | int | float:
    """A number where the word is one.

    >>> number_of("12"), number_of("0.5"), number_of("below")
    (12, 0.5, 'below')
    """
    for kind in (int, float):
        try:
            return kind(word)
        except ValueError:
            continue
    return word


class ChainWords(Tally):
    """The chain's words by subject; of two about one subject the newer holds.

    Attributes:
        newest: epoch milliseconds of the newest word, by which old ones are forgotten.
    """

    kind = "chain_words"
    windows = NOW
    invertible = False

    words: dict[str, tuple[int, int, float, str]] = {}
    newest: int = 0

    def merge(self, other: "ChainWords", sign: int = 1) -> None:
        """Take the newer words; nothing is taken back."""
        if sign < 0:
            return
        self.newest = max(self.newest, other.newest)
        for name, word in other.words.items():
            self.words[name] = max(tuple(word), self.words.get(name, (0, 0, 0.0, "")))  # type: ignore[assignment]
        for name in [n for n, word in self.words.items() if word[0] < self.newest - KEPT_MS]:
            del self.words[name]

    def held(self, at: datetime) -> Iterator[tuple[str, Word | None]]:
        """Each subject's word; ``None`` where it holds no longer."""
        now_ms = at.timestamp() * 1000
        for name, row in sorted(self.words.items()):
            word = Word(*row)
            yield name, word if word.until_ms > now_ms else None


def contribute(_pane: Tallies, now: Tallies, event: Plan, sign: int) -> None:
    """Take what the chain says."""
    if event.about == "chain" and event.value is not None:
        said, until = (round(at.timestamp() * 1000) for at in (event.at, event.ends_at))
        word = ChainWords({event.subject: (said, until, event.value, event.note)}, said)
        tally_of(now, ChainWords, "").merge(word, sign)


PARTS = (Part(Plan, (ChainWords,), contribute),)
