"""What ingest could not take, and why: data, never an exception."""

from msgspec import Struct


class Reject(Struct, frozen=True, gc=False):
    """One thing said that is not an event.

    Attributes:
        reason: what is wrong, in words an engineer at the gateway can act on.
        place: where in the message: ``$`` the whole of it, ``$[2]`` its third event, ``$[2].entered`` a field.
        topic: the topic or webhook path it came in by.
        raw: the bytes it could not take, whole; what keeps them may cap them.
        source: the device, where that much is known; ``store`` likewise.
    """

    reason: str
    place: str
    topic: str
    raw: bytes
    source: str = ""
    store: str = ""
