"""What is made of states that are kept as bytes, remembered up to their size.

A store of five thousand SKUs has a hundred times the state of a kiosk, so a number of states bounds nothing.
"""

from collections import OrderedDict
from collections.abc import Callable
from functools import wraps
from threading import Lock
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


def remembered(
    most: int, size: Callable[[Any], int] | None = None
) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Remember a function's newest answers while they are no more than ``most`` bytes together.

    An answer counts with its ``size``, without one with the bytes among its arguments. The newest is kept however large
    it is. Arguments are positional and hashable; answers are only looked at.

    >>> made = []
    >>> @remembered(most=5)
    ... def length(state: bytes) -> int:
    ...     made.append(state)
    ...     return len(state)
    >>> [length(state) for state in (b"abc", b"abc", b"xyz", b"abc")], made
    ([3, 3, 3, 3], [b'abc', b'xyz', b'abc'])
    """

    def remembering(make: Callable[P, T]) -> Callable[P, T]:
        known: OrderedDict[tuple[object, ...], tuple[T, int]] = OrderedDict()
        lock, held = Lock(), 0

        @wraps(make)
        def ask(*args: P.args, **kwargs: P.kwargs) -> T:
            nonlocal held
            with lock:
                if args in known:
                    known.move_to_end(args)
                    return known[args][0]
            answer = make(*args, **kwargs)
            weight = size(answer) if size else _size(args)
            with lock:
                if args not in known:
                    held += weight
                known[args] = answer, weight
                while held > most and len(known) > 1:
                    held -= known.popitem(last=False)[1][1]
            return answer

        return ask

    return remembering


def _size(argument: object) -> int:
    """Bytes in an argument, or in the tuples it is made of."""
    if isinstance(argument, tuple):
        return sum(map(_size, argument))
    return len(argument) if isinstance(argument, bytes) else 0
