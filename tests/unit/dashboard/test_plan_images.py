"""Pictures of floors: what is kept is what we have encoded ourselves."""

import io
from pathlib import Path

import pytest
from PIL import Image

from dashboard.configuration.plan_images import LONGEST_PX, PictureError, PlanImages, encoded
from dashboard.plan import ratio


def drawing(width: int, height: int, kind: str = "PNG", *, paper: str = "white") -> bytes:
    """A room with one wall."""
    made = Image.new("RGB", (width, height), paper)
    made.paste("black" if paper == "white" else "white", (width // 2, 0, width // 2 + 4, height))
    exif = Image.Exif()
    exif[0x010E] = "taken at home"
    raw = io.BytesIO()
    made.save(raw, kind, exif=exif)
    return raw.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_picture_is_encoded_anew(kind: str) -> None:
    """Whatever it was, it becomes one format of at most so many pixels, its name says its shape, its notes are gone."""
    name, raw = encoded(drawing(4000, 2000, kind))
    assert ratio(name) == 2.0
    with Image.open(io.BytesIO(raw)) as kept:
        assert (kept.format, kept.size) == ("WEBP", (LONGEST_PX, LONGEST_PX // 2))
    assert b"taken at home" not in raw


@pytest.mark.parametrize("paper", ["white", "black"])
def test_the_ground_is_dark(paper: str) -> None:
    """Light paper is turned: on a dark screen the lines are light, whichever way the picture had it."""
    _, raw = encoded(drawing(800, 600, paper=paper))
    with Image.open(io.BytesIO(raw)) as kept:
        grey = kept.convert("L")
        corner, wall = grey.getpixel((10, 10)), grey.getpixel((402, 300))
    assert isinstance(corner, int)
    assert isinstance(wall, int)
    assert corner < 40 < wall


@pytest.mark.parametrize(("raw", "why"), [
    (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "set.picture_wrong"),
    (b"", "set.picture_wrong"),
    (drawing(400, 300)[:200], "set.picture_wrong"),
    (drawing(300, 20), "set.picture_shape"),
    (drawing(2000, 100), "set.picture_shape"),
    (b"\x89PNG" + bytes(8_000_001), "set.picture_large"),
    (drawing(9000, 9000), "set.picture_large"),
], ids=["svg", "nothing", "cut off", "small", "thin", "heavy", "unpacks to too much"])  # fmt: skip
def test_what_is_no_picture_is_refused(raw: bytes, why: str) -> None:
    """Anything but a whole picture of a usable shape and size is refused with a reason that has words."""
    with pytest.raises(PictureError, match=why):
        encoded(raw)


def test_only_pictures_that_are_named_stay(tmp_path: Path) -> None:
    """A picture stays while the file, or a state that undo may bring back, names it."""
    images = PlanImages(tmp_path)
    one, two = images.keep("a", drawing(300, 200)), images.keep("a", drawing(200, 300))
    images.keep("b", drawing(300, 200))
    images.forget("a", [f'plan = "{two}"'])
    assert [p.name for p in sorted(tmp_path.rglob("*.webp"))] == sorted([two, one])
    assert [p.name for p in (tmp_path / "plans" / "a").iterdir()] == [two]
