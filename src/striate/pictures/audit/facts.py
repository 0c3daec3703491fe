"""What an audit keeps of each picture: one row of fixed width, and a small grey square.

Columns instead of objects: 57 bytes for the row and 2,304 for the square, so a million pictures take 2.4 GB;
above `IN_MEMORY` pictures the squares lie in an unnamed temporary file and the system keeps in memory what
is used.

Shape legend: N pictures, H height, W width, S side of a square.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, final
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from striate.pictures.files import Pixels, Rules, decode_for_audit

SIDE = 48
LONGEST = 256  # sharpness is judged on a grey picture at most so long
IN_MEMORY = 100_000
LEFT_OUT, READ, REFUSED = 0, 1, 2
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF")
_TABLE, _HASHED_WHOLE = 4096, 1 << 16  # bytes in a row of the sums that stand for all pixels
_EVERY_ROW = 100  # above, sharpness is judged on every other row
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
WITH_SMALL = np.dtype([("facts", FACTS), ("small", "u1", (SIDE, SIDE))])
Row = tuple[tuple[Any, ...], Pixels]  # the fields of FACTS, and the square
NOTHING: Row = ((REFUSED, *([0] * 11), b""), np.zeros((SIDE, SIDE), np.uint8))


@final
@dataclass(frozen=True, eq=False)
class Facts:
    """The rows of all pictures in the order of their dataset; `reasons` says why a row was
    refused.
    """

    rows: NDArray[np.void]
    small: NDArray[np.uint8]
    reasons: dict[int, str] = field(default_factory=dict)

    @staticmethod
    def empty(count: int) -> Facts:
        """Room for so many pictures."""
        shape = (count, SIDE, SIDE)
        if count <= IN_MEMORY:
            return Facts(np.zeros(count, FACTS), np.zeros(shape, np.uint8))
        with tempfile.TemporaryFile(prefix="striate-audit-") as file:
            # The map keeps the file alive after it is closed; both are freed with the last reference.
            small = np.memmap(file, np.uint8, "w+", shape=shape)
        return Facts(np.zeros(count, FACTS), small)

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

    def refuse(self, place: int, reason: str) -> None:
        """Keep why a picture could not be read."""
        self.rows[place]["state"] = REFUSED
        self.reasons[place] = reason


def look(data: bytes, rules: Rules) -> Row:
    """What is kept of the bytes of a file; raises `Unreadable`."""
    pixels, header, grey, small = decode_for_audit(data, rules, LONGEST, SIDE)
    return (
        READ,
        FORMATS.index(header.format) if header.format in FORMATS else -1,
        header.orientation,
        header.animated,
        _is_grey(pixels),
        header.mode.encode("ascii", "replace")[:8],
        *pixels.shape[:2],
        len(data),
        *_light(grey),
        _pixel_hash(pixels),
    ), small


def packed(rows: Sequence[Row]) -> NDArray[np.void]:
    """Rows as one array of WITH_SMALL: setting the fields one by one takes longer than decoding a
    small picture.
    """
    made = np.empty(len(rows), WITH_SMALL)
    if rows:
        made["facts"] = np.array([facts for facts, _ in rows], FACTS)
        made["small"] = np.stack([small for _, small in rows])
    return made


def _light(grey: Pixels) -> tuple[float, float, float]:
    """Mean and deviation of the grey values, and the variance of their Laplacian."""
    values = grey.astype(np.float32)
    flat = values.ravel()
    mean = float(np.add.reduce(flat)) / flat.size
    contrast = max(0.0, float(flat @ flat) / flat.size - mean * mean) ** 0.5
    if min(grey.shape) < 3:
        return mean, contrast, 0.0
    step = 1 + (values.shape[0] > _EVERY_ROW)
    inner = values[1:-1:step, 1:-1] * 4
    inner -= values[:-2:step, 1:-1]
    inner -= values[2::step, 1:-1]
    inner -= values[1:-1:step, :-2]
    inner -= values[1:-1:step, 2:]
    edges = inner.ravel()
    middle = float(np.add.reduce(edges)) / edges.size
    return mean, contrast, float(edges @ edges) / edges.size - middle * middle


def _is_grey(pixels: Pixels) -> bool:
    """Whether the three channels are equal, judged on at most about 24 x 24 of the pixels."""
    if pixels.shape[2] == 1:
        return True
    some = pixels[:: max(1, pixels.shape[0] // 24), :: max(1, pixels.shape[1] // 24)]
    some = some.astype(np.int16)
    red, green, blue = some[..., 0], some[..., 1], some[..., 2]
    return bool(
        np.abs(red - green).max() <= _GREY_STEP and np.abs(green - blue).max() <= _GREY_STEP
    )


def _pixel_hash(pixels: Pixels) -> bytes:
    """A key for the pixels: a hash of the size and of all values, or where they are many, of their
    CRC-32 and of 64-bit sums over rows and columns of a table of them; that takes a fifth of the time.
    """
    flat = pixels.reshape(-1)
    digest = blake2b(repr(pixels.shape).encode(), digest_size=16)
    if flat.size <= _HASHED_WHOLE:
        digest.update(flat.data)
        return digest.digest()
    edge = flat.size // _TABLE * _TABLE
    words = flat[:edge].view(np.uint64).reshape(-1, _TABLE // 8)
    digest.update(crc32(flat.data).to_bytes(4, "little"))
    digest.update(words.sum(0).tobytes())
    digest.update(words.sum(1).tobytes())
    digest.update(flat[edge:].tobytes())
    return digest.digest()
