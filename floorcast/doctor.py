"""Is everything in order, and what to do where it is not. One function a check; each answers with findings."""

import shutil
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import redis

from floorcast import certificates, rule_check
from floorcast.embedded import OLDEST_REDIS
from floorcast.finding import Finding, Level
from floorcast.settings import Settings
from sensors.clock import SystemClock, from_ms
from sensors.event_log import committed
from sensors.keyspace import dead_key, log_key
from sensors.streams import Position

LAG = timedelta(seconds=30)
SKEW = timedelta(seconds=2)
FREE_BYTES = 2 * 1024**3


def examine(settings: Settings) -> Iterator[Finding]:
    """Every finding, in the order in which one thing rests on another."""
    yield from configuration(settings)
    yield from disk(settings)
    yield from certificates.examine(settings, SystemClock().now())
    yield from broker(settings)
    yield from redis_and_log(settings)


def configuration(settings: Settings) -> Iterator[Finding]:
    """Stores, their time zones, the rules."""
    stores = settings.sensors.stores
    if not stores:
        yield Finding("configuration", "wrong", "no store", "describe one under [[sensors.stores]]")
    for store in stores:
        if store.range and store.range not in settings.sensors.ranges:
            yield Finding(
                "configuration", "wrong", f"store {store.id} sells {store.range!r}, which is not described",
                f"add sensors.ranges.{store.range}, or correct the name",
            )  # fmt: skip
    for problem in rule_check.problems(settings):
        level: Level = "wrong" if problem.level == "error" else "note"
        yield Finding("rules", level, str(problem), "correct it; `floorcast rules` lists the rules")
    names = ", ".join(store.id for store in stores)
    yield Finding(
        "configuration", "ok", f"{len(stores)} stores ({names}), {len(settings.alerts.rules)} rules"
    )


def disk(settings: Settings) -> Iterator[Finding]:
    """Room for the log, the archives and the recovery stores."""
    folder = Path(settings.sensors.redis.embedded_dir)
    usage = shutil.disk_usage(folder if folder.exists() else Path())
    free = f"{usage.free / 1024**3:.1f} GiB free under {folder}"
    if usage.free < FREE_BYTES:
        yield Finding(
            "disk", "wrong", free, "free at least 2 GiB, or shorten sensors.log.retention_h"
        )
    else:
        yield Finding("disk", "ok", free)


def broker(settings: Settings) -> Iterator[Finding]:
    """Whether the broker takes us."""
    import paho.mqtt.client as mqtt  # noqa: PLC0415 - the edge of this check alone
    from paho.mqtt.enums import CallbackAPIVersion  # noqa: PLC0415

    where = settings.sensors.broker
    if not where.host:
        yield Finding(
            "broker", "wrong", "none is configured and no `floorcast up` runs here",
            "set sensors.broker.host, or run `floorcast up`",
        )  # fmt: skip
        return
    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="")
    answers: list[str] = []
    client.on_connect = lambda _c, _u, _f, reason, _p: answers.append(str(reason))
    try:
        if where.username:
            word = Path(where.password_file).read_text().strip() if where.password_file else None
            client.username_pw_set(where.username, word)
        if where.tls_ca:
            client.tls_set(where.tls_ca, where.tls_cert or None, where.tls_key or None)
        client.connect(where.host, where.port)
        for _ in range(50):
            if answers:
                break
            client.loop(0.1)
    except (OSError, ValueError) as error:
        yield Finding(
            "broker", "wrong", f"{where.host}:{where.port}: {error}",
            "start it, or correct [sensors.broker]",
        )  # fmt: skip
        return
    client.disconnect()
    said = answers[0] if answers else "no answer"
    if said != "Success":
        yield Finding(
            "broker", "wrong", f"{where.host}:{where.port}: {said}",
            "correct username, password_file or the TLS files of [sensors.broker]",
        )  # fmt: skip
    else:
        yield Finding("broker", "ok", f"{where.host}:{where.port} takes us")


def redis_and_log(settings: Settings) -> Iterator[Finding]:
    """The Redis server and, if it answers, what lies in it."""
    url = settings.sensors.redis.url
    if not url:
        yield Finding(
            "redis", "wrong", "none is configured and no `floorcast up` runs here",
            "set sensors.redis.url, or run `floorcast up`",
        )  # fmt: skip
        return
    client = redis.Redis.from_url(url, socket_timeout=5, socket_connect_timeout=5)
    try:
        info: dict[str, Any] = client.info()
        yield from server(info, settings)
        yield from clock(client)
        yield from log_lag(client, settings)
        yield from dead_letters(client, settings)
    except redis.RedisError as error:
        yield Finding("redis", "wrong", str(error), "start it, or correct sensors.redis.url")
    finally:
        client.close()


