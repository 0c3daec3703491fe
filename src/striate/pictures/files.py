"""One picture file to an H W C uint8 array and back: the only place that knows Pillow.

Everything that could be in a file comes out by a written rule, or as `Unreadable` with a reason:

    EXIF orientation   always applied; damaged EXIF counts as none
    animation          the first frame
    1-bit, grey, RGB   as they are
    16-bit grey        scaled: (v + 128) // 257, so that black stays 0, white 255 and a ramp keeps its steps
    32-bit integer     cut to 0 ... 65535, then as 16-bit, unless all of it is within 0 ... 255
    float              0 ... 1 is scaled to 0 ... 255; 0 ... 255 is rounded; all else is stretched; NaN is 0
    palette            its colours; alpha and transparent colours are laid over `Rules.background`
    CMYK, YCbCr        Pillow's conversion to RGB, without colour profiles
    grey wanted        Pillow's luma (ITU-R 601), at the end; the rest (Lab, HSV ...) is refused by name

Shape legend: H height, W width, C channels (1 or 3).
"""

from __future__ import annotations

import io
import os
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, NamedTuple, final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, features

from striate.errors import Unreadable
from striate.optional import available, need
from striate.pictures.depth import from_float, from_sixteen
from striate.safe import at_once

Pixels = NDArray[np.uint8]
Mode = Literal["RGB", "L"]
Part = tuple[int, int, int, int, int, int]  # top, left, bottom, right; then height and width
SIX_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")
MAX_PIXELS = 50_000_000
MAX_BYTES = 256 * 2**20
_ORIENTATION = 0x0112
_TURNING = frozenset({"exif", "xmp"})  # where a JPEG may say it
_SIXTEEN = frozenset({"I;16", "I;16L", "I;16B", "I;16N"})
_LAYERED = frozenset({"RGBA", "LA", "PA", "RGBa", "La"})


@lru_cache(maxsize=1)
def formats() -> tuple[str, ...]:
    """The allowed formats here: six, AVIF where Pillow has it, HEIC where pillow_heif is installed. After
    it Pillow's readers are imported.
    """
    Image.preinit()
    found = (*SIX_FORMATS, "AVIF") if features.check("avif") else SIX_FORMATS
    if available("pillow_heif"):
        need("pillow_heif", to="read HEIC", extra="train").register_heif_opener()
        found = (*found, "HEIF")
    return found


@final
@dataclass(frozen=True)
class Rules:
    """How a file is decoded: the colour mode wanted, what lies behind transparency, and the limits."""

    mode: Mode = "RGB"
    background: tuple[int, int, int] = (255, 255, 255)
    max_pixels: int = MAX_PIXELS
    max_bytes: int = MAX_BYTES
    formats: tuple[str, ...] | None = None


@final
class Header(NamedTuple):
    """What a file says of itself. `size` is (height, width) as stored, before EXIF turns it."""

    format: str
    mode: str
    size: tuple[int, int]
    orientation: int
    animated: bool


DEFAULT = Rules()


def decode(data: bytes, rules: Rules = DEFAULT) -> Pixels:
    """The bytes of a file to H W C uint8."""
    with decoded(data, rules) as (image, _):
        return _array(image)


