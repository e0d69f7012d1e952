"""Money as vendors write it, in exact minor units; exponents after ISO 4217."""

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal

from sensors.adapters._json import decimal
from sensors.adapters._unreadable import UnreadableError

_NONE = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_THREE = "BHD IQD JOD KWD LYD OMR TND"
_EXPONENTS = {
    **dict.fromkeys(_NONE.split(), 0),
    **dict.fromkeys(_THREE.split(), 3),
    "CLF": 4,
    "UYW": 4,
}


def exponent(currency: str) -> int:
    """Decimal places of a currency's minor unit.

    >>> exponent("USD"), exponent("JPY"), exponent("KWD")
    (2, 0, 3)
    """
    return _EXPONENTS.get(currency, 2)


def code(value: object, default: str, place: str = "$") -> str:
    """An ISO 4217 code in capitals; ``XXX`` (no currency) and nothing are ``default``."""
    if value in (None, "", "XXX"):
        return default
    if not isinstance(value, str) or len(value) != 3 or not (value.isascii() and value.isalpha()):
        raise UnreadableError(f"not a currency: {str(value)[:10]!r}", place)
    return value.upper()


def minor(amount: object, currency: str, place: str = "$") -> int:
    """A decimal amount in minor units, half away from zero; raises ``UnreadableError``.

    >>> minor("26.990", "EUR"), minor("-0.005", "USD"), minor("1200", "JPY"), minor("1.234", "KWD")
    (2699, -1, 1200, 1234)
    """
    exact = decimal(amount, place).scaleb(exponent(currency))
    return _bounded(exact.quantize(Decimal(1), rounding=ROUND_HALF_UP), place)


def maybe_minor(amount: object, currency: str, place: str = "$") -> int:
    """As ``minor``; nothing said is 0."""
    return 0 if amount is None or amount == "" else minor(amount, currency, place)


def whole(amount: object, place: str = "$") -> int:
    """An amount that is already in minor units; nothing said is 0. Raises ``UnreadableError``."""
    if amount is None or amount == "":
        return 0
    exact = decimal(amount, place)
    if exact != exact.to_integral_value():
        raise UnreadableError(f"expected an amount in whole minor units, got {exact}", place)
    return _bounded(exact, place)


def prorated(amounts: Sequence[int], total: int) -> list[int]:
    """``amounts`` scaled so that they sum to ``total`` exactly; largest remainders take the rest.

    >>> prorated([2699, 1000], 3108)
    [2268, 840]
    """
    whole_sum = sum(amounts)
    if not whole_sum:
        return list(amounts)
    shares = [divmod(a * total, whole_sum) for a in amounts]
    parts = [q for q, _ in shares]
    by_rest = sorted(range(len(parts)), key=lambda i: -abs(shares[i][1]))
    for i in by_rest[: total - sum(parts)]:
        parts[i] += 1
    return parts


def _bounded(exact: Decimal, place: str) -> int:
    if abs(exact) > 2**53:
        raise UnreadableError(f"an amount of {exact:g} is out of every sensible range", place)
    return int(exact)
