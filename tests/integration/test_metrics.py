"""Every process tells its numbers at /metrics, and they are right."""

import re
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import msgspec
import prometheus_client
import pytest
import yaml
from bytewax.testing import run_main

from alerts.settings import AlertsSettings, Rule
from alerts.topology import live
from floorcast.running import write_effective
from floorcast.stage import STAGES
from flows.keyspace import facts_key
from flows.settings import FlowsSettings
from sensors.clock import SystemClock
from sensors.events import Footfall
from sensors.settings import SensorsSettings
from tests.ingest_process import ROOT, Gateway, wait_for
from tests.scenario import Story, shop
from tests.servers import Mosquitto, RedisServer, free_port
from tests.stages import DEMO, Stages

pytestmark = pytest.mark.servers
SCRAPED = ("ingest", "floor", "alert", "deliver", "screen", "history", "chain")
DEPLOY = ROOT / "deploy"
NAME = re.compile(r"floorcast_[a-z_]+")


def scraped(port: int) -> str:
    """A metrics page, empty while nobody serves it."""
    try:
        with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=20) as page:
            text: str = page.read().decode()
            return text
    except (URLError, ConnectionError, TimeoutError):
        return ""


def value(page: str, sample: str) -> float:
    """A sample's value, 0 where there is none."""
    found = re.search(rf"(?m)^{re.escape(sample)} (\S+)$", page)
    return float(found[1]) if found else 0.0


def test_every_process_tells_its_numbers(
    redis_server: RedisServer, mosquitto: Mosquitto, tmp_path: Path
) -> None:
    """Events and rejects sent over MQTT are counted by every stage they pass; told to stop, each ends with 0."""
    base = free_port(len(STAGES))
    stages = Stages(tmp_path, redis_server.url, mosquitto.port)
    stages.config = write_effective(
        DEMO, tmp_path,
        {
            "sensors.redis": {"url": redis_server.url, "embedded_dir": str(tmp_path)},
            "sensors.broker": {"host": "127.0.0.1", "port": mosquitto.port},
            "flows": {"recovery_dir": str(tmp_path / "floor"), "snapshot_s": 0.25},
            "alerts": {"recovery_dir": str(tmp_path / "alerts"), "snapshot_s": 0.25},
            "dashboard": {"port": free_port(), "data_dir": str(tmp_path / "screen")},
            "floorcast": {
                "metrics_port": base, "archive_dir": str(tmp_path / "archive"),
                "history_dir": str(tmp_path / "history"),
            },
        },
    )  # fmt: skip
    ports = {stage: base + STAGES.index(stage) for stage in SCRAPED}
    event = msgspec.json.encode(Footfall(at=SystemClock().now(), door="main", entered=3, id="one"))
    try:
        for stage in SCRAPED:
            stages.start(stage)
        wait_for(lambda: "mqtt-connected" in stages.said("ingest"), within_s=60)
        with Gateway(mosquitto.port) as gateway:
            topic = "floor/v1/riverside/events/cam"
            sent = gateway.send([(topic, event), (topic, b"{"), ("floor/v1/nowhere/events/x", event)])  # fmt: skip
            wait_for(lambda: gateway.acknowledged == sent)
        pages: dict[str, str] = {}

        def told(stage: str, *samples: str) -> bool:
            pages[stage] = scraped(ports[stage])
            return all(value(pages[stage], sample) > 0 for sample in samples)

        ingest = "floorcast_ingest_"
        expected = {
            "ingest": (f"{ingest}events_total", f'{ingest}rejects_total{{reason="unknown-place"}}',
                       f'{ingest}rejects_total{{reason="invalid"}}', f"{ingest}latency_seconds_count"),
            "floor": ("floorcast_floor_events_total", "floorcast_floor_facts_total",
                      'floorcast_floor_newest_timestamp_seconds{partition="3"}',
                      "floorcast_floor_latency_seconds_count", "floorcast_floor_snapshot_bytes_count"),
            "history": ("floorcast_history_entries_total",
                        'floorcast_history_newest_timestamp_seconds{partition="3"}'),
        }  # fmt: skip
        for stage, samples in expected.items():
            wait_for(lambda: told(stage, *samples), within_s=40, what=stages.said(stage))  # noqa: B023 - awaited here
        assert value(pages["ingest"], f"{ingest}events_total") == 1
        assert value(pages["floor"], "floorcast_floor_events_total") == 1
        for stage, name in (
            ("alert", "floorcast_alert_latency_seconds_count"),
            ("deliver", "floorcast_deliver_latency_seconds_count"),
            ("screen", "floorcast_screen_clients"),
            ("chain", "floorcast_chain_words_total"),
        ):
            wait_for(lambda: name in scraped(ports[stage]), within_s=40, what=stages.said(stage))  # noqa: B023
        ended = {stage: stages.stop(stage) for stage in SCRAPED}
        assert {stage: code for stage, (code, _) in ended.items()} == dict.fromkeys(SCRAPED, 0)
    finally:
        stages.end()


def test_facts_to_incidents_are_timed(redis_server: RedisServer) -> None:
    """Each change of an incident is timed from when its facts were in Redis, apart from the log's own time."""
    rule = Rule(name="low-conversion", metric="conversion")
    story = Story([rule], tick_s=10).at("10:00").rate(30, 400, minutes=3)
    names = ("floorcast_alert_latency_seconds", "floorcast_alert_fact_latency_seconds")

    def told() -> list[tuple[float, float]]:
        read = prometheus_client.REGISTRY.get_sample_value
        return [(read(f"{n}_count") or 0.0, read(f"{n}_sum") or 0.0) for n in names]

    before = told()
    with redis_server.client() as client:
        for batch in story.log:
            client.xadd(facts_key(0), {"e": msgspec.json.encode(batch)})
    sensors = SensorsSettings(stores=[shop()])
    run_main(
        live(
            AlertsSettings(rules=[rule]),
            sensors,
            FlowsSettings(),
            url=redis_server.url,
            follow=False,
        )
    )
    log, fact = (
        (count - was, total - sum_)
        for (count, total), (was, sum_) in zip(told(), before, strict=True)
    )
    assert log[0] == fact[0] > 0
    assert 0 < fact[1] < 60 * fact[0]


def test_documents_and_rules_name_what_there_is() -> None:
    """The alert rules, and the table of the operations page, name only metrics that a package defines."""
    defined = set()
    for package in ("sensors", "flows", "alerts", "dashboard", "floorcast"):
        defined |= set(NAME.findall((ROOT / package / "metrics.py").read_text()))
    suffix = re.compile(r"_(total|bucket|count|sum)$")
    rules = (DEPLOY / "prometheus-rules.yaml").read_text()
    named = {suffix.sub("", name) for name in NAME.findall(rules)}
    assert named <= defined
    page = (ROOT / "docs" / "operations.md").read_text().partition("## Metrics")[2]
    told = re.findall(r"`([a-z]+_[a-z_]+)(?:\{\S*\})?`", page.partition("Lag is")[0])
    settings = {"metrics_port", "metrics_host"}
    table = {f"floorcast_{suffix.sub('', name)}" for name in told if name not in settings}
    assert table == defined
    assert yaml.safe_load(rules)["groups"][0]["rules"]
    jobs = yaml.safe_load((DEPLOY / "prometheus.yaml").read_text())["scrape_configs"]
    assert {t["labels"]["stage"] for t in jobs[0]["static_configs"]} == set(SCRAPED)
