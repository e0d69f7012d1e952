"""Where a replay goes and how fast, as a person writes it."""

from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from floorcast.errors import FloorcastError, UnavailableError
from floorcast.settings import Settings

PLACES = ("mqtt", "redis", "rediss", "unix", "none")


def split_to(given: Sequence[str]) -> tuple[str, list[str]]:
    """The place and the moments among the values of ``--to``; no place, or ``none``, is this process.

    Raises:
        FloorcastError: more than one place.

    >>> split_to(["2026-11-21", "mqtt://127.0.0.1:1883"])
    ('mqtt://127.0.0.1:1883', ['2026-11-21'])
    """
    places = [text for text in given if text.split("://", 1)[0] in PLACES]
    if len(places) > 1:
        raise FloorcastError(f"--to names two places: {' and '.join(places)}")
    place = places[0] if places else ""
    return "" if place == "none" else place, [text for text in given if text not in places]


def parse_speed(text: str) -> float | None:
    """Times real time; ``None`` as fast as it goes. Raises ``FloorcastError``.

    >>> parse_speed("60×"), parse_speed("max")
    (60.0, None)
    """
    if text == "max":
        return None
    try:
        speed = float(text.rstrip("x×"))
    except ValueError:
        speed = 0.0
    if not 0 < speed < 1e9:
        raise FloorcastError(f"--speed {text!r}: write max, or times real time such as 1 or 60x")
    return speed


def broker_url(settings: Settings) -> str:
    """The configured broker as a URL; raises what keeps its password from being read."""
    broker = settings.sensors.broker
    if broker.tls_ca:
        raise FloorcastError("the configured broker wants TLS: name a plain one, --to mqtt://host")
    who = ""
    if broker.username:
        try:
            word = Path(broker.password_file).read_text().strip() if broker.password_file else ""
        except OSError as error:
            raise UnavailableError(f"{broker.password_file}: {error.strerror}") from None
        who = f"{quote(broker.username, safe='')}:{quote(word, safe='')}@"
    return f"mqtt://{who}{broker.host}:{broker.port}"
