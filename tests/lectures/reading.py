"""Numbers read back from a picture: the tests compare them with the arrays they were drawn from."""

from __future__ import annotations

import io
import xml.etree.ElementTree as ET

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from striate.lectures.drawing import scene_of
from striate.lectures.shown import Shown, Still
from striate.lectures.to_svg import svg_of

NS = "{http://www.w3.org/2000/svg}"


def value(text: str) -> float:
    """A written number."""
    return float(text.replace("−", "-"))


def cells(svg: str) -> dict[str, dict[tuple[int, int], float]]:
    """By the name of a grid: the number at each row and column that stands there."""
    found: dict[str, dict[tuple[int, int], float]] = {}
    for text in ET.fromstring(svg).iter(f"{NS}text"):
        if "data-cell" in text.attrib:
            name, row, column = text.attrib["data-cell"].rsplit(" ", 2)
            found.setdefault(name, {})[int(row), int(column)] = value(text.text or "")
    return found


def grid(still: Still, name: str) -> NDArray[np.float64]:
    """One grid of a still as drawn, NaN where nothing stands."""
    held = cells(svg_of(scene_of(still)))[name]
    made = np.full([max(place[axis] for place in held) + 1 for axis in (0, 1)], np.nan)
    for place, written in held.items():
        made[place] = written
    return made


def words(still: Still) -> list[str]:
    """Every text of a still, from the first mark to the last."""
    return [text.text or "" for text in ET.fromstring(svg_of(scene_of(still))).iter(f"{NS}text")]


def frames_in(data: bytes) -> int:
    """How many frames a GIF has."""
    with Image.open(io.BytesIO(data)) as image:
        return int(getattr(image, "n_frames", 1))


def check_drawn(shown: Shown, **names: str) -> None:
    """The grids of the still hold the arrays: `array="name of the grid"`."""
    for array, name in names.items():
        held = np.asarray(shown.arrays[array], float)
        np.testing.assert_allclose(grid(shown.still, name), held, rtol=6e-4, atol=1e-9)
