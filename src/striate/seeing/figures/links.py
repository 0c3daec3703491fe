"""Places in a large picture that show a picture each when one points at them, or gets there by keyboard or
touch: thumbnails on a sheet are small, and lie over one another. No script: style alone.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from striate.pages.html import Html, escaped
from striate.pictures.files import Pixels, resized

HOW = "Point at a picture to see it larger, tap it, or go there by Tab."
_SIDE, _SHOWN = 72, 144  # of a picture: as held, and as shown
STYLE = f"""
.stack.linked {{ overflow: visible }}
.stack .spot {{ position: absolute; border-radius: 2px }}
.stack .spot:hover, .stack .spot:focus {{ outline: 3px solid var(--ink); z-index: 2 }}
.spot span {{ display: none; position: absolute; width: {_SHOWN + 14}px; padding: 6px; font-size: .78rem;
  z-index: 3; color: var(--ink); background: var(--ground); border: 1px solid var(--line); border-radius: 6px;
  overflow-wrap: anywhere; box-shadow: 0 2px 10px #0006; line-height: 1.25 }}
.spot:hover span, .spot:focus span {{ display: block }}
.spot span::before {{ content: ""; display: block; width: {_SHOWN}px; height: {_SHOWN}px; margin-bottom: 4px;
  background: var(--g) calc(var(--c) * -{_SHOWN}px) calc(var(--r) * -{_SHOWN}px) /
  calc(var(--n) * {_SHOWN}px) }}
.spot .e {{ right: 120% }} .spot .w {{ left: 120% }} .spot .s {{ bottom: 0 }} .spot .n {{ top: 0 }}
"""


class Links(NamedTuple):
    """boxes: top, left, bottom, right of each place; names: what each says; sheet: the pictures as a grid of
    so many columns, in the same order.
    """

    boxes: tuple[tuple[int, int, int, int], ...]
    names: tuple[str, ...]
    sheet: Pixels
    columns: int


def linked(
    boxes: Sequence[tuple[int, int, int, int]], names: Sequence[str], pictures: Sequence[Pixels]
) -> Links:
    """A picture and a name for each box."""
    columns = max(1, math.ceil(math.sqrt(len(pictures))))
    rows = -(-len(pictures) // columns)
    sheet = np.full((rows * _SIDE, columns * _SIDE, 3), 255, np.uint8)
    for i, pixels in enumerate(pictures):
        top, left = i // columns * _SIDE, i % columns * _SIDE
        sheet[top : top + _SIDE, left : left + _SIDE] = resized(pixels, _SIDE, _SIDE)
    return Links(tuple(boxes), tuple(names), sheet, columns)


def drawn(links: Links, size: tuple[int, int], address: str) -> Html:
    """What lies over a picture of this H W; `address` is that of the sheet."""
    H, W = size
    made = [f'<div style="--g:url({address});--n:{links.columns}">']
    for i, (box, name) in enumerate(zip(links.boxes, links.names, strict=True)):
        top, left, bottom, right = box
        # Beside the place, on the side where there is room.
        where = f"{'e' if left + right > W else 'w'} {'s' if top + bottom > H else 'n'}"
        made.append(
            f'<div class="spot" tabindex="0" role="img" aria-label="{escaped(name)}" style="'
            f"top:{100 * top / H:.2f}%;left:{100 * left / W:.2f}%;"
            f"height:{100 * (bottom - top) / H:.2f}%;width:{100 * (right - left) / W:.2f}%;"
            f'--c:{i % links.columns};--r:{i // links.columns}"><span class="{where}">{escaped(name)}</span>'
            "</div>"
        )
    return Html("".join([*made, "</div>"]))
