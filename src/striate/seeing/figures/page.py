"""A figure as one HTML file that needs nothing else: light and dark, by keyboard, never above 3 MB for long
rows of pictures.
"""

from __future__ import annotations

import base64
from dataclasses import replace

import numpy as np

from striate.pages import html
from striate.pages.chart_lines import lines
from striate.pages.html import Html, Section, escaped
from striate.pictures.files import Pixels, resized, to_jpeg, to_png
from striate.seeing.figures import links
from striate.seeing.figures.colours import ABOVE, BELOW, glass, signed
from striate.seeing.figures.figure import Chart, Figure, Panel, Part, Table, Tile, Words, number

LARGEST = 3_000_000
# Pixels kept of each picture of usual width: the first whose page is small enough.
SIDES = (224, 160, 112, 80, 56, 40)
_USUAL = 148  # pixels of the page; wider ones keep more in proportion
_SAMPLE = 12
_SENTENCE = 2_000  # bytes for what a page says of what it lacks
_GONE = ("panels that stand below others", "whole parts")
CHARTS = ('<div class="charts">', "</div><!-- charts -->")
_TINY = 64  # up to this side a pixel is shown as a square
STYLE = f"""{links.STYLE}
:root {{ --above: rgb{ABOVE}; --below: rgb{BELOW}; --zero: #f7f7f5 }}
.tiles {{ display: flex; flex-wrap: wrap; gap: .8rem; padding: 0; margin: .6rem 0; list-style: none }}
.tiles figure {{ width: var(--w) }}
.stack {{ position: relative; width: 100%; border: 1px solid var(--line); border-radius: 4px;
  overflow: hidden;  background: var(--panel) }}
.stack i {{ position: absolute; inset: 0; background: var(--p) 0 0 / 100% 100% no-repeat }}
.stack .pale {{ filter: grayscale(1) contrast(.55) brightness(1.25) }}
.stack img, .tiles .stack img {{ position: absolute; inset: 0; width: 100%; height: 100%; border: 0;
  border-radius: 0; object-fit: fill; background: none }}
.stack .sharp {{ image-rendering: pixelated }}
.stack b {{ position: absolute; border: 2px solid #c4500a; box-shadow: inset 0 0 0 1px #fff }}
.apart .stack {{ border: 2px dashed var(--warning) }}
.tiles figcaption {{ font-size: .78rem }}
.ramp {{ display: flex; align-items: center; gap: .5rem; font-size: .78rem; color: var(--soft);
  margin: .3rem 0; font-variant-numeric: tabular-nums }}
.ramp i {{ display: inline-block; width: 11rem; height: .8rem; border: 1px solid var(--line);
  border-radius: 3px; background: linear-gradient(90deg, rgb(3,38,80), var(--below) 15%, var(--zero) 50%,
  var(--above) 85%, rgb(94,30,0)) }}
h3 {{ font-size: 1rem; margin: 1.3rem 0 .2rem }}
"""


