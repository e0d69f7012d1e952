"""The one writer of the log on a real Redis, without a broker."""

import pytest
import structlog

from sensors.clock import SystemClock
from sensors.device_table import DeviceTable
from sensors.event_log import read
from sensors.intake import Taken
from sensors.log_writer import JOINED, LogWriter
from sensors.reject import Reject
from sensors.settings import Log
from sensors.stream_source import connect
from tests.ingest_process import wait_for
from tests.servers import RedisServer

pytestmark = pytest.mark.servers
PARTITIONS = 4


class Writer:
    """A writer, and what it has acknowledged."""

    def __init__(self, server: RedisServer) -> None:
        self.acked: list[tuple[int, int]] = []
        self.clock = SystemClock()
        self.client = connect(server.url)
        settings = Log(partitions=PARTITIONS)
        self.writer = LogWriter(self.client, settings, self.clock, self.acked.extend, DeviceTable())

    def say(self, number: int, *, is_tick: bool = False, rejects: int = 0) -> None:
        """One message's event, numbered."""
        bad = [Reject("no", "$", "t", b'{"member":"zz-7"}') for _ in range(rejects)]
        lines = {number % PARTITIONS: b'{"n":%d}' % number}
        self.writer.take(Taken(lines, 1, bad, [(number, 1)], self.clock.now(), is_tick))

    def logged(self) -> list[bytes]:
        """Every line of the log by partition."""
        entries = (entry for p in range(PARTITIONS) for entry in read(self.client, p))
        return [line for entry in entries if entry.lines for line in entry.lines.split(b"\n")]


def test_reading_goes_on_while_redis_is_slow(redis_server: RedisServer) -> None:
    """While Redis does not answer nothing waits and nothing is acknowledged; afterwards all is, in order, once."""
    ours = Writer(redis_server)
    redis_server.client().execute_command("CLIENT", "PAUSE", 60_000, "WRITE")
    for number in range(40):
        ours.say(number, is_tick=number % 10 == 9, rejects=number % 2)
    assert (ours.acked, ours.writer.held, ours.writer.is_blocked) == ([], 40, False)
    redis_server.client().execute_command("CLIENT", "UNPAUSE")
    wait_for(lambda: [ours.writer.flush(), ours.writer.held][1] == 0)
    assert ours.acked == [(number, 1) for number in range(40)]
    assert ours.logged() == [b'{"n":%d}' % n for p in range(PARTITIONS) for n in range(p, 40, 4)]
    entries = [entry for entry in read(ours.client, 0) if not entry.is_tick]
    assert len(entries) <= 2 + 40 // JOINED  # what waited went out together
    letters = ours.client.xrange("dead:{0}")
    assert len(letters) == 20  # type: ignore[arg-type]
    assert b"zz-7" not in b"".join(fields[b"raw"] for _, fields in letters)  # type: ignore[union-attr]


def test_ticks_come_however_much_there_is_to_write(redis_server: RedisServer) -> None:
    """A tick asked for under load is in every partition, behind what came before it, time never going back."""
    ours = Writer(redis_server)
    for number in range(200):
        ours.say(number, is_tick=number % 50 == 49)
    ours.writer.drain(5)
    for partition in range(PARTITIONS):
        entries = list(read(ours.client, partition))
        stamps = [entry.received_at for entry in entries]
        assert stamps == sorted(stamps)
        assert any(entry.is_tick for entry in entries)
    assert ours.writer.held == 0


def test_what_a_lost_answer_held_is_sent_again(redis_server: RedisServer) -> None:
    """With Redis killed before it answers everything is held, said once, and in the log after its return."""
    ours = Writer(redis_server)
    redis_server.client().execute_command("CLIENT", "PAUSE", 60_000, "WRITE")
    for number in range(10):
        ours.say(number)
    redis_server.stop(kill=True)
    wait_for(lambda: [ours.writer.flush(), ours.writer.is_blocked][1])
    assert (ours.acked, ours.writer.held) == ([], 10)
    redis_server.start()
    wait_for(lambda: [ours.writer.flush(), ours.writer.held][1] == 0)
    assert set(ours.logged()) == {b'{"n":%d}' % number for number in range(10)}
    assert sorted(ours.acked) == [(number, 1) for number in range(10)]


def test_a_redis_that_comes_back_full_is_told_as_full(redis_server: RedisServer) -> None:
    """Away, then full, then with room: each is said once, nothing is acknowledged before the last."""
    ours = Writer(redis_server)
    redis_server.stop(kill=True)
    with structlog.testing.capture_logs() as said:
        ours.say(1)
        wait_for(lambda: [ours.writer.flush(), ours.writer.is_blocked][1])
        redis_server.maxmemory = "1"
        redis_server.start()
        wait_for(lambda: [ours.writer.flush(), len(said)][1] >= 2, what="full")
        assert ours.acked == []
        redis_server.client().config_set("maxmemory", 0)
        wait_for(lambda: [ours.writer.flush(), ours.writer.held][1] == 0)
    events = [(line["event"], line.get("reason") == "full") for line in said]
    assert events == [("log-blocked", False), ("log-blocked", True), ("log-takes-again", False)]
    assert ours.acked == [(1, 1)]
    assert ours.logged() == [b'{"n":1}']
    ours.client.close()  # what redis-py raised on the way still refers to its connection


def test_draining_ends(redis_server: RedisServer) -> None:
    """At the end it waits for an answer, but not for ever; what is answered later is acknowledged later."""
    ours = Writer(redis_server)
    redis_server.client().execute_command("CLIENT", "PAUSE", 60_000, "WRITE")
    ours.say(1)
    ours.writer.drain(0.3)
    assert ours.writer.held == 1
    redis_server.client().execute_command("CLIENT", "UNPAUSE")
    ours.writer.drain(60)
    assert ours.acked == [(1, 1)]
