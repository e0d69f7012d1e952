"""Facts that change → every screen that shows them.

    changed:{p} ─▶ one subscription ─▶ read once per store ─▶ view ─▶ what differs ─┬▶ mailbox ─▶ screen
                                                                                    └▶ mailbox ─▶ screen

Messages are JSON: ``{v, seq, now, at, newest, link, set, drop}``. ``full`` marks one that stands alone; any
other builds on the message with the ``seq`` before it, and a screen that misses one asks for everything anew.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from threading import Event, Lock, Thread
from typing import Any, Literal

import msgspec
import structlog

from dashboard.mailbox import Mailbox
from dashboard.parts import Parts, epoch_ms
from dashboard.reader import Reader, UnreachableError
from dashboard.settings import DashboardSettings
from dashboard.shop import Shop, Shops
from dashboard.snapshot import Snapshot
from dashboard.staff.view import staff_view
from dashboard.view import changed, view

log = structlog.get_logger("dashboard.stream")
FULL_HOUSE_MS = 15_000
"""A screen beyond ``dashboard.screens`` gets everything once in this time, and never an error."""

CARRY_S = 2.0
"""Walls hear this often up to when what they show holds, be there news or not."""

_RETRY_S = (0.2, 0.5, 1.0, 2.0)


View = Callable[[Snapshot, Shop], Parts]
Room = Literal["wall", "staff"]
"""What a stream shows of a store: the whole wall, or what staff have to do."""

_VIEWS: dict[Room, View] = {"wall": view, "staff": staff_view}


class Feed:
    """One store's state as its screens have it. The lock keeps messages and joining screens in one order."""

    def __init__(self, shop: Shop, version: str, look: View = view) -> None:
        self.shop, self._look = shop, look
        self.screens: set[Mailbox] = set()
        self.lock = Lock()
        self._version = version
        self._seq = 0
        self._parts: Parts = {}
        self._stamp: dict[str, Any] = {"at": None, "newest": None, "link": "connecting"}
        self._now: tuple[datetime, float] | None = (
            None  # data store's time, and ours when it said so
        )

    def refresh(self, reader: Reader) -> None:
        """Read the store and tell its screens what changed; raises ``UnreachableError``."""
        snapshot = reader.read(self.shop.store.id)
        self._now = (snapshot.read_at, time.monotonic())
        parts = self._look(snapshot, self.shop)
        newest = snapshot.newest_at
        self._stamp = {
            "at": epoch_ms(snapshot.holds_at) if snapshot.holds_at else None,
            "newest": epoch_ms(newest) if newest else None,
            "link": "ok",
        }
        changes, gone = changed(self._parts, parts)
        self._parts = parts
        self._publish(changes, gone)

    def carry(self, through: datetime) -> None:
        """Tell the screens that what they show holds until ``through``, if that is later than they know."""
        known, at = self._stamp["at"], epoch_ms(through)
        if known is not None and at > known:
            self._stamp = self._stamp | {"at": at}
            self._publish({}, [])

    def lost(self) -> None:
        """Tell the screens that the data store does not answer; what they show stays."""
        self._stamp = self._stamp | {"link": "down"}
        self._publish({}, [])

    def _publish(self, changes: Parts, gone: list[str]) -> None:
        self._seq += 1
        message = self._frame("delta", self._envelope() | {"set": changes, "drop": gone})
        for screen in self.screens:
            screen.put(message)

    def full(self) -> dict[str, Any]:
        """Everything a screen needs to draw from nothing."""
        return self._envelope() | {"full": True, "set": self._parts, "drop": []}

    def full_frame(self) -> bytes:
        """``full`` as it goes over the wire."""
        return self._frame("full", self.full())

    def _envelope(self) -> dict[str, Any]:
        return {"v": self._version, "seq": self._seq, "now": self._clock(), **self._stamp}

    def _clock(self) -> int | None:
        """The data store's time, carried on while it does not answer."""
        if self._now is None:
            return None
        said, ours = self._now
        return epoch_ms(said + timedelta(seconds=time.monotonic() - ours))

    @staticmethod
    def _frame(name: str, message: dict[str, Any]) -> bytes:
        return b"event: %s\ndata: %s\n\n" % (name.encode(), msgspec.json.encode(message))


