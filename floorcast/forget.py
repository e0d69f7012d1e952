"""A member's or a store's data, deleted wherever it is kept: archives, history, Redis, recovery stores (edge).

A member is taken off the tickets, which stay: their money and units are the shop's, and name nobody any more. A store
goes whole. Streams and files are rewritten beside their names and moved there, so that a crash leaves the old or the
new; running it again finishes what was left.
"""

from collections.abc import Iterator
from pathlib import Path

from floorcast.forgetting.files import archives, history, recovery
from floorcast.forgetting.in_redis import in_redis
from floorcast.forgetting.subject import Done, Subject
from floorcast.settings import Settings


def forget(settings: Settings, subject: Subject, *, dry_run: bool = False) -> Iterator[Done]:
    """Delete, or count what would be; one ``Done`` a place.

    Args:
        settings: where everything is kept; Redis must be reachable.
        subject: whose.
        dry_run: look only.

    Raises:
        redis.RedisError: Redis cannot be reached.
        OSError: a file cannot be written.
    """
    own = settings.floorcast
    yield archives(Path(own.archive_dir), subject, dry_run=dry_run)
    if subject.store:
        yield history(Path(own.history_dir), subject, dry_run=dry_run)
    yield from in_redis(settings, subject, dry_run=dry_run)
    if subject.store and subject.before is None:
        folders = settings.flows.recovery_dir, settings.alerts.recovery_dir
        yield recovery(map(Path, folders), subject.store, dry_run=dry_run)
