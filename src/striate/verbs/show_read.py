"""What is typed for a demonstration, read: rows of numbers, or the name of a picture file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from striate.errors import FileFault, Unreadable, UsageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from striate.lectures.shown import Floats

LONGEST = 512  # side of a picture file that is reckoned with
_FORM = 'numbers with blanks or commas, rows with /, channels with ;: "1 0 1/0 1 0/1 0 1"'


def channels(text: str, what: str) -> Floats:
    """C H W, of numbers that are typed.

    >>> channels("1 2/3 4; 5 6/7 8", "--image").shape
    (2, 2, 2)
    """
    tables = [table(part, what) for part in text.strip().strip(";").split(";")]
    if len({one.shape for one in tables}) > 1:
        sizes = ", ".join(f"{h}×{w}" for h, w in (one.shape for one in tables))
        raise UsageError(f"{what}: the channels must have one size, and they have {sizes}", _FORM)
    return np.stack(tables)


def table(text: str, what: str) -> Floats:
    """H W, of numbers that are typed."""
    rows = [row(part, what) for part in text.strip().strip("/").split("/")]
    if len({len(one) for one in rows}) > 1:
        lengths = ", ".join(str(len(one)) for one in rows)
        raise UsageError(
            f"{what}: all rows must be equally long, and they hold {lengths} numbers", _FORM
        )
    return np.stack(rows)


def row(text: str, what: str) -> Floats:
    """D, of numbers that are typed; 1/2 is no number here, for / parts rows."""
    words = text.replace(",", " ").replace("−", "-").split()
    if not words:
        raise UsageError(f"{what}: here are no numbers", _FORM)
    return np.array([_number(word, what) for word in words])


def _number(word: str, what: str) -> float:
    try:
        value = float(word)
    except ValueError:
        raise UsageError(f"{what}: {word!r} is no number", _FORM) from None
    if not np.isfinite(value):
        raise UsageError(f"{what}: {word!r} is no number to reckon with", "use finite numbers")
    return value


def whole(values: Floats, what: str) -> NDArray[np.int64]:
    """Whole numbers from 0 on, such as labels."""
    made = values.astype(np.int64)
    if (made != values).any() or (made < 0).any():
        raise UsageError(f"{what}: only whole numbers from 0 on can be used", 'such as "0 2 1"')
    return made


def is_file(text: str) -> bool:
    """Whether what was typed means a file rather than numbers."""
    return not set(text) <= set("0123456789+-.,;/eE −\t\n")


class Image(NamedTuple):
    """values: C H W, of a file 0 ... 255; is_file: whether they come from one; note: what was done to it."""

    values: Floats
    is_file: bool = False
    note: str = ""


def image(text: str, what: str = "--image", as_grey: bool = True) -> Image:
    """Typed numbers as they are; a picture file in grey or colour, made smaller where it is large."""
    if not is_file(text):
        return Image(channels(text, what))
    from striate.pictures.files import Rules, read, resized

    if not Path(text).is_file():
        raise FileFault(f"{what}: {text!r} is neither numbers nor a file", _FORM)
    try:
        pixels = read(text, Rules("L" if as_grey else "RGB"))
    except Unreadable as fault:
        raise FileFault(f"{what}: {text} cannot be read: {fault}", "give another picture") from None
    H, W = pixels.shape[:2]
    note = f"{Path(text).name}: {H}×{W}, {'grey' if as_grey else '3 channels'}, 0 … 255"
    if max(H, W) > LONGEST:
        by = LONGEST / max(H, W)
        pixels = resized(pixels, max(1, round(H * by)), max(1, round(W * by)))
        note += f", made smaller to {pixels.shape[0]}×{pixels.shape[1]}"
    return Image(pixels.transpose(2, 0, 1).astype(float), True, note)


def kernel(text: str, what: str = "--kernel") -> Floats:
    """C kh kw: typed numbers, or a kernel by its name."""
    if not is_file(text):
        return channels(text, what)
    from striate.lectures.kernels import named

    return named(text.strip())[None]


def one_channel(text: str, what: str = "--image") -> Image:
    """A picture of one channel, 1 H W."""
    picture = image(text, what)
    if len(picture.values) != 1:
        raise UsageError(
            f"{what}: here are {len(picture.values)} channels", "one is enough: leave out the ;"
        )
    return picture


def maybe(text: str | None, what: str) -> Floats | None:
    """H W where something was typed."""
    return None if text is None else table(text, what)


def one_kernel(text: str, what: str = "--kernel") -> Floats:
    """kh kw: a kernel of one channel."""
    made = kernel(text, what)
    if len(made) != 1:
        raise UsageError(f"{what}: here are {len(made)} channels", "one is enough: leave out the ;")
    one: Floats = made[0]
    return one


def upstream(flags: Mapping[str, Any], shape: tuple[int, ...]) -> Floats | None:
    """dL/dy for --backward: what was typed, or ones; None without --backward."""
    typed = flags["upstream"]
    if not flags["backward"]:
        if typed is not None:
            raise UsageError("--upstream is used by --backward alone", "add --backward")
        return None
    return np.ones(shape) if typed is None else table(typed, "--upstream")
