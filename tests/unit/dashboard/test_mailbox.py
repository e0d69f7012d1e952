"""The latest-wins queue of one screen."""

from threading import Thread

from dashboard.mailbox import Mailbox


def test_messages_come_in_order() -> None:
    """A screen that keeps up gets every message."""
    box = Mailbox(3)
    for message in (b"1", b"2", b"3"):
        box.put(message)
    assert [box.take(0) for _ in range(4)] == [b"1", b"2", b"3", None]
    assert not box.owed()


def test_a_lagging_screen_is_owed_everything() -> None:
    """Beyond its limit a screen's messages are dropped, and it is owed the whole state once."""
    box = Mailbox(2)
    for n in range(5):
        box.put(str(n).encode())
    assert box.take(0) is None
    assert box.owed()
    assert not box.owed()
    box.put(b"next")
    assert box.take(0) == b"next"


def test_closing_wakes_the_taker() -> None:
    """A screen that waits is let go at once when the server stops."""
    box = Mailbox(1)
    taken: list[bytes | None] = []
    taker = Thread(target=lambda: taken.append(box.take(30)))
    taker.start()
    box.close()
    taker.join(5)
    assert taken == [None]
    assert box.closed
