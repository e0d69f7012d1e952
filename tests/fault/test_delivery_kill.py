"""kill -9 of the alert dataflow, the deliverer and Redis under load: nobody misses a page, nobody sees one twice."""

from pathlib import Path

import pytest

from tests.delivery_load import Run, spread
from tests.servers import RedisServer

pytestmark = pytest.mark.servers


def test_every_process_killed_under_load(tmp_path: Path) -> None:
    """Webhook, phone and ntfy each hear of every firing and resolve once as people see it, whatever is killed."""
    if reason := RedisServer.missing():
        pytest.skip(reason)
    report = Run(tmp_path, stores=4, tick_s=0.3).measure(40, spread(40))
    assert (report.lost, report.doubled, report.complaints) == ([], [], [])
    assert report.wanted == 4 * 3 * (40 + 39)
    assert report.repeated <= 4 * 3 * 2  # only what was on its way at a kill