class Hub:
    """One subscription for all screens of a process; started by the first screen, ended by ``close``."""

    def __init__(
        self, reader: Reader, shops: Shops, settings: DashboardSettings, version: str
    ) -> None:
        self._reader = reader
        self._settings = settings
        self._feeds = {
            (room, name): Feed(shop, version, look)
            for room, look in _VIEWS.items()
            for name, shop in shops.items()
        }
        self._listeners: dict[Mailbox, frozenset[str]] = {}  # and the stores each hears of
        self._start = Lock()
        self._thread: Thread | None = None
        self._closing = Event()
        self._carried = self._reread = time.monotonic()  # when that was last done

    @property
    def screens(self) -> int:
        """How many screens are connected."""
        return sum(len(feed.screens) for feed in self._feeds.values())

    def state(self, store: str, room: Room = "wall") -> dict[str, Any]:
        """Everything about a store now, for a screen whose stream is silent; raises ``KeyError``."""
        feed = self._feeds[room, store]
        with feed.lock:
            self._refresh(feed)
            return feed.full()

    def events(
        self, store: str, room: Room = "wall", holds: Callable[[], bool] = lambda: True
    ) -> Iterator[bytes]:
        """A screen's stream, from everything to what changes; ends when the hub closes.

        ``holds`` is asked before each message whether who looks still may. Raises ``KeyError`` at once for
        an unknown store.
        """
        feed = self._feeds[room, store]
        return self._stream(feed, holds)

    def _stream(self, feed: Feed, holds: Callable[[], bool]) -> Iterator[bytes]:
        screen = Mailbox(self._settings.queue)
        self._ensure_running()
        full_house = self.screens >= self._settings.screens
        yield b"retry: %d\n\n" % (FULL_HOUSE_MS if full_house else 1000)
        with feed.lock:
            self._refresh(feed)
            first = feed.full_frame()
            if not full_house:
                feed.screens.add(screen)
        if full_house:
            yield first
            return
        try:
            yield first
            while not (screen.closed or self._closing.is_set()):
                message = self._next(feed, screen)
                if not holds():
                    return
                yield message
        finally:
            with feed.lock:
                feed.screens.discard(screen)

    def hints(
        self, stores: Iterable[str], holds: Callable[[], bool] = lambda: True
    ) -> Iterator[bytes]:
        """Which of some stores changed, and ``lost`` while nothing can be read: hints for pages that read themselves.

        ``holds`` as in ``events``.
        """
        mailbox = Mailbox(self._settings.queue)
        self._ensure_running()
        self._listeners[mailbox] = frozenset(stores)
        try:
            yield b"retry: 2000\n\n"
            while not (mailbox.closed or self._closing.is_set()):
                message = mailbox.take(self._settings.comment_s)
                lost = message is None and mailbox.owed()
                if not holds():
                    return
                yield message or (b"event: changed\ndata: []\n\n" if lost else b": alive\n\n")
        finally:
            del self._listeners[mailbox]

    def _next(self, feed: Feed, screen: Mailbox) -> bytes:
        message = screen.take(self._settings.comment_s)
        if message is not None:
            return message
        with feed.lock:
            return feed.full_frame() if screen.owed() else b": alive\n\n"

    def _refresh(self, feed: Feed) -> bool:
        """Read a feed's store under its lock; an unreachable data store is a state to draw."""
        try:
            feed.refresh(self._reader)
        except UnreachableError as error:
            log.warning("data_store_unreachable", reason=str(error))
            feed.lost()
            return False
        return True

    def _ensure_running(self) -> None:
        with self._start:
            if self._thread is None and not self._closing.is_set():
                self._thread = Thread(target=self._follow, name="wall-hub", daemon=True)
                self._thread.start()

    def _follow(self) -> None:
        """Follow the hints for ever; while the data store is away, knock again and again."""
        failures = 0
        while not self._closing.is_set():
            try:
                for stores in self._reader.changes(min(CARRY_S, self._settings.reread_s)):
                    failures = 0
                    if self._closing.is_set() or not self._tell(stores):
                        break
                    self._carry()
            except UnreachableError as error:
                log.warning("subscription_lost", reason=str(error))
                self._tell_all_lost()
            self._closing.wait(_RETRY_S[min(failures, len(_RETRY_S) - 1)])
            failures += 1

    def _tell(self, stores: set[str]) -> bool:
        """Refresh what is watched and named, and everything that is watched once in ``reread_s``."""
        due = time.monotonic() - self._reread >= self._settings.reread_s
        if due:
            self._reread = time.monotonic()
        for listener, theirs in list(self._listeners.items()):
            if due or stores & theirs:
                told = [] if due else sorted(stores & theirs)  # none named: look at everything
                listener.put(b"event: changed\ndata: %s\n\n" % msgspec.json.encode(told))
        for (_, name), feed in self._feeds.items():
            if not (due or name in stores):
                continue
            with feed.lock:
                if feed.screens and not self._refresh(feed):
                    return False
        return True

    def _carry(self) -> None:
        """Tell the walls of stores without news that they are as fresh as any; raises ``UnreachableError``."""
        if time.monotonic() - self._carried < CARRY_S:
            return
        self._carried = time.monotonic()
        watched = {key: feed for key, feed in self._feeds.items() if feed.screens}
        through = self._reader.through({name for _, name in watched})
        for (_, name), feed in watched.items():
            with feed.lock:
                if name in through:
                    feed.carry(through[name])

    def _tell_all_lost(self) -> None:
        for listener in list(self._listeners):
            listener.put(b"event: lost\ndata: []\n\n")
        for feed in self._feeds.values():
            with feed.lock:
                if feed.screens:
                    feed.lost()

    def close(self) -> None:
        """End every stream; returns at once."""
        self._closing.set()
        for feed in self._feeds.values():
            with feed.lock:
                for screen in feed.screens:
                    screen.close()
        for listener in list(self._listeners):
            listener.close()
