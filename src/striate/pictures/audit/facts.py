"""What an audit keeps of each picture: a row of fixed width, a small grey square and a smaller coloured one.

Columns instead of objects: 57 bytes for the row, 2,304 and 432 for the squares, so a million pictures take
2.8 GB; above `IN_MEMORY` pictures the squares lie in unnamed temporary files and the system keeps in memory
what is used.

Shape legend: N pictures, H height, W width, S side of the grey square, T side of the coloured one.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from striate.pictures.audit.squares import HUES, SIDE, decode_for_audit, of_tiny
from striate.pictures.files import Pixels, Rules

IN_MEMORY = 100_000
Floats = NDArray[np.float32]
LEFT_OUT, READ, REFUSED = 0, 1, 2
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF")
_TABLES = (512, 509)  # eight bytes each in a row of the sums that stand for all pixels
_HASHED_WHOLE = 1 << 14  # bytes; below, all of them are hashed
_EVERY_ROW = 100  # above, sharpness is judged on every other row
_SOME = 24  # pixels in each direction, or up to twice as many, that say whether a picture is grey
_AT_ONCE = 1 << 18  # values whose light is judged together
_GREY_STEP = 3  # channels that differ by no more are grey: JPEG's rounding makes such differences

# One picture. Sizes are upright, as the picture is seen; `orientation` is EXIF's, 1 where nothing is turned.
FACTS = np.dtype(
    [
        ("state", "u1"), ("format", "i1"), ("orientation", "u1"), ("animated", "?"), ("grey", "?"),
        ("mode", "S8"), ("height", "<i4"), ("width", "<i4"), ("bytes", "<i8"),
        ("brightness", "<f4"), ("contrast", "<f4"), ("sharpness", "<f4"),
        ("pixel_hash", "V16"),
    ]
)  # fmt: skip
WITH_SMALL = np.dtype(
    [("facts", FACTS), ("small", "u1", (SIDE, SIDE)), ("hues", "u1", (HUES, HUES, 3))]
)


@final
class Row(NamedTuple):
    """Of one picture, before it is packed with others: the fields of FACTS, and what the rest is made of."""

    facts: tuple[Any, ...]
    grey: Pixels
    some: Pixels
    small: Pixels
    hues: Pixels


NOTHING = Row(
    (REFUSED, *([0] * 11), b""),
    np.zeros((1, 1), np.uint8),
    np.zeros((1, 1, 1), np.uint8),
    np.zeros((SIDE, SIDE), np.uint8),
    np.zeros((HUES, HUES, 3), np.uint8),
)


@final
@dataclass(frozen=True, eq=False)
class Facts:
    """The rows of all pictures in the order of their dataset; `reasons` says why a row was
    refused.
    """

    rows: NDArray[np.void]
    small: NDArray[np.uint8]
    hues: NDArray[np.uint8]
    reasons: dict[int, str] = field(default_factory=dict)

    @staticmethod
    def empty(count: int) -> Facts:
        """Room for so many pictures."""
        small, hues = _room((count, SIDE, SIDE)), _room((count, HUES, HUES, 3))
        return Facts(np.zeros(count, FACTS), small, hues)

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def read(self) -> NDArray[np.int64]:
        """The places of the pictures that could be read."""
        return np.flatnonzero(self.rows["state"] == READ).astype(np.int64)

    @property
    def refused(self) -> NDArray[np.int64]:
        """The places of those that could not."""
        return np.flatnonzero(self.rows["state"] == REFUSED).astype(np.int64)

    def put(self, places: NDArray[np.int64], found: NDArray[np.void]) -> None:
        """Keep what was found at these places."""
        self.rows[places] = found["facts"]
        self.small[places] = found["small"]
        self.hues[places] = found["hues"]

    def refuse(self, place: int, reason: str) -> None:
        """Keep why a picture could not be read."""
        self.rows[place]["state"] = REFUSED
        self.reasons[place] = reason


def _room(shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """Zeros, in memory or in a file without a name."""
    if shape[0] <= IN_MEMORY:
        return np.zeros(shape, np.uint8)
    with tempfile.TemporaryFile(prefix="striate-audit-") as file:
        # The map keeps the file alive after it is closed; both are freed with the last reference.
        return np.memmap(file, np.uint8, "w+", shape=shape)


def look(data: bytes, rules: Rules) -> Row:
    """What is kept of the bytes of a file; raises `Unreadable`."""
    pixels, header, grey, small, hues = decode_for_audit(data, rules, 2 * _SOME)
    size = header.size[::-1] if header.orientation > 4 else header.size
    facts = (
        READ,
        FORMATS.index(header.format) if header.format in FORMATS else -1,
        header.orientation,
        header.animated,
        False,
        header.mode.encode("ascii", "replace")[:8],
        *size,
        len(data),
        *(0.0, 0.0, 0.0),
        _pixel_hash(pixels, size),
    )
    rows, columns = (max(1, side // _SOME) for side in pixels.shape[:2])
    return Row(facts, grey, pixels[::rows, ::columns, :3], small, hues)


def packed(rows: Sequence[Row]) -> NDArray[np.void]:
    """Rows as one array of WITH_SMALL. What takes many small steps is done for all pictures of one size at
    once: one by one, they take longer than decoding a small picture.
    """
    made = np.zeros(len(rows), WITH_SMALL)
    if not rows:
        return made
    made["facts"] = np.array([row.facts for row in rows], FACTS)
    large = [place for place, row in enumerate(rows) if row.grey.size]
    for place in large:
        made["small"][place], made["hues"][place] = rows[place].small, rows[place].hues
    for places, grey in _of_one_size(large, [row.grey for row in rows]):
        _put_light(made, places, grey)
    for places, some in _of_one_size(large, [row.some for row in rows]):
        made["facts"]["grey"][places] = _is_grey(some)
    tiny = [place for place, row in enumerate(rows) if not row.grey.size]
    for places, some in _of_one_size(tiny, [row.some for row in rows]):
        # These are all pixels, and the rest is made of them now.
        grey, made["small"][places] = of_tiny(some)
        made["facts"]["grey"][places] = _is_grey(some)
        _put_light(made, places, grey)
    return made


def _put_light(made: NDArray[np.void], places: list[int], grey: Pixels) -> None:
    for name, values in zip(("brightness", "contrast", "sharpness"), _light(grey), strict=True):
        made["facts"][name][places] = values


def _of_one_size(
    wanted: Sequence[int], pictures: Sequence[Pixels]
) -> Iterator[tuple[list[int], Pixels]]:
    """Places and a stack of each size; large pictures a few at a time, so that they stay in the cache."""
    held: dict[tuple[int, ...], list[int]] = {}
    for place in wanted:
        held.setdefault(pictures[place].shape, []).append(place)
    for shape, places in held.items():
        step = max(1, _AT_ONCE // max(1, math.prod(shape)))
        for start in range(0, len(places), step):
            some = places[start : start + step]
            yield some, np.stack([pictures[i] for i in some])


def _light(grey: Pixels) -> tuple[Floats, Floats, Floats]:
    """N H W: mean and deviation of the grey values, and the variance of their Laplacian, N each."""
    values = grey.astype(np.float32)
    mean, contrast = _spread(values)
    if min(grey.shape[1:]) < 3:
        return mean, np.sqrt(contrast), np.zeros(len(grey), np.float32)
    step = 1 + (values.shape[1] > _EVERY_ROW)
    inner = values[:, 1:-1:step, 1:-1] * 4
    inner -= values[:, :-2:step, 1:-1]
    inner -= values[:, 2::step, 1:-1]
    inner -= values[:, 1:-1:step, :-2]
    inner -= values[:, 1:-1:step, 2:]
    return mean, np.sqrt(contrast), _spread(inner)[1]


def _spread(values: Floats) -> tuple[Floats, Floats]:
    """Mean and variance of each of N."""
    flat = values.reshape(len(values), 1, -1)
    mean = flat.mean(2)[:, 0]
    square = (flat @ flat.transpose(0, 2, 1))[:, 0, 0] / flat.shape[2]
    return mean, np.maximum(square - mean * mean, 0)


def _is_grey(some: Pixels) -> NDArray[np.bool_]:
    """N H W C: whether the channels of some of the pixels of each are equal."""
    if some.shape[3] == 1:
        return np.ones(len(some), np.bool_)
    values = some.astype(np.int16)
    red, green, blue = values[..., 0], values[..., 1], values[..., 2]
    apart = np.maximum(np.abs(red - green), np.abs(green - blue))
    found: NDArray[np.bool_] = apart.max((1, 2)) <= _GREY_STEP
    return found


def _pixel_hash(pixels: Pixels, size: tuple[int, int]) -> bytes:
    """A key for a picture of this size and its pixels, which may be fewer: a hash of the size and of all
    values, or where they are many, of 64-bit sums over the rows and columns of two tables of them. The
    widths share no divisor: what changes no sum of one does of the other. That takes a quarter of the time
    of a CRC-32 and less of a hash.
    """
    flat = pixels.reshape(-1)
    digest = blake2b(repr((*size, pixels.shape)).encode(), digest_size=16)
    if flat.size <= _HASHED_WHOLE:
        digest.update(flat.data)
        return digest.digest()
    for width in _TABLES:
        edge = flat.size // (8 * width) * 8 * width
        words = flat[:edge].view(np.uint64).reshape(-1, width)
        digest.update(words.sum(0).tobytes())
        digest.update(words.sum(1).tobytes() if width == _TABLES[0] else b"")
        digest.update(flat[edge:].tobytes())
    return digest.digest()
