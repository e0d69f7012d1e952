"""replay's ways in and out: captures of a broker, a broker, a live log, Ctrl-C and --resume."""

import json
import shlex
import signal
import subprocess
import sys
import threading
from pathlib import Path

import msgspec
import pytest

from floorcast.captures import capture_entries
from floorcast.main import run
from floorcast.recording import read_recording
from floorcast.relay import to_broker, to_log
from floorcast.replayed import Totals
from floorcast.sources import live_log, open_log
from sensors.settings import Redis
from tests.days import demo_settings
from tests.ingest_process import ROOT, wait_for
from tests.servers import Mosquitto, RedisServer

CONFIG = str(ROOT / "config.toml")


def floorcast(line: str) -> int:
    return run(["--config", CONFIG, *shlex.split(line)])


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small recorded day."""
    path = tmp_path_factory.mktemp("recorded") / "day.jsonl"
    options = "--day 2026-11-20 --visitors 150 --tick-s 300"
    assert floorcast(f"simulate --seed 7 {options} --out {path}") == 0
    return path


def events_in(path: Path) -> list[bytes]:
    return sorted(
        line for entry in read_recording(path) for line in entry.lines.split(b"\n") if line
    )


@pytest.mark.servers
def test_what_is_published_and_captured_is_the_recording(
    day: Path, mosquitto: Mosquitto, tmp_path: Path
) -> None:
    """A day sent to a broker and captured there by mosquitto_sub comes back through intake with every event."""
    capture = tmp_path / "capture.jsonl"
    count = len(events_in(day))
    heard = threading.Event()
    captured: list[int] = []
    with capture.open("wb") as out:
        listener = subprocess.Popen(
            ["stdbuf", "-oL", "mosquitto_sub", "-p", str(mosquitto.port), "-t", "floor/v1/#",
             "-q", "1", "-F", "%j", "-d"],
            stdout=subprocess.PIPE,
        )  # fmt: skip

        def keep() -> None:
            assert listener.stdout
            for line in listener.stdout:
                if line.startswith(b"Subscribed"):
                    heard.set()
                if line.startswith(b"{"):
                    out.write(line)
                    out.flush()
                    captured.append(json.loads(line)["payload"].count("\n") + 1)
            listener.stdout.close()

        reader = threading.Thread(target=keep)
        reader.start()
        try:
            assert heard.wait(20)
            sent = to_broker(
                read_recording(day), f"mqtt://127.0.0.1:{mosquitto.port}", Totals(), speed=None,
                stop=threading.Event(),
            )  # fmt: skip
            assert sent == count
            wait_for(lambda: sum(captured) == count, what="the whole capture")
        finally:
            listener.terminate()
            listener.wait(30)
            reader.join(30)
    settings = msgspec.structs.replace(
        demo_settings().sensors, redis=Redis(embedded_dir=str(tmp_path))
    )
    accounts: dict[str, int] = {}
    entries = list(capture_entries(capture, settings, accounts))
    assert (accounts["events"], accounts["rejects"]) == (count, 0)
    assert entries[-1].is_tick
    at = [entry.received_at for entry in entries]
    assert at == sorted(at)
    log = open_log([str(capture)], msgspec.structs.replace(demo_settings(), sensors=settings))
    assert sum(e.lines.count(b"\n") + 1 for e in log.entries if e.lines) == count


@pytest.mark.servers
def test_a_recording_sent_into_a_live_log_is_that_log(day: Path, redis_server: RedisServer) -> None:
    """Every entry stands in Redis under the position it was recorded with; a log that is newer is refused."""
    to_log(read_recording(day), redis_server.url, Totals(), speed=None, stop=threading.Event())
    assert list(live_log(redis_server.url, 16)) == list(read_recording(day))
    assert floorcast(f"replay {day} --to {redis_server.url}") == 2


def test_a_capture_that_is_no_capture_is_told_with_its_place(tmp_path: Path) -> None:
    """A broken line is told with file, byte and line; --salvage leaves it out; unknown topics are rejects."""
    good = b'{"tst":"2026-11-20T10:00:00.000000+0800","topic":"x/y","qos":1,"payload":"hi"}\n'
    path = tmp_path / "capture.jsonl"
    path.write_bytes(good + b"{broken\n" + good)
    said: list[str] = []
    settings = msgspec.structs.replace(
        demo_settings().sensors, redis=Redis(embedded_dir=str(tmp_path))
    )
    accounts: dict[str, int] = {}
    list(capture_entries(path, settings, accounts, salvage=said.append))
    assert len(said) == 1
    assert f"byte {len(good)}, line 2" in said[0]
    assert accounts == {"messages": 2, "events": 0, "rejects": 2}
    config = tmp_path / "config.toml"
    config.write_text(f'[sensors.redis]\nembedded_dir = "{tmp_path}"\n')
    assert run(["--config", str(config), "replay", str(path)]) == 2


@pytest.mark.timeout(900)  # five processes, and the day three times
def test_ctrl_c_leaves_a_state_that_resume_goes_on_from(day: Path, tmp_path: Path) -> None:
    """SIGINT in the middle ends with 130 and writes nothing; --resume then writes the bytes of an uninterrupted run."""
    config = tmp_path / "config.toml"
    text = Path(CONFIG).read_text().replace('".floorcast"', f'"{tmp_path}"')
    config.write_text(text)
    command = [sys.executable, "-m", "floorcast", "--config", str(config), "replay", str(day)]
    outputs = ["--facts", str(tmp_path / "a.jsonl"), "--forecasts", str(tmp_path / "f.jsonl"),
               "--incidents", str(tmp_path / "i.jsonl")]  # fmt: skip
    paced = subprocess.Popen([*command, *outputs, "--speed", "20000"], cwd=ROOT)
    state = tmp_path / "replays"
    wait_for(lambda: list(state.glob(".*/recovery/*.sqlite3")), within_s=120, what="running")
    paced.send_signal(signal.SIGINT)
    assert paced.wait(120) == 130
    assert not (tmp_path / "a.jsonl").exists()
    resumed = subprocess.run([*command, *outputs, "--resume"], cwd=ROOT, check=False, timeout=600)
    assert resumed.returncode == 0
    whole = tmp_path / "whole.jsonl"
    assert run(["--config", str(config), "replay", str(day), "--facts", str(whole)]) == 0
    assert (tmp_path / "a.jsonl").read_bytes() == whole.read_bytes()
    told = [json.loads(line) for line in whole.read_bytes().splitlines()]
    forecasts = [fact for fact in told if fact["metric"].endswith("_forecast")]
    assert len((tmp_path / "f.jsonl").read_bytes().splitlines()) == len(forecasts)
    assert list(state.iterdir()) == []
    again = subprocess.run([*command, "--resume"], cwd=ROOT, check=False, capture_output=True)
    assert again.returncode == 2
    assert b"nothing to resume" in again.stderr


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("--to mqtt --to redis", "two places"),
        ("--speed fast", "write max"),
        ("--to never", "is no time"),
        ("--to mqtt://127.0.0.1:1", "refused"),
    ],
)
def test_a_mistaken_option_is_told(
    day: Path, options: str, said: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """What --to and --speed cannot mean is told in one line."""
    capfd.readouterr()
    assert floorcast(f"replay {day} {options}") in (2, 3)
    err = capfd.readouterr().err
    assert said in err
    assert err.count("\n") == 1
