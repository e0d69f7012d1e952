"""The examples of docs/gateways.md, run as they are pasted, against the deployed broker's own configuration."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from sensors.events import Footfall, Status
from sensors.settings import Broker as BrokerSettings
from sensors.topics import parse_topic
from tests.ingest_cases import settings
from tests.ingest_process import Ingest, logged, wait_for
from tests.integration.test_deployed_doors import Deployed, broker  # noqa: F401  # a fixture
from tests.servers import RedisServer

pytestmark = pytest.mark.servers
PAGE = (Path(__file__).parents[2] / "docs" / "gateways.md").read_text(encoding="utf-8")


def pasted(language: str) -> list[str]:
    """The page's blocks of one language, in order."""
    return re.findall(rf"(?ms)^```{language}\n(.*?)^```$", PAGE)


def test_the_examples_arrive(
    broker: Deployed,  # noqa: F811
    redis_server: RedisServer,
    tmp_path: Path,
) -> None:
    """Both examples run without a word and their events are in the log, status and all."""
    named, shell = pasted("sh")
    (python,) = pasted("python")
    assert len(python.strip().splitlines()) <= 13
    given = {
        "BROKER": "127.0.0.1",
        "PORT": str(broker.server.port),
        "CA": str(broker.certificates.ca),
        "GATEWAY": "gateway-riverside",
        "PASSWORD": "secret-gateway-riverside",
    }
    assert set(re.findall(r"(\w+)=", named)) == set(given)
    (tmp_path / "word").write_text("secret-ingest")
    ours = BrokerSettings(
        host="127.0.0.1",
        port=broker.server.port,
        username="ingest",
        password_file=str(tmp_path / "word"),
        tls_ca=given["CA"],
    )
    shop = settings(url=redis_server.url, folder=str(tmp_path), broker=ours)
    with Ingest(shop, tmp_path) as ingest:
        ingest.connected()
        for command in ([sys.executable, "-c", python], ["sh", "-c", shell]):
            done = subprocess.run(
                command,
                check=False,
                env=os.environ | given,
                capture_output=True,
                text=True,
                timeout=60,
            )
            assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
        client = redis_server.client()
        wait_for(lambda: len(logged(client)) >= 4, what="four events")
        found = logged(client)
    counts = {e.source: e.entered for e in found if isinstance(e, Footfall)}
    assert counts == {"door-1": 2, "door-2": 3}
    states = [event.state for event in found if isinstance(event, Status)]
    assert states == ["online", "offline"]  # it ended without a goodbye


def test_the_page_names_real_topics_and_schemes() -> None:
    """Every topic of the page is one of ours, every scheme of its table is there and none is left out."""
    from sensors.webhooks import schemes

    topics = set(re.findall(r"floor/v1/[\w{}/.-]+", PAGE))
    assert len(topics) >= 6
    for topic in topics:
        assert parse_topic(re.sub(r"[{}]", "", topic)) is not None, topic
    assert set(
        re.findall(r"(?m)^\| `(\w+)` \| (?:HMAC|`Stripe|`X-Clover|`Auth|user)", PAGE)
    ) == set(schemes())
