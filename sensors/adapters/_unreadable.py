"""What an adapter says of bytes it cannot read."""


class UnreadableError(ValueError):
    """The vendor's bytes do not say what the format promises.

    Attributes:
        place: where in the message, ``$`` being the whole of it.
    """

    def __init__(self, reason: str, place: str = "$") -> None:
        super().__init__(reason)
        self.place = place
