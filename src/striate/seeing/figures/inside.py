"""Figures of what is inside a network: filters, templates, maps, one value written out, and fields."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from striate.errors import CannotLookInside
from striate.pictures.files import Pixels
from striate.seeing.figures.colours import picture_of
from striate.seeing.figures.figure import Figure, Panel, Part, Table, Tile, Words, number, ranged

if TYPE_CHECKING:
    from striate.seeing.inside.arithmetic import Arithmetic
    from striate.seeing.inside.fields import UnitField
    from striate.seeing.inside.filters import Filters
    from striate.seeing.inside.maps import LayerMaps
    from striate.seeing.inside.templates import Templates

_MOST_FILTERS, _MOST_INPUTS, _MOST_MAPS, _ROWS = 128, 16, 32, 16
_MOST_CHANNELS = 512  # of one filter


class Score(NamedTuple):
    """A class with what the network says of it."""

    label: str
    score: float
    probability: float


def filters_figure(name: str, found: Filters, unit: int | None = None) -> Figure:
    """In colour where the channels are colours; else a row of input channels for each filter. unit: that
    filter alone, with all its channels.
    """
    many, inputs, h, w = found.values.shape
    if unit is not None and unit >= many:
        raise CannotLookInside(
            f"{found.layer} has {many} filters, and there is no filter {unit}",
            f"choose a unit from 0 to {many - 1}",
        )
    asked = list(range(many)) if unit is None else [unit]
    told = f"{many} filters of {inputs}×{h}×{w} in {found.layer}; "
    told += f"weights {ranged(found.values)}, all on one scale"
    facts = {"layer": found.layer, "shape": [many, inputs, h, w], "reach": found.reach}
    parts: list[Part] = []
    if found.is_coloured:
        from striate.seeing.inside.filters import as_colours

        colours = as_colours(found.values, found.reach)
        tiles = tuple(Tile(str(i), pixels=picture_of(colours[i])) for i in asked[:_MOST_FILTERS])
        said = f"{_scaled(found.reach)}: a filter answers most to what looks like it, least to the opposite."
        parts.append(Panel("As colours", tiles, said, side=64))
        names: tuple[str, ...] = ("red", "green", "blue")
    else:
        names = tuple(f"channel {i}" for i in range(inputs))
    kept = asked[:_ROWS]
    channels = min(inputs, _MOST_INPUTS if unit is None else _MOST_CHANNELS)
    if inputs == 1:
        tiles = tuple(
            Tile(str(i), values=found.values[i, 0], reach=found.reach)
            for i in asked[:_MOST_FILTERS]
        )
        parts.append(Panel("Weights", tiles, "", side=64, reach=found.reach))
    else:
        rows = tuple(
            Tile(
                f"{o} {names[i]}" if i == 0 or found.is_coloured else names[i],
                values=found.values[o, i],
                reach=found.reach,
            )
            for o in kept
            for i in range(channels)
        )
        said = (
            f"The first {len(kept)} of {many} filters, {channels} of {inputs} input channels each; "
            "--unit shows one with all."
            if unit is None
            else f"Filter {unit} of {many}, {channels} of {inputs} input channels."
        )
        parts.append(Panel("Weights by input channel", rows, said, side=56, reach=found.reach))
    return Figure(f"Filters of {name}", told, tuple(parts), {"filters": found.values}, facts)


def _scaled(reach: float) -> str:
    low, high = number(-reach), number(reach)
    return f"Grey is weight 0; a colour is off at {low} and full at {high}, in all of them"


def beside_figure(found: Sequence[Figure]) -> Figure:
    """First layers of several networks one below another, each panel with the name of its network."""
    parts: list[Part] = []
    arrays: dict[str, object] = {}
    titles = _distinct([one.title for one in found])
    for title, one in zip(titles, found, strict=True):
        # Of colours and single weights the first panel is enough to compare.
        first = one.parts[0]
        parts.append(first._replace(title=title))
        arrays |= {f"{title}: {name}": values for name, values in one.arrays.items()}
    lead = (
        "What first layers compare a picture with: a linear classifier has one template as large as the "
        "picture for each class, a network with a hidden layer a bank of them, and a convnet small filters "
        "that are laid everywhere."
    )
    facts = {"networks": [{"title": t, **one.facts} for t, one in zip(titles, found, strict=True)]}
    return Figure("First layers side by side", lead, tuple(parts), arrays, facts)


def _distinct(names: Sequence[str]) -> list[str]:
    """Of equal names the later ones get a number."""
    return [
        name if name not in names[:i] else f"{name} ({names[: i + 1].count(name)})"
        for i, name in enumerate(names)
    ]


def templates_figure(name: str, found: Templates, classes: Sequence[str]) -> Figure:
    """One a class, or a bank."""
    K, C, H, W = found.values.shape
    kind = (
        "one template for each class"
        if found.is_last
        else "a bank of templates that later layers combine"
    )
    told = f"{K} outputs of {found.layer} look at the whole picture of {C}×{H}×{W}: {kind}."
    names = list(classes) if found.is_last and len(classes) == K else [str(i) for i in range(K)]
    kept = found.values[:_MOST_FILTERS]
    parts: list[Part] = []
    if C == 3:
        from striate.seeing.inside.filters import as_colours

        tiles = tuple(
            Tile(names[i], pixels=picture_of(one))
            for i, one in enumerate(as_colours(kept, found.reach))
        )
        parts.append(Panel("As colours", tiles, f"{_scaled(found.reach)}.", side=96))
    sums = kept.mean(1)
    reach = float(np.abs(sums).max())
    tiles = tuple(Tile(names[i], values=one, reach=reach) for i, one in enumerate(sums))
    said = "Orange pixels raise the score, blue ones lower it." + (
        " The mean of the colours." if C == 3 else ""
    )
    parts.append(Panel("Weights", tiles, said, side=96, reach=reach))
    facts = {"layer": found.layer, "shape": [K, C, H, W], "is_last": found.is_last}
    return Figure(f"Templates of {name}", told, tuple(parts), {"templates": found.values}, facts)


def maps_figure(
    name: str,
    picture: Pixels,
    found: Sequence[LayerMaps],
    written: Arithmetic | None,
    of: int,
    most: int = _MOST_MAPS,
    first: int | None = None,
    answer: Sequence[Score] = (),
) -> Figure:
    """The maps of each layer, at most so many, the one that is asked for and then those of most energy, and
    one value of a convolution written out.
    """
    rows = tuple(
        (
            one.layer, "×".join(map(str, one.values.shape)), number(one.low), number(one.high),
            f"{100 * one.dead:.1f} %", f"{100 * one.off:.1f} %",
        )
        for one in found
    )  # fmt: skip
    said = (
        f"Ranges over {of} picture{'s' if of > 1 else ''}. Dead: channels that are never above 0 in any; "
        "after a ReLU such a unit learns nothing more. Off: single values that are exactly 0."
    )
    heads = ("layer", "size", "least", "greatest", "dead", "off")
    parts: list[Part] = [
        Panel("The picture", (Tile("as the network sees it", pixels=picture),)),
        Table("Layers", heads, rows, "lrrrrr", said),
    ]
    if answer:
        parts.append(_scores(answer))
    if written is not None:
        place = f"map {written.unit}, row {written.at[0]}, column {written.at[1]}"
        title = f"One value of {written.layer}: {place}"
        parts += [_patch(title, written), Words("In numbers", tuple(written.lines()), True, True)]
    for one in found:
        energy = np.square(one.values).sum((1, 2))
        if first is not None and first < len(energy):
            energy[first] = np.inf
        order = np.argsort(-energy, kind="stable")[:most]
        reach = float(np.abs(one.values).max())
        tiles = tuple(
            Tile(str(c), f"{number(float(one.values[c].min()))} … {number(float(one.values[c].max()))}",
                 values=one.values[c], reach=reach)
            for c in order
        )  # fmt: skip
        ahead = f"map {first}, then " if np.isinf(energy).any() else ""
        many = f"{len(order)} of {len(energy)} channels, {ahead}those of most energy first"
        parts.append(Panel(one.layer, tiles, many, side=88, reach=reach))
    arrays, facts = _numbers(found, written)
    facts["answer"] = [one._asdict() for one in answer]
    return Figure(
        f"Maps of {name}",
        "What goes out of each layer, from the picture to the answer.",
        tuple(parts),
        arrays,
        facts,
    )


def _numbers(
    found: Sequence[LayerMaps], written: Arithmetic | None
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Arrays and facts of maps and of the value that is written out."""
    arrays: dict[str, Any] = {m.layer.replace("/", "."): m.values.astype(np.float32) for m in found}
    if written is not None:
        arrays |= written.arrays()
    layers = [
        {"layer": m.layer, "low": m.low, "high": m.high, "dead": m.dead, "off": m.off}
        for m in found
    ]
    return arrays, {"layers": layers, "value": None if written is None else written.facts()}


