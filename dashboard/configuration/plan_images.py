"""Pictures of shop floors, kept as files that nobody but us has encoded (edge)."""

import hashlib
import io
import warnings
from pathlib import Path

from PIL import Image, ImageOps, ImageStat, UnidentifiedImageError

from dashboard.theme import TOKENS

MOST_BYTES = 8_000_000
LONGEST_PX = (
    2_400  # a picture is made smaller until its longer side has no more: enough for a 4K wall
)
MOST_PIXELS = 50_000_000  # a small file may unpack to more memory than we have
SHORTEST_PX = 64
SMALLEST, LARGEST = 1 / 5, 5.0  # width over height
FORMATS = ("PNG", "JPEG", "WEBP")


class PictureError(ValueError):
    """It cannot be used; the message is a key of the catalogue."""


def encoded(raw: bytes) -> tuple[str, bytes]:
    """Name and bytes of a picture as we keep it: upright, scaled down, in our ink, without what else the file held.

    Raises:
        PictureError: too large, no picture of these kinds, or too long and thin to draw on.
    """
    if len(raw) > MOST_BYTES:
        raise PictureError("set.picture_large")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            made = _opened(raw)
    except PictureError:
        raise
    except (
        UnidentifiedImageError,
        OSError,
        SyntaxError,
        ValueError,
        Image.DecompressionBombWarning,
    ) as error:
        raise PictureError("set.picture_wrong") from error
    width, height = made.size
    if min(width, height) < SHORTEST_PX or not SMALLEST <= width / height <= LARGEST:
        raise PictureError("set.picture_shape")
    made.thumbnail((LONGEST_PX, LONGEST_PX))
    drawn, whole = _in_our_ink(made), io.BytesIO()
    drawn.save(whole, "WEBP", quality=85, method=4)
    raw = whole.getvalue()
    return f"{hashlib.sha256(raw).hexdigest()[:16]}-{drawn.width}x{drawn.height}.webp", raw


def _in_our_ink(picture: Image.Image) -> Image.Image:
    """The screen's own ink on its own ground, whatever the drawing's: zones are read by their colour above it."""
    paper = Image.new("RGBA", picture.size, "white")
    paper.alpha_composite(picture.convert("RGBA"))
    lines = ImageOps.autocontrast(ImageOps.grayscale(paper))
    if ImageStat.Stat(lines).mean[0] > 127:  # dark lines on light paper
        lines = ImageOps.invert(lines)
    return ImageOps.colorize(lines, TOKENS["surface"], TOKENS["stale"])


def _opened(raw: bytes) -> Image.Image:
    with Image.open(io.BytesIO(raw), formats=FORMATS) as found:
        if found.width * found.height > MOST_PIXELS:
            raise PictureError("set.picture_large")
        return ImageOps.exif_transpose(found).convert("RGBA")


class PlanImages:
    """A folder with one folder a store; a picture never changes under its name."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "plans"

    def keep(self, store: str, raw: bytes) -> str:
        """Keep a picture and return its name; raises ``PictureError``, and ``OSError`` if it cannot be written."""
        name, whole = encoded(raw)
        home = self.folder / store
        home.mkdir(parents=True, exist_ok=True)
        draft = home / f".{name}"
        draft.write_bytes(whole)
        draft.replace(home / name)
        return name

    def forget(self, store: str, texts: list[str]) -> None:
        """Delete a store's pictures that no text names: neither the file now nor what undo may bring back."""
        for path in (self.folder / store).glob("*.webp"):
            if not any(path.name in text for text in texts):
                path.unlink(missing_ok=True)
