"""How a file becomes the network's input: one declarative object, kept beside the weights, and one way to
carry it out.

    decode     `files.decode`: EXIF always applied, colour mode, what lies behind transparent pixels
    fit        crop     the largest centred box of the target's shape, times `ratio`, is resized to the target
               pad      the whole picture is resized into the target, the rest is `fill`
               stretch  the whole picture is resized to the target, whatever its shape
    resize     triangle filter with antialias, width pass then height pass, uint8 after each (`files.resized`)
    centre     mass     moved by whole pixels until what differs from `fill` has its mass in the middle
               box      the same with the middle of its bounding box; `fill` comes in from the sides
    scale      x / 255, then (x - mean) / std, float32 after each step, N C H W

Cropping before resizing shows what "resize the short side to size / ratio, then crop the centre" shows,
up to half a pixel of the file, at two thirds of the work, and a picture of 1 x 5000 needs no gigabyte
on the way. All is whole numbers until the scale, so every executor can be equal bit for bit.

Shape legend: N batch, H height, W width, C channels (3 for RGB, 1 for L).
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal, NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from striate.pictures.files import Mode, Part, Pixels, Rules, decode_resized, resized
from striate.pictures.prepare_faults import faults, refused, shown

Fit = Literal["crop", "pad", "stretch"]
Centre = Literal["none", "mass", "box"]
Colour = tuple[int, int, int]
FORMAT = 1
# What a preparation says but nobody can choose: written so that another executor need not guess.
FIXED: Mapping[str, object] = {
    "format": FORMAT,
    "exif": "always",
    "filter": "triangle, antialias, 22-bit weights, width then height, uint8 after each",
    "scale": "1/255",
    "layout": "NCHW",
}


class Box(NamedTuple):
    """Rows top ... bottom - 1 and columns left ... right - 1."""

    top: int
    left: int
    bottom: int
    right: int


@final
@dataclass(frozen=True)
class Preparation:
    """One specification of the network's input. Sizes are (height, width); mean and std have one number for
    each channel and are on the scale 0 ... 1.

    >>> Preparation((224, 224), ratio=0.875).box(480, 640)
    Box(top=30, left=110, bottom=450, right=530)
    """

    size: tuple[int, int]
    mode: Mode = "RGB"
    background: Colour = (255, 255, 255)
    fit: Fit = "crop"
    ratio: float = 1.0
    fill: Colour = (0, 0, 0)
    centre: Centre = "none"
    mean: tuple[float, ...] = (0.5, 0.5, 0.5)
    std: tuple[float, ...] = (0.25, 0.25, 0.25)

    def __post_init__(self) -> None:
        if self.mode == "L" and self.mean == (0.5,) * 3 and self.std == (0.25,) * 3:
            object.__setattr__(self, "mean", (0.5,))
            object.__setattr__(self, "std", (0.25,))
        found = list(faults(vars(self)))
        if found:
            raise refused(found)
        # Numbers of one kind, so that equal preparations have equal hashes.
        for name in ("size", "background", "fill"):
            object.__setattr__(self, name, tuple(int(v) for v in getattr(self, name)))
        for name in ("mean", "std"):
            object.__setattr__(self, name, tuple(float(v) for v in getattr(self, name)))
        object.__setattr__(self, "ratio", float(self.ratio))

    @property
    def channels(self) -> int:
        """C: 3 for RGB, 1 for L."""
        return 3 if self.mode == "RGB" else 1

    @property
    def shape(self) -> tuple[int, int, int]:
        """Of one prepared picture: H W C."""
        return (*self.size, self.channels)

    @property
    def rules(self) -> Rules:
        """How files are decoded for this."""
        return Rules(mode=self.mode, background=self.background)

    @property
    def digest(self) -> str:
        """The hash of all of it, 64 hexadecimal digits."""
        return _hash(self.to_dict())

    @property
    def pixels_digest(self) -> str:
        """The hash of what decides the uint8 pixels: mean and std are left out."""
        kept = {k: v for k, v in self.to_dict().items() if k not in ("mean", "std")}
        return _hash(kept)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, fixed ones included."""
        mine = {f.name: getattr(self, f.name) for f in fields(self)}
        plain = {k: list(v) if isinstance(v, tuple) else v for k, v in mine.items()}
        return {**FIXED, **plain}

    def to_json(self) -> str:
        """One text for one preparation: keys sorted, UTF-8."""
        return json.dumps(self.to_dict(), indent=2, sort_keys=True, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str | bytes) -> Preparation:
        """The reverse of `to_json`; every fault of the text is told at once."""
        try:
            found = json.loads(text)
        except ValueError as fault:
            raise refused([f"it is no JSON: {fault}"]) from None
        return cls.from_dict(found)

    @classmethod
    def from_dict(cls, found: object) -> Preparation:
        """From plain values; every fault is told at once."""
        if not isinstance(found, dict):
            raise refused([f"a table of names and values is needed, this is {shown(found)}"])
        names = {f.name for f in fields(cls)}
        met = [f'"{key}" is no name it knows' for key in found if key not in names | set(FIXED)]
        met += [
            f"{key} is {shown(found[key])}; this version of Striate knows {value!r}"
            for key, value in FIXED.items()
            if key in found and found[key] != value
        ]
        given: dict[str, Any] = {
            k: tuple(v) if isinstance(v, list) else v for k, v in found.items() if k in names
        }
        if "size" not in given:
            met.append("size is missing: [height, width]")
        met += faults(given)
        if met:
            raise refused(met)
        return cls(**given)

    def box(self, height: int, width: int) -> Box:
        """The part of a picture of this size that is resized; all of it unless `fit` is crop."""
        if self.fit != "crop":
            return Box(0, 0, height, width)
        H, W = self.size
        if height * W <= width * H:  # wider than the target: all rows
            rows = float(height)
            columns = height * W / H
        else:
            rows, columns = width * H / W, float(width)
        tall = min(height, max(1, math.floor(rows * self.ratio + 0.5)))
        wide = min(width, max(1, math.floor(columns * self.ratio + 0.5)))
        top, left = (height - tall) // 2, (width - wide) // 2
        return Box(top, left, top + tall, left + wide)

    def inner(self, height: int, width: int) -> Box:
        """The part of the target that a picture of this size fills; all of it unless `fit` is pad."""
        H, W = self.size
        if self.fit != "pad":
            return Box(0, 0, H, W)
        if height * W <= width * H:
            tall, wide = max(1, (2 * height * W + width) // (2 * width)), W
        else:
            tall, wide = H, max(1, (2 * width * H + height) // (2 * height))
        tall, wide = min(H, tall), min(W, wide)
        top, left = (H - tall) // 2, (W - wide) // 2
        return Box(top, left, top + tall, left + wide)

    def apply(self, pixels: Pixels) -> Pixels:
        """H W C uint8 of any size to H W C uint8 of this size."""
        if pixels.ndim != 3 or pixels.shape[2] != self.channels or pixels.dtype != np.uint8:
            raise refused(
                [
                    f"pixels must be H W {self.channels} uint8, these are {pixels.shape} {pixels.dtype}"
                ]
            )
        top, left, bottom, right, height, width = self._part(*pixels.shape[:2])
        cut = np.ascontiguousarray(pixels[top:bottom, left:right])
        return self._placed(resized(cut, height, width), *pixels.shape[:2])

    def decode(self, data: bytes) -> Pixels:
        """The bytes of a file to H W C uint8 of this size: `files.decode`, then `apply`, only faster."""
        size = [0, 0]

        def fit(height: int, width: int) -> Part:
            size[:] = height, width
            return self._part(height, width)

        return self._placed(decode_resized(data, self.rules, fit), *size)

    def _part(self, height: int, width: int) -> Part:
        """What is cut from a picture of this size, and the size that it gets."""
        inner = self.inner(height, width)
        return (*self.box(height, width), inner.bottom - inner.top, inner.right - inner.left)

    def _placed(self, made: Pixels, height: int, width: int) -> Pixels:
        """Within the target, and centred."""
        if made.shape[:2] != self.size:
            inner, whole = self.inner(height, width), self._canvas()
            whole[inner.top : inner.bottom, inner.left : inner.right] = made
            made = whole
        return made if self.centre == "none" else self._centred(made)

    def normalise(self, batch: Pixels) -> NDArray[np.float32]:
        """N H W C or N C H W uint8 to N C H W float32: what `batches.normalised` does with tensors."""
        if batch.ndim != 4 or self.channels not in (batch.shape[3], batch.shape[1]):
            raise refused([f"a batch must be N H W C or N C H W, this is {batch.shape}"])
        in_planes = batch.shape[3] != self.channels or batch.shape[1:] == (
            self.channels,
            *self.size,
        )
        planes = batch if in_planes else batch.transpose(0, 3, 1, 2)
        shape = (1, self.channels, 1, 1)
        made = np.divide(planes, np.float32(255), dtype=np.float32, order="C")
        made -= np.array(self.mean, np.float32).reshape(shape)
        made /= np.array(self.std, np.float32).reshape(shape)
        return made

    def _canvas(self) -> Pixels:
        """An empty target of colour `fill`; grey takes the luma of it."""
        red, green, blue = self.fill
        grey = (
            red * 19595 + green * 38470 + blue * 7471 + 0x8000
        ) >> 16  # Pillow's own whole numbers
        colour = self.fill if self.channels == 3 else (grey,)
        return np.tile(np.array(colour, np.uint8), (*self.size, 1))

    def _centred(self, pixels: Pixels) -> Pixels:
        """The same picture moved by whole pixels; one without an object stays where it is."""
        whole = self._canvas()
        object_ = np.abs(pixels.astype(np.int64) - whole).sum(axis=2)
        moves = [
            _move(object_.sum(axis=1), self.centre == "box"),
            _move(object_.sum(axis=0), self.centre == "box"),
        ]
        (to_row, from_row), (to_column, from_column) = (
            _slices(move, side) for move, side in zip(moves, self.size, strict=True)
        )
        whole[to_row, to_column] = pixels[from_row, from_column]
        return whole


def _move(mass: NDArray[np.int64], by_box: bool) -> int:
    """How far an object with this mass in each row must go until its middle is the middle."""
    if not mass.any():
        return 0
    places = np.arange(len(mass))
    if by_box:
        held = places[mass > 0]
        top, bottom = int(held[0]), int(held[-1])
        return (len(mass) - 1 - top - bottom + 1) // 2
    weight, sum_ = int(mass.sum()), int((mass * places).sum())
    # round((n - 1) / 2 - sum / weight) in whole numbers, halves upwards
    return ((len(mass) - 1) * weight - 2 * sum_ + weight) // (2 * weight)


def _slices(move: int, side: int) -> tuple[slice, slice]:
    """Where the rows go, and where they come from."""
    return slice(max(0, move), side + min(0, move)), slice(max(0, -move), side - max(0, move))


def _hash(value: Mapping[str, object]) -> str:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8")).hexdigest()
