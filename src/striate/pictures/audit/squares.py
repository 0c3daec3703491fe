"""What an audit takes from one decoded picture: its stored values, a grey one for light and sharpness, a
small grey square and a smaller coloured one for the search for copies.

Nothing is copied where it need not be: Pillow lends the memory of a picture through Arrow's interface, red,
green, blue and a byte of 255 for each pixel. A fifth of the time of an audit went into packing these.

Shape legend: H height, W width, S side of the grey square, T side of the coloured one.
"""

from __future__ import annotations

import ctypes
from functools import lru_cache
from typing import Any, NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from striate.pictures.files import Header, Pixels, Rules, decoded

Floats = NDArray[np.float32]
SIDE, HUES = 48, 12
LONGEST = 256  # sharpness is judged on a grey picture at most so long
_NEAREST, _BILINEAR, _BOX = 0, 2, 4  # Pillow's numbers of its filters
_SPOTS = 8  # in each direction: so many pixels are averaged for one of the coloured square
_ARRAY = b"arrow_array"  # the name that Arrow gives its capsules
_FOURTH = 255
_RED, _GREEN, _BLUE = (
    np.float32(19595),
    np.float32(38470),
    np.float32(7471),
)  # Pillow's own for luma
_NOTHING = (np.zeros((0, 0), np.uint8), np.zeros((0, 0), np.uint8), np.zeros((0, 0, 3), np.uint8))


@final
class Looked(NamedTuple):
    """`stored`: H W 4, the fourth 255, or H W 1, of a large JPEG at a fraction of its size; `grey`: H W, at
    most LONGEST; `small`: S S; `hues`: T T 3. Both squares are the whole picture pressed into one.
    """

    stored: Pixels
    header: Header
    grey: Pixels
    small: Pixels
    hues: Pixels


def decode_for_audit(data: bytes, rules: Rules, tiny: int = 0) -> Looked:
    """Everything an audit looks at, from one pass; raises `Unreadable`. Of a picture with sides under `tiny`
    only what is stored: `of_tiny` makes the rest for many at once.
    """
    with decoded(data, rules, _smaller) as (image, header):
        if max(image.size) < tiny:
            return Looked(_stored(image, header.format), header, *_NOTHING)
        grey = image if image.mode == "L" else image.convert("L")
        if (factor := -(-max(grey.size) // LONGEST)) > 1:
            # A very long picture is not made thinner than one pixel.
            grey = grey.reduce((min(factor, grey.width), min(factor, grey.height)))
        small = grey.resize((SIDE, SIDE), _BILINEAR, reducing_gap=2.0)
        stored = _stored(image, header.format)
        return Looked(stored, header, _plane(grey), _plane(small), _hues(image))


def _smaller(height: int, width: int) -> int:
    """How many times smaller a JPEG may be decoded: never smaller than what is made of it."""
    fits = [by for by in (2, 4, 8) if LONGEST * (by - 1) < max(height, width)]
    fits = [by for by in fits if min(height, width) >= by * 2 * SIDE]
    return max(fits, default=1)


def of_tiny(pictures: Pixels) -> tuple[Pixels, Pixels]:
    """N H W C: the grey pictures and the grey square of each, as Pillow would make them, give or take one
    level. No colours: of thumbnails they are never compared.
    """
    height, width = pictures.shape[1:3]
    colours = pictures if pictures.shape[3] == 3 else pictures.repeat(3, 3)
    planes = np.ascontiguousarray(colours.transpose(0, 3, 1, 2), np.float32)
    # All of it whole numbers under 2**24: exact.
    grey = planes[:, 0] * _RED
    grey += planes[:, 1] * _GREEN
    grey += planes[:, 2] * _BLUE
    grey += 2**15
    grey *= np.float32(2**-16)
    np.floor(grey, out=grey)
    small = _between(height) @ (grey @ _between(width).T)
    return grey.astype(np.uint8), _rounded(small)


@lru_cache(maxsize=64)
def _between(side: int) -> Floats:
    """The matrix (S, side) that reads between pixels."""
    at = (np.arange(SIDE) + 0.5) * side / SIDE - 0.5
    near = np.maximum(1 - np.abs(at[:, None] - np.arange(side)), 0)
    made: Floats = (near / near.sum(1, keepdims=True)).astype(np.float32)
    return made


def _rounded(values: NDArray[np.floating[Any]]) -> Pixels:
    """The nearest whole numbers; `values` are used up."""
    values += 0.5
    made: Pixels = np.minimum(values, 255, out=values).astype(np.uint8)
    return made


def _hues(image: Any) -> Pixels:
    """T T 3. Reading every pixel takes as long as the grey picture did: of large ones 9,216 are read."""
    spots = HUES * _SPOTS
    if max(image.size) > spots:
        made = image.resize((spots, spots), _NEAREST).reduce(_SPOTS)
    else:
        made = image.resize((HUES, HUES), _BOX)
    return _packed(made if made.mode == "RGB" else made.convert("RGB"), 3)


def _plane(image: Any) -> Pixels:
    return _packed(image, 1)[:, :, 0]


def _packed(image: Any, channels: int) -> Pixels:
    """For small pictures twice as fast as `np.asarray`."""
    return np.frombuffer(image.tobytes(), np.uint8).reshape(image.height, image.width, channels)


def _stored(image: Any, kind: str) -> Pixels:
    """H W 4 or H W 1; equal pixels give equal values, whatever file they came from."""
    if image.mode == "L":
        return _packed(image, 1)
    # Only a JPEG's fourth byte is known to be 255: some TIFFs keep in it what stood in the file.
    lent = _lent(image) if kind == "JPEG" else None
    if lent is not None:
        return lent
    held = np.frombuffer(bytearray(image.tobytes("raw", "RGBX")), np.uint8)
    made = held.reshape(image.height, image.width, 4)
    made[:, :, 3] = _FOURTH
    return made


class _Arrow(ctypes.Structure):
    """`struct ArrowArray` of Arrow's C interface, as far as it is read here."""

    _fields_ = (
        ("length", ctypes.c_int64),
        ("null_count", ctypes.c_int64),
        ("offset", ctypes.c_int64),
        ("n_buffers", ctypes.c_int64),
        ("n_children", ctypes.c_int64),
        ("buffers", ctypes.POINTER(ctypes.c_void_p)),
        ("children", ctypes.POINTER(ctypes.c_void_p)),
    )


@final
class _Loan:
    """What NumPy reads an array from; it keeps the memory alive as long as the array is."""

    def __init__(self, capsule: object, address: int, shape: tuple[int, int, int]) -> None:
        self.capsule = capsule
        self.__array_interface__ = {
            "version": 3, "shape": shape, "typestr": "|u1", "data": (address, True)
        }  # fmt: skip


def _lent(image: Any) -> Pixels | None:
    """The memory of an RGB picture, H W 4; None where this Pillow does not lend it, or has it in parts."""
    try:
        _, capsule = image.__arrow_c_array__()
    except (AttributeError, ValueError):
        return None
    pointer = ctypes.pythonapi.PyCapsule_GetPointer
    pointer.restype, pointer.argtypes = ctypes.c_void_p, (ctypes.py_object, ctypes.c_char_p)
    held = _Arrow.from_address(pointer(capsule, _ARRAY) or 0)
    if held.n_children == 1:
        held = _Arrow.from_address(held.children[0] or 0)
    shape = (image.height, image.width, 4)
    if held.length != shape[0] * shape[1] * shape[2] or held.offset or held.n_buffers < 2:
        return None
    return np.asarray(_Loan(capsule, held.buffers[1] or 0, shape))
