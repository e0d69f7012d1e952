"""What ``floorcast doctor`` says of certificates: in files, and as a server shows them."""

import socket
import ssl
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from floorcast.certificates import examine
from floorcast.settings import Settings, parse_settings
from sensors.clock import SystemClock
from tests.certificates import Certificates, make_certificates


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """Certificates that hold for a day."""
    return make_certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def server(made: Certificates) -> Iterator[int]:
    """The port of a server on loopback that shows its certificate to whoever calls."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made.server, made.server_key)
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def answer() -> None:
            plain, _ = listening.accept()
            with context.wrap_socket(plain, server_side=True) as wrapped:
                wrapped.recv(1)

        thread = threading.Thread(target=answer)
        thread.start()
        yield listening.getsockname()[1]
        thread.join(60)


def settings(**broker: object) -> Settings:
    """A configuration that knows this broker alone."""
    plain = parse_settings("")
    sensors = plain.sensors
    return replace(plain, sensors=replace(sensors, broker=replace(sensors.broker, **broker)))


@pytest.mark.parametrize(
    ("age", "level", "said"),
    [
        (timedelta(days=-60), "ok", "holds until"),
        (timedelta(days=-20), "note", "holds until"),
        (timedelta(0), "wrong", "holds until"),
        (timedelta(days=9), "wrong", "ended on"),
    ],
)
def test_a_file_is_judged_by_the_days_it_still_holds(
    made: Certificates, age: timedelta, level: str, said: str
) -> None:
    """A certificate is in order, soon to be renewed, or to be renewed now; and which file it is."""
    now = SystemClock().now() + age
    (found,) = examine(settings(tls_ca=str(made.ca)), now)
    assert (found.check, found.level) == ("certificates", level)
    assert found.found.startswith(f"sensors.broker.tls_ca: {said} ")
    assert (str(made.ca) in found.todo) == (level != "ok")


def test_what_the_broker_shows_is_looked_at_even_when_nobody_would_trust_it(
    made: Certificates, server: int
) -> None:
    """The server's own certificate is told beside the file that is to prove it."""
    told = settings(host="127.0.0.1", port=server, tls_ca=str(made.ca))
    file, shown = examine(told, SystemClock().now() + timedelta(days=9))
    assert file.found.startswith("sensors.broker.tls_ca: ended on ")
    assert shown.found.startswith("the broker: ended on ")
    assert f"127.0.0.1:{server}" in shown.todo


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    """A file that is missing or no certificate is a finding, not an end."""
    (tmp_path / "ca.crt").write_text("no certificate")
    for path in (tmp_path / "ca.crt", tmp_path / "absent.crt"):
        (found,) = examine(settings(tls_ca=str(path)), SystemClock().now())
        assert found.level == "wrong"
        assert "cannot be read" in found.found


def test_without_tls_there_is_nothing_to_say() -> None:
    """A shop on loopback has no certificates."""
    assert not list(examine(parse_settings(""), SystemClock().now()))