def page_of(figure: Figure) -> str:
    """The whole file, its pictures so small that it stays below 3 MB if that can be."""
    parts = figure.parts
    some = replace(figure, parts=parts[:: max(1, len(parts) // _SAMPLE)])
    sides = list(SIDES)
    # A few parts tell which sizes are hopeless, so that not all pictures are drawn five times.
    while len(sides) > 1 and len(_page(some, sides[0])) * len(parts) > LARGEST * len(some.parts):
        sides.pop(0)
    text = _page(figure, sides.pop(0))
    side = SIDES[-1]
    while sides and _bytes(text) > LARGEST:
        side = sides.pop(0)
        text = _page(figure, side)
    return text if _bytes(text) <= LARGEST else _page(_fitting(figure, side, _bytes(text)), side)


def _bytes(text: str) -> int:
    return len(text.encode())


def _fitting(figure: Figure, side: int, size: int) -> Figure:
    """Without pictures below others, from the last on, and where that is not enough without whole parts: the
    page says how many, and where they are.
    """
    parts: list[Part | None] = list(figure.parts)
    gone = [0, 0]
    for kind, is_below in enumerate((True, False)):
        for i in reversed(range(1, len(parts))):
            part = parts[i]
            if size <= LARGEST - _SENTENCE:
                break
            if part is not None and (not is_below or (part.is_below and isinstance(part, Panel))):
                size -= _bytes(part_of(part, side))
                parts[i] = None
                gone[kind] += 1
    lead = (
        f"{figure.lead}\nTo keep the page below 3 MB "
        + " and ".join(f"{many} {what}" for many, what in zip(gone, _GONE, strict=True) if many)
        + " are left out, from the last on: --npz has their numbers, and a PNG or fewer pictures show them."
    )
    return replace(figure, parts=tuple(part for part in parts if part is not None), lead=lead)


def _page(figure: Figure, side: int) -> str:
    sections: list[Section] = []
    for i, part in enumerate(figure.parts):
        body = part_of(part, side)
        if part.is_below and sections:
            sections[-1] = sections[-1]._replace(body=_joined(sections[-1].body, part, body))
        else:
            sections.append(Section(f"part-{i}", part.title, body))
    lead = html.joined(html.paragraph(line) for line in figure.lead.split("\n"))
    if len(sections) > 12:  # a list of all pictures would push the first one off the screen
        rest = html.joined(f"<h3>{escaped(s.title)}</h3>\n{s.body}" for s in sections[1:])
        sections = [sections[0], Section("rest", "One by one", rest)]
    return html.page(figure.title, lead, sections, style=STYLE)


def _joined(above: Html, part: Part, body: Html) -> Html:
    """A part below another; charts have their titles already, and stand beside one another."""
    if not isinstance(part, Chart):
        return html.joined([above, f"<h3>{escaped(part.title)}</h3>", body])
    if above.endswith(CHARTS[1]):
        return Html(above.removesuffix(CHARTS[1]) + body.removeprefix(CHARTS[0]))
    return html.joined([above, body])


def part_of(part: Part, side: int) -> Html:
    """One part without its title; pictures of usual width keep at most `side` pixels."""
    if isinstance(part, Panel):
        return _panel(part, side)
    if isinstance(part, Chart):
        return Html(CHARTS[0] + lines(part.title, part.series, part.scale) + CHARTS[1])
    if isinstance(part, Table):
        rows = [[escaped(cell) for cell in row] for row in part.rows]
        return html.joined(
            [_said(part.said), html.table(part.headers, rows, part.align, part.title)]
        )
    return _words(part)


def _words(part: Words) -> Html:
    if not part.is_plain:
        return html.joined(html.paragraph(line) for line in part.lines)
    inside = escaped("\n".join(part.lines))
    return Html(
        f'<pre class="scroll" tabindex="0" aria-label="{escaped(part.title)}">{inside}</pre>'
    )


def _said(text: str) -> Html:
    return html.paragraph(text, "soft") if text else Html("")


def _panel(part: Panel, side: int) -> Html:
    """The picture that several tiles lie over is held once, as a variable of the list."""
    side = max(side, side * part.side // _USUAL)
    shared = next((tile.pixels for tile in part.tiles if tile.pixels is not None), None)
    source = f"--p:url({_picture(shared, side)});" if shared is not None else ""
    tiles = "".join(f"<li>{_tile(tile, shared, side)}</li>" for tile in part.tiles)
    body = Html(f'<ul class="tiles" style="{source}--w:{part.side}px">{tiles}</ul>')
    how = links.HOW if any(tile.links is not None for tile in part.tiles) else ""
    return html.joined([_said(f"{part.said} {how}".strip()), body, _ramp(part.reach)])


def _ramp(reach: float | None) -> Html:
    if reach is None:
        return Html("")
    low, high = number(-reach), number(reach)
    said = f"Scale from {low} in blue over 0 in white to {high} in orange"
    return Html(
        f'<div class="ramp" role="img" aria-label="{said}">{low}<i></i>{high}<span>white is 0</span></div>'
    )


def _tile(tile: Tile, shared: Pixels | None, side: int) -> Html:
    """One picture with its words; a screen reader hears them as the picture's name."""
    H, W = tile.size
    layers = ""
    if tile.pixels is not None:
        own = "" if tile.pixels is shared else f' style="--p:url({_picture(tile.pixels, side)})"'
        kind = " ".join(
            (["pale"] if tile.values is not None else [])
            + (["sharp"] if max(H, W) <= _TINY else [])
        )
        layers += f'<i class="{kind}"{own}></i>'
    if tile.values is not None:
        drawn = glass if tile.pixels is not None else signed
        small = tile.values if tile.pixels is None else _smaller(tile.values, side)
        kind = ' class="sharp"' if max(H, W) <= _TINY else ""
        layers += f'<img{kind} alt="" src="{_png(drawn(small, tile.full))}">'
    if tile.box is not None:
        layers += _box(tile, H, W)
    frame, role = "stack", "img"
    if tile.links is not None:
        layers += links.drawn(tile.links, (H, W), _jpeg(tile.links.sheet))
        frame, role = "stack linked", "group"
    label = escaped(f"{tile.name}. {tile.note}".strip(". "))
    note = f"<br>{escaped(tile.note)}" if tile.note else ""
    words = (
        f"<figcaption><b>{escaped(tile.name)}</b>{note}</figcaption>" if tile.name or note else ""
    )
    kind = ' class="apart"' if tile.is_apart else ""
    return Html(
        f'<figure{kind}><div class="{frame}" role="{role}" aria-label="{label}" style="aspect-ratio:{W}/{H}">'
        f"{layers}</div>{words}</figure>"
    )


def _box(tile: Tile, H: int, W: int) -> str:
    top, left, bottom, right = tile.box or (0, 0, 0, 0)
    return (
        f'<b style="top:{100 * top / H:.2f}%;left:{100 * left / W:.2f}%;'
        f'height:{100 * (bottom - top) / H:.2f}%;width:{100 * (right - left) / W:.2f}%"></b>'
    )


def _picture(pixels: Pixels, side: int) -> str:
    """A picture as an address; small ones without loss."""
    H, W = pixels.shape[:2]
    if max(H, W) <= _TINY:
        return _png(pixels)
    scale = min(1.0, side / max(H, W))
    return _jpeg(resized(pixels, max(1, round(H * scale)), max(1, round(W * scale))))


def _jpeg(pixels: Pixels) -> str:
    return "data:image/jpeg;base64," + base64.b64encode(to_jpeg(pixels, 80)).decode("ascii")


def _png(pixels: Pixels) -> str:
    return "data:image/png;base64," + base64.b64encode(to_png(pixels)).decode("ascii")


def _smaller(values: np.ndarray, side: int) -> np.ndarray:
    """The mean over squares, where a map is larger than what is shown of it."""
    H, W = values.shape
    step = -(-max(H, W) // side)
    if step <= 1:
        return values
    rows, columns = -(-H // step) * step, -(-W // step) * step
    filled = np.pad(values, ((0, rows - H), (0, columns - W)), mode="edge")
    mean: np.ndarray = filled.reshape(rows // step, step, columns // step, step).mean((1, 3))
    return mean