@contextmanager
def decoded(
    data: bytes, rules: Rules, smaller: Callable[[int, int], int] | None = None
) -> Iterator[tuple[Image.Image, Header]]:
    """The finished picture and its header; whatever goes wrong with either is `Unreadable`. A JPEG comes out
    at 1/2, 1/4 or 1/8 of its size where `smaller` says so of its height and width: all of the file is read
    and every fault found, but half of the arithmetic is saved. For looking, never for training.
    """
    try:
        with _opened(data, rules) as image:
            size = image.height, image.width
            if smaller is not None and image.format == "JPEG" and (by := smaller(*size)) > 1:
                image.draft(None, (size[1] // by, size[0] // by))
            # First the pixels: asking a PNG for its EXIF decodes it too, and a fault met there would be lost.
            image.load()
            header = _header(image, size)
            yield _finished(_upright(image) if header.orientation > 1 else image, rules), header
    except Unreadable:
        raise
    except MemoryError:
        raise Unreadable("it needs more memory than there is") from None
    except Exception as fault:  # noqa: BLE001 what a decoder raises on a damaged file is one thing
        raise Unreadable(reason(fault)) from None


def size_of(data: bytes, rules: Rules = DEFAULT) -> tuple[int, int]:
    """Height and width after EXIF, from the header alone: the pixels may still be damaged."""
    try:
        with _opened(data, rules) as image:
            size = image.height, image.width
            return size if _header(image, size).orientation < 5 else size[::-1]
    except Unreadable:
        raise
    except Exception as fault:  # noqa: BLE001 as above
        raise Unreadable(reason(fault)) from None


def read(path: str | Path, rules: Rules = DEFAULT) -> Pixels:
    """A file on disk to H W C uint8."""
    return decode(read_bytes(path, rules.max_bytes), rules)


def read_bytes(path: str | Path, limit: int = MAX_BYTES) -> bytes:
    """The bytes of a file, if it is a file and not too large."""
    try:
        # Without a buffer: what fits in one read is copied once.
        with open(path, "rb", buffering=0, opener=at_once) as file:
            facts = os.fstat(file.fileno())
            if not stat.S_ISREG(facts.st_mode):
                raise Unreadable("it is no plain file")
            wanted = min(limit, facts.st_size or limit) + 1
            data = more = file.read(wanted)
            while more and len(data) < wanted:
                more = file.read(wanted - len(data))
                data += more
    except (OSError, ValueError) as fault:  # ValueError: a name with a zero byte in it
        raise Unreadable(f"the system says: {getattr(fault, 'strerror', None) or fault}") from None
    if len(data) > limit:
        raise Unreadable(f"it is larger than {limit / 2**20:.0f} MiB")
    return data


def _opened(data: bytes, rules: Rules) -> Image.Image:
    if not data:
        raise Unreadable("it is empty (0 bytes)")
    if len(data) > rules.max_bytes:
        raise Unreadable(f"it is larger than {rules.max_bytes / 2**20:.0f} MiB")
    image = Image.open(io.BytesIO(data), formats=rules.formats or formats())
    height, width = image.height, image.width
    if height < 1 or width < 1 or height * width > rules.max_pixels:
        image.close()
        raise Unreadable(
            f"its header says {width} x {height} pixels; up to {rules.max_pixels / 1e6:.0f} million are read"
        )
    return image


def _header(image: Image.Image, size: tuple[int, int]) -> Header:
    try:
        # Asking for EXIF takes a tenth of the time of a small JPEG, and most have none.
        bare = image.format == "JPEG" and _TURNING.isdisjoint(image.info)
        turned = 1 if bare else int(image.getexif().get(_ORIENTATION, 1))
    except Exception:  # noqa: BLE001 damaged EXIF counts as none
        turned = 1
    try:
        animated = bool(getattr(image, "is_animated", False))
    except Exception:  # noqa: BLE001 a damaged second frame is no part of the picture
        animated = False
    orientation = turned if 1 <= turned <= 8 else 1
    return Header(str(image.format), image.mode, size, orientation, animated)


def _upright(image: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(image)
    except Exception:  # noqa: BLE001 damaged EXIF counts as none, the pixels are there
        return image


def _finished(image: Image.Image, rules: Rules) -> Image.Image:
    image = _eight_bit(image)
    if image.mode in _LAYERED or "transparency" in image.info:
        image = _over(image.convert("RGBA"), rules.background)
    return image if image.mode == rules.mode else image.convert(rules.mode)


def _array(image: Image.Image) -> Pixels:
    """L or RGB to H W C; for small pictures twice as fast as `np.asarray`."""
    return np.frombuffer(image.tobytes(), np.uint8).reshape(image.height, image.width, -1)


def _over(image: Image.Image, background: tuple[int, int, int]) -> Image.Image:
    behind = Image.new("RGBA", image.size, (*background, 255))
    return Image.alpha_composite(behind, image).convert("RGB")


def _eight_bit(image: Image.Image) -> Image.Image:
    """Deep grey to eight bits by the rules at the top; everything else as it is."""
    if image.mode in _SIXTEEN:
        return Image.fromarray(from_sixteen(np.asarray(image).astype(np.uint32)))
    if image.mode == "I":
        values = np.asarray(image)
        if values.size and values.min() >= 0 and values.max() <= 255:
            return Image.fromarray(values.astype(np.uint8))
        return Image.fromarray(from_sixteen(np.clip(values, 0, 65535).astype(np.uint32)))
    if image.mode == "F":
        return Image.fromarray(from_float(np.asarray(image, dtype=np.float64)))
    return image


def resized(pixels: Pixels, height: int, width: int) -> Pixels:
    """Width pass, then height pass, triangle filter with antialias, as the exported graph does it."""
    return _array(_sized(_image(pixels), height, width))


def decode_resized(data: bytes, rules: Rules, fit: Callable[[int, int], Part]) -> Pixels:
    """`decode`, cut and `resized` with no array in between: `fit` gives the part for height, width."""
    with decoded(data, rules) as (image, _):
        top, left, bottom, right, height, width = fit(image.height, image.width)
        return _array(_sized(image.crop((left, top, right, bottom)), height, width))


def _sized(image: Image.Image, height: int, width: int) -> Image.Image:
    if image.width != width:
        image = image.resize((width, image.height), Image.Resampling.BILINEAR)
    if image.height != height:
        image = image.resize((width, height), Image.Resampling.BILINEAR)
    return image


def thumbnail(data: bytes, side: int, rules: Rules = DEFAULT) -> bytes:
    """A small JPEG for a page, decoded at a fraction of its size where that goes: never for training."""
    try:
        with _opened(data, rules) as image:
            image.draft("RGB", (side, side))
            image.load()
            small = _upright(image)
            if small.mode in _LAYERED:
                small = _over(small.convert("RGBA"), rules.background)
            small = _eight_bit(small).convert("RGB")
            small.thumbnail((side, side))
            return _saved(small, "JPEG", quality=80)
    except Unreadable:
        raise
    except Exception as fault:  # noqa: BLE001 as above
        raise Unreadable(reason(fault)) from None


def to_png(pixels: Pixels) -> bytes:
    """H W C uint8 to the bytes of a PNG file."""
    return _saved(_image(pixels), "PNG")


def to_jpeg(pixels: Pixels, quality: int = 90) -> bytes:
    """H W C uint8 to the bytes of a JPEG file."""
    return _saved(_image(pixels), "JPEG", quality=quality)


def to_gif(frames: Sequence[Pixels], ms: int) -> bytes:
    """H W C uint8 each, all of one size, to an endless GIF; `ms` milliseconds a frame, the last thrice."""
    small = [_image(frame).quantize(256, Image.Quantize.FASTOCTREE) for frame in frames]
    stay = [ms] * (len(small) - 1) + [3 * ms]
    return _saved(small[0], "GIF", save_all=True, append_images=small[1:], duration=stay, loop=0)


def _saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    held = io.BytesIO()
    image.save(held, kind, **options)
    return held.getvalue()


def _image(pixels: Pixels) -> Image.Image:
    return Image.fromarray(pixels[:, :, 0] if pixels.ndim == 3 and pixels.shape[2] == 1 else pixels)


def reason(fault: BaseException) -> str:
    """A decoder's complaint in plain words, one line."""
    name, text = type(fault).__name__, str(fault).strip().split("\n")[0]
    if name == "UnidentifiedImageError":
        return "it is no picture of a known format"
    if name.startswith("DecompressionBomb"):
        return "its header says more pixels than are read"
    if "truncated" in text.lower():
        return f"it is cut off ({text[:100]})"
    return f"{text[:140]} ({name})" if text else name
