"""Whether a page looks as it did: where its parts stand, and a small grey picture of it.

Text is drawn a little differently by every machine, so neither is compared to the pixel: a part may be off by some
pixels, and the picture is so small that a letter is less than one of its cells. A machine with other fonts is another
matter: its lines break elsewhere. Both files say with which widths they were made, and a test skips where these differ.

``FLOORCAST_PICTURES=write pytest tests/browser/test_pictures.py`` makes baselines and the pictures of ``docs/screen``.
"""

import base64
import io
import os
from pathlib import Path

import msgspec
import pytest
from PIL import Image, ImageChops, ImageStat
from playwright.sync_api import Page

HERE = Path(__file__).parent / "pictures"
DOCS = Path(__file__).parents[2] / "docs" / "screen"
WRITE = os.environ.get("FLOORCAST_PICTURES") == "write"
CELLS_WIDE, DOC_WIDE = 64, 1280
OFF_PX, OFF_SHARE = 4, 0.01  # a part's edge: the larger of these, the share of the window's width
OFF_MEAN, OFF_CELL, CELLS_OFF = (
    2.0,
    28,
    0.01,
)  # of 255: all cells on average; one cell, and how many may be
FONTS = """() => document.fonts.ready.then(() => {
  const pen = document.createElement('canvas').getContext('2d');
  return [['600 40px Inter', 'Sales per visitor 0123456789 ¥%'],
    ['600 40px Inter, "Noto Sans CJK SC"', '滨江旗舰店转化率']]
    .map(([font, text]) => { pen.font = font; return Math.round(pen.measureText(text).width); });
})"""
BOXES = """selectors => Object.fromEntries(selectors.flatMap(s => [...document.querySelectorAll(s)].map((node, n) => {
  const box = node.getBoundingClientRect();
  return [`${s} ${n}`, [box.left, box.top + scrollY, box.width, box.height].map(Math.round)];
})))"""


class Picture(msgspec.Struct, frozen=True):
    """A page at one moment: fonts' widths, window, its parts' places by selector and number, the grey cells."""

    fonts: list[int]
    window: tuple[int, int]
    boxes: dict[str, tuple[int, int, int, int]]
    cells: str


def taken(page: Page, parts: list[str], *, whole: bool = True) -> tuple[Picture, Image.Image]:
    """A picture of the page as it stands, of the whole of it or of what is in sight, and the image itself."""
    fonts: list[int] = page.evaluate(FONTS)
    boxes = page.evaluate(BOXES, parts)
    image = Image.open(io.BytesIO(page.screenshot(full_page=whole, animations="disabled")))
    grey = small(image)
    cells = base64.b64encode(grey.tobytes()).decode()
    return Picture(fonts, image.size, boxes, cells), image


def small(image: Image.Image) -> Image.Image:
    """The image in a few grey cells, each the mean of its area."""
    height = max(1, round(image.height * CELLS_WIDE / image.width))
    return image.convert("L").resize((CELLS_WIDE, height), Image.Resampling.BOX)


def differences(was: Picture, now: Picture) -> list[str]:
    """What changed, in words; nothing where both look the same."""
    if was.boxes.keys() != now.boxes.keys():
        gone, new = was.boxes.keys() - now.boxes.keys(), now.boxes.keys() - was.boxes.keys()
        return [f"parts gone: {sorted(gone)}, new: {sorted(new)}"]
    allowed = max(OFF_PX, OFF_SHARE * was.window[0])
    moved = [
        f"{name}: {box} → {now.boxes[name]}"
        for name, box in was.boxes.items()
        if max(abs(a - b) for a, b in zip(box, now.boxes[name], strict=True)) > allowed
    ]
    if moved or abs(was.window[1] - now.window[1]) > allowed:
        return moved or [f"height: {was.window[1]} → {now.window[1]}"]
    return pixels(_cells(was), _cells(now))


def _cells(picture: Picture) -> Image.Image:
    raw = base64.b64decode(picture.cells)
    return Image.frombytes("L", (CELLS_WIDE, len(raw) // CELLS_WIDE), raw)


def pixels(was: Image.Image, now: Image.Image) -> list[str]:
    """Whether two small pictures differ by more than how text is drawn."""
    if was.size != now.size:
        now = now.resize(was.size, Image.Resampling.BOX)
    apart = ImageChops.difference(was, now)
    mean = ImageStat.Stat(apart).mean[0]
    loud = sum(apart.histogram()[OFF_CELL:]) / (was.width * was.height)
    if mean <= OFF_MEAN and loud <= CELLS_OFF:
        return []
    return [
        f"picture: {mean:.1f} of 255 apart on average, {loud:.1%} of its cells by more than {OFF_CELL}"
    ]


def same_as_kept(name: str, page: Page, parts: list[str], *, whole: bool = True) -> Picture:
    """Hold a page against its baseline and against the picture in the docs."""
    now, image = taken(page, parts, whole=whole)
    kept, shown = HERE / f"{name}.json", DOCS / f"{name}.webp"
    if WRITE:
        kept.write_bytes(msgspec.json.format(msgspec.json.encode(now), indent=0))
        _document(image, shown)
    was = msgspec.json.decode(kept.read_bytes(), type=Picture)
    if any(abs(a - b) > 0.01 * a for a, b in zip(was.fonts, now.fonts, strict=True)):
        pytest.skip(
            f"other fonts: probes are {now.fonts} pixels wide, {was.fonts} where {kept.name} was made"
        )
    assert differences(was, now) == []
    assert pixels(small(Image.open(shown)), small(image)) == [], f"{shown.name} is stale"
    return now


def _document(image: Image.Image, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    wide = min(DOC_WIDE, image.width)
    height = round(image.height * wide / image.width)
    fine = image.convert("RGB").resize((wide, height), Image.Resampling.LANCZOS)
    fine.save(path, "WEBP", quality=84, method=6)