def server(info: dict[str, Any], settings: Settings) -> Iterator[Finding]:
    """Version, persistence and memory policy of the Redis server."""
    version = str(info["redis_version"])
    if tuple(int(part) for part in version.split(".")[:2]) < OLDEST_REDIS:
        yield Finding("redis", "wrong", f"version {version}", "update to 6.2 or newer")
    else:
        yield Finding("redis", "ok", f"version {version}")
    if not info.get("aof_enabled"):
        yield Finding(
            "redis persistence", "wrong", "no append-only file: a restart forgets the log",
            "set appendonly yes and appendfsync " + settings.sensors.redis.fsync,
        )  # fmt: skip
    elif info.get("aof_last_write_status") != "ok":
        yield Finding(
            "redis persistence", "wrong", "its last write failed", "look at its log and disk"
        )
    else:
        yield Finding("redis persistence", "ok", "append-only file")
    policy, used, most = info["maxmemory_policy"], info["used_memory"], info["maxmemory"]
    memory = f"{used / 1024**2:.0f} MiB used, {policy}"
    if most and policy != "noeviction":
        yield Finding(
            "redis memory", "wrong", f"{memory}: it throws facts and log away when full",
            "set maxmemory-policy noeviction",
        )  # fmt: skip
    elif most and used > 0.85 * most:
        yield Finding(
            "redis memory", "wrong", f"{memory} of {most / 1024**2:.0f}", "raise maxmemory"
        )
    else:
        yield Finding("redis memory", "ok", memory)


def clock(client: redis.Redis) -> Iterator[Finding]:
    """This machine's clock against the Redis server's."""
    seconds, micros = client.time()
    apart = SystemClock().now() - from_ms(int(seconds) * 1000 + int(micros) // 1000)
    said = f"{apart.total_seconds():+.1f} s against Redis"
    if abs(apart) > SKEW:
        yield Finding("clock", "wrong", said, "let NTP set both machines' clocks")
    else:
        yield Finding("clock", "ok", said)


def log_lag(client: redis.Redis, settings: Settings) -> Iterator[Finding]:
    """How old the log's newest entry is, and how far behind it the slowest consumer."""
    partitions = range(settings.sensors.log.partitions)
    newest: dict[int, Position] = {}
    for partition in partitions:
        rows: Any = client.xrevrange(log_key(partition), count=1)
        if rows:
            newest[partition] = Position.parse(rows[0][0])
    if not newest:
        yield Finding("log", "note", "empty", "start `floorcast ingest` and let a gateway publish")
        return
    age = SystemClock().now() - from_ms(max(newest.values()).ms)
    if age > LAG:
        yield Finding(
            "log", "wrong", f"its newest entry is {age.total_seconds():.0f} s old",
            "start `floorcast ingest`: it writes a tick each second",
        )  # fmt: skip
    else:
        yield Finding("log", "ok", f"newest entry {max(0.0, age.total_seconds()):.1f} s old")
    yield floor_lag(newest, committed(client, list(newest)))


def floor_lag(newest: Mapping[int, Position], done: Mapping[int, Position | None]) -> Finding:
    """How far behind the newest entries the floor may be, by what it has surely committed of each partition."""
    late = [newest[partition].ms - at.ms for partition, at in done.items() if at is not None]
    if not late:
        return Finding(
            "log lag",
            "note",
            "no floor dataflow has committed anything: nothing is counted",
            "start `floorcast floor`",
        )
    behind = timedelta(milliseconds=max(0, *late))
    said = f"the floor dataflow is surely not further behind than {behind.total_seconds():.0f} s"
    if behind > LAG:
        return Finding(
            "log lag", "wrong", said, "start `floorcast floor`, or give it more processes"
        )
    return Finding("log lag", "ok", said)


def dead_letters(client: redis.Redis, settings: Settings) -> Iterator[Finding]:
    """What ingest refused, and why most often."""
    count, reasons = 0, dict[str, int]()
    for partition in range(settings.sensors.log.partitions):
        count += int(client.xlen(dead_key(partition)))
        rows: Any = client.xrevrange(dead_key(partition), count=200)
        for _, fields in rows:
            reason = fields.get(b"reason", b"?").decode(errors="replace")
            reasons[reason] = reasons.get(reason, 0) + 1
    if not count:
        yield Finding("dead letters", "ok", "none")
        return
    most = max(reasons, key=lambda reason: reasons[reason], default="?")
    yield Finding(
        "dead letters", "note", f"{count}, of late mostly: {most}",
        "see what was sent with `floorcast devices`, correct the device or its [[sensors.devices]] table",
    )  # fmt: skip