def _scores(answer: Sequence[Score]) -> Table:
    """What comes out at the end, the greatest first."""
    rows = tuple((one.label, number(one.score), f"{100 * one.probability:.1f} %") for one in answer)
    said = "What comes out at the end: the greatest scores, and the softmax of all."
    return Table("The answer", ("class", "score", "probability"), rows, "lrr", said)


def _patch(title: str, written: Arithmetic) -> Panel:
    """Patch, kernel and their product, channel by channel."""
    first, many = written.channels
    tiles = []
    for i in range(min(many, _MOST_INPUTS)):
        patch, kernel = written.patch[i], written.kernel[i]
        product = patch * kernel
        tiles += [
            Tile(f"patch, channel {first + i}", ranged(patch), values=patch),
            Tile("× kernel", ranged(kernel), values=kernel),
            Tile("= product", f"adds up to {number(float(product.sum()))}", values=product),
        ]
    said = f"All products and the bias {number(written.bias)} add up to {number(written.value)}."
    return Panel(title, tuple(tiles), said, side=92)


def field_figure(name: str, picture: Pixels, found: Sequence[UnitField], of: int) -> Figure:
    """Theoretical field as a box, the effective one as a map, layer by layer."""
    tiles = []
    rows = []
    for one in found:
        top, left, bottom, right = one.box
        whole = "the whole picture" if one.whole is None else f"{one.whole[0]}×{one.whole[1]}"
        spans = f"{one.spans[0]}×{one.spans[1]}"
        tiles.append(
            Tile(
                one.layer,
                f"can see {whole}, 95 % of the slope in {spans}",
                picture,
                one.effective,
                box=one.box,
            )
        )
        map_ = "" if one.unit < 0 else f"map {one.unit}, "
        place = f"{map_}row {one.at[0]}, column {one.at[1]}"
        rows.append((one.layer, place, whole, f"{bottom - top}×{right - left}", spans))
    units = sorted({one.unit for one in found})
    whose = " and all maps of the layer" if units == [-1] else f", of map {units[-1]} alone"
    said = (
        "The frame is what the unit could see by the sizes of the windows, clipped to the picture. Orange is "
        "what moves it: the size of its slope at each pixel, the mean of "
        f"{of} picture{'s' if of > 1 else ''}{whose}."
    )
    parts = (
        Panel("Fields", tuple(tiles), said, side=190),
        Table(
            "Sizes",
            ("layer", "unit", "theoretical", "within the picture", "95 % of the effective"), tuple(rows),
            "llrrr",
        ),
    )  # fmt: skip
    facts = {
        "fields": [
            {
                "layer": f.layer,
                "unit": None if f.unit < 0 else f.unit,
                "at": list(f.at),
                "box": list(f.box),
                "theoretical": f.whole,
                "spans": list(f.spans),
            }
            for f in found
        ]
    }
    lead = "What one unit can see of a picture, and what it does see: the field grows from layer to layer."
    return Figure(f"Fields of {name}", lead, parts, {f.layer: f.effective for f in found}, facts)
