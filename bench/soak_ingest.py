"""200,000 QoS 1 messages while everything around them falls: what the log holds in the end.

    python bench/soak_ingest.py [--messages N] [--fsync always] [--json]

A gateway publishes; while it does, at even steps of what the broker has acknowledged to it, one after the other: the
broker is restarted, Redis is killed with -9 and started again, Redis is full (``maxmemory``, ``noeviction``) until the
ingest has said so and thousands wait at the broker, and the ingest is killed with -9, twice over. Then every
acknowledged message must be in the log, and once after deduplication by (source, id). Exit code 1 if not.
"""

import argparse
import json
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from sensors.clock import SystemClock
from sensors.event_log import read
from tests.ingest_cases import TOPIC, settings
from tests.ingest_process import Gateway, Ingest, logged, wait_for
from tests.servers import Mosquitto, RedisServer

LONG_S = 600
WINDOW = 5_000  # messages handed over at once
BACKLOG = 4_000  # messages that the broker takes while Redis is full


def messages(count: int) -> Iterator[tuple[str, bytes]]:
    """Numbered events of one device."""
    at = SystemClock().now().isoformat().encode()
    for number in range(count):
        event = b'{"kind":"footfall","at":"%s","door":"main","entered":1,"id":"%d"}' % (at, number)
        yield TOPIC, event


def _acknowledged(gateway: Gateway, messages: int) -> None:
    """Wait until the gateway has so many messages acknowledged."""
    wait_for(lambda: gateway.acknowledged >= messages, within_s=LONG_S)


def feed(gateway: Gateway, count: int) -> None:
    """Hand the gateway its messages, never more than paho has numbers for: it keeps them by their 16-bit number."""
    rest, sent = messages(count), 0
    while part := list(islice(rest, WINDOW)):
        _acknowledged(gateway, sent - WINDOW)
        sent += gateway.send(part)


class Soak:
    """The servers, and what is done to them."""

    def __init__(self, folder: Path, fsync: str) -> None:
        self.broker, self.redis = Mosquitto(folder), RedisServer(folder, fsync=fsync)
        self.broker.start()
        self.redis.start()
        shop = settings(port=self.broker.port, url=self.redis.url, folder=str(folder))
        self.ingest = Ingest(shop, folder).start().connected()
        self.gateway = Gateway(self.broker.port)
        self.blocked_s = 0.0

    def broker_restart(self) -> None:
        """A clean end and a new start."""
        self.broker.stop()
        self.broker.start()

    def redis_kill(self) -> None:
        """No farewell; it comes back with its append-only file."""
        self.redis.stop(kill=True)
        self.redis.start()

    def redis_full(self) -> None:
        """Nothing more is taken until the ingest has said so and a backlog waits at the broker."""
        client, before = self.redis.client(), self.ingest.said.count("reason=full")
        began = time.monotonic()
        client.config_set("maxmemory", 1)
        wait_for(lambda: self.ingest.said.count("reason=full") > before, within_s=60, what="full")
        backlog = self.gateway.acknowledged + BACKLOG
        wait_for(lambda: self.gateway.acknowledged >= backlog, within_s=LONG_S, what="a backlog")
        client.config_set("maxmemory", 0)
        self.blocked_s += time.monotonic() - began

    def ingest_kill(self) -> None:
        """No farewell; what it had not acknowledged comes again."""
        self.ingest.kill()
        self.ingest.start()

    def end(self) -> None:
        """Everything."""
        self.ingest.kill()
        self.broker.stop()
        self.redis.stop()


def run(folder: Path, count: int, fsync: str) -> dict[str, object]:
    """One soak; its figures."""
    soak = Soak(folder, fsync)
    falls: list[Callable[[], None]] = [
        soak.broker_restart, soak.redis_kill, soak.redis_full, soak.ingest_kill,
    ] * 2  # fmt: skip
    began = time.monotonic()
    try:
        with soak.gateway as gateway:
            feeder = threading.Thread(target=feed, args=(gateway, count), daemon=True)
            feeder.start()
            for number, fall in enumerate(falls, start=1):
                step = count * number // (len(falls) + 1)
                _acknowledged(gateway, step)
                fall()
                print(f"{gateway.acknowledged:>8} acknowledged: {fall.__name__}", file=sys.stderr)
            wait_for(lambda: gateway.acknowledged == count, within_s=LONG_S, what="acknowledged")
            published_s = time.monotonic() - began
        client = soak.redis.client()
        wait_for(lambda: is_quiet(soak), within_s=LONG_S, what="the log is quiet")
        found = Counter((event.source, event.id) for event in logged(client))
        stamps = [[e.received_at for e in read(client, p)] for p in range(16)]
        return {
            "messages": count,
            "fsync": fsync,
            "falls": len(falls),
            "published_s": round(published_s, 1),
            "in_log_s": round(time.monotonic() - began, 1),
            "lost": count - len(found),
            "repeats_before_dedup": sum(found.values()) - len(found),
            "strangers": len(found.keys() - {("door-1", str(n)) for n in range(count)}),
            "time_goes_back": sum(said != sorted(said) for said in stamps),
            "redis_full_s": round(soak.blocked_s, 2),
        }
    finally:
        soak.end()


def soak(count: int, fsync: str) -> dict[str, object]:
    """One soak on servers of its own."""
    with tempfile.TemporaryDirectory() as name:
        return run(Path(name), count, fsync)


def table(figures: dict[str, object]) -> Iterator[str]:
    """Its figures as a Markdown table."""
    yield "| figure | |"
    yield "|---|---:|"
    for key, value in figures.items():
        told = f"{value:,}" if isinstance(value, int) else value
        yield f"| {key.replace('_', ' ')} | {told} |"


def is_quiet(soak: Soak) -> bool:
    """Whether three more ticks came without an event: the ingest has nothing left to bring."""
    rows: Any = soak.redis.client().xrevrange("log:{3}", count=3)
    ticks = [row for row in rows if b"e" not in row[1]]
    return len(ticks) == 3


def main() -> None:
    """Print the figures; exit 1 if something was lost or came out of nothing."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--messages", type=int, default=200_000)
    parser.add_argument("--fsync", default="always", choices=["always", "everysec"])
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    figures = soak(options.messages, options.fsync)
    if options.json:
        print(json.dumps(figures))
    else:
        for key, value in figures.items():
            print(f"{key.replace('_', ' '):22} {value}")
    sys.exit(bool(figures["lost"] or figures["strangers"] or figures["time_goes_back"]))


if __name__ == "__main__":
    main()
