"""Where the store stands in its chain, as the chain's words in its log say (``flows.chain_words``)."""

from collections.abc import Callable, Iterator

from flows.facts import Evidence, Window
from flows.measure import Measure, Reading, View
from flows.tallies.chain_words import TRANSFER, ChainWords, Word

_NOW: tuple[Window, ...] = ("now",)


def _words(view: View) -> Iterator[tuple[str, Word | None]]:
    for words in view.of(ChainWords).values():
        yield from words.held(view.at)


def _said(subject: str, made: Callable[[Word], Reading]) -> Callable[[View], Iterator[Reading]]:
    """A reading of one word; unknown once it holds no longer."""

    def read(view: View) -> Iterator[Reading]:
        for name, word in _words(view):
            if name == subject:
                yield Reading(None) if word is None else made(word)

    read.__doc__ = made.__doc__
    return read


def _standing(word: Word) -> Reading:
    """The store's conversion today, drawn towards the chain's, and its rank by it; reason: the verdict."""
    said = word.details()
    evidence = Evidence(
        n=_number(said["n"]), low=_number(said["low"]), high=_number(said["high"]), level=0.8
    )
    detail = {name: said[name] for name in ("rank", "stores")}
    return Reading(word.value, evidence=evidence, reason=str(said["verdict"]), detail=detail)


def _attention(word: Word) -> Reading:
    """Sales lost in the last hour against the chain's rate; ``detail.rank`` 1 needs somebody first, for its reasons."""
    said = word.details()
    reasons = str(said.get("reasons", ""))
    return Reading(round(word.value), reason=reasons.partition(",")[0], detail=said)


def _growth(word: Word) -> Reading:
    """Net sales so far of the stores open on both days ÷ those of the same weekday a week before, less 1."""
    said = word.details()
    evidence = Evidence(n=_number(said.pop("then_minor")), k=_number(said.pop("now_minor")))
    return Reading(word.value, evidence=evidence, detail=said)


def _number(said: str | float) -> float | int | None:
    return said if isinstance(said, int | float) else None


def transfer(view: View) -> Iterator[Reading]:
    """Units of a SKU that near stores could bring (above 0), or take; ``detail``: each of them and its units."""
    for name, word in _words(view):
        if name.startswith(TRANSFER):
            subject = f"sku:{name.removeprefix(TRANSFER)}"
            if word is None:
                yield Reading(None, subject)
            else:
                reason = "bring_in" if word.value > 0 else "send_out" if word.value < 0 else ""
                yield Reading(round(word.value), subject, reason=reason, detail=word.details())


MEASURES = (
    Measure(
        "chain_standing", "ratio", (ChainWords,), _said("chain_standing", _standing), _NOW,
        every_minute=True, quiet=True,
    ),
    Measure(
        "chain_attention", "minor", (ChainWords,), _said("chain_attention", _attention), _NOW,
        every_minute=True, quiet=True,
    ),
    Measure(
        "like_for_like", "ratio", (ChainWords,), _said("like_for_like", _growth), _NOW,
        every_minute=True, quiet=True,
    ),
    Measure("transfer", "units", (ChainWords,), transfer, _NOW, every_minute=True, quiet=True),
)  # fmt: skip
