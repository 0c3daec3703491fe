"""`see RUN dream|style`: pictures made from pictures, seeded and the same again."""

from __future__ import annotations

from collections.abc import Callable, Generator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from striate import safe
from striate.errors import CannotLookInside, UsageError
from striate.verbs.see_opened import Opened, opened, read_pictures
from striate.verbs.train_order import Said, Working

if TYPE_CHECKING:
    from torch import Tensor

    from striate.pictures.files import Pixels
    from striate.seeing.figures.figure import Figure, Tile
    from striate.seeing.inside.made import Bounds, Made, Progress, Wish

_DREAM, _STYLE, _UNIT = 20, 100, 64
_STYLE_LAYERS = 4
_SIZES = {
    1: "at its own size",
    2: "at two sizes one after the other",
    3: "at three sizes one after the other",
}


class Making(NamedTuple):
    """layer: names with commas; steps: None for as many as suit; preview: a PNG that is written at each
    quarter of the way and taken away at the end, None for none.
    """

    images: tuple[str, ...] = ()
    layer: str | None = None
    unit: int | None = None
    steps: int | None = None
    seed: int = 0
    preview: Path | None = None


Events = Generator[Working | Said, None, "Figure"]


def dream(path: str | Opened, wanted: Making) -> Events:
    """A picture on and on towards what a layer sees in it."""
    from striate.seeing.asking import last_map
    from striate.seeing.figures.figure import Tile
    from striate.seeing.figures.made import made_figure
    from striate.seeing.inside import made

    seen = opened(path)
    if len(wanted.images) != 1:
        raise UsageError("dream begins with one picture", "striate see RUN dream PICTURE")
    shown = read_pictures(wanted.images, seen.preparation)[0]
    picture = seen.tensor(shown.pixels[None])[0]
    layer = wanted.layer or last_map(seen.network, picture[None])
    steps = wanted.steps or _DREAM
    wish = made.Wish(layer, wanted.unit)
    sizes = len(made.octaves(seen.network, picture, wish))
    run = made.dream(seen.network, picture, wish, bounds_of(seen), steps, wanted.seed)
    previews: list[Tile] = []
    done = yield from _followed(
        run, sizes * steps, "dreaming", _previewed(seen, previews, wanted.preview)
    )
    what = f"{layer}, all units" if wanted.unit is None else f"{layer}, unit {wanted.unit}"
    tiles = [
        Tile("the picture", shown.name.rpartition("/")[2], shown.coloured),
        Tile("the dream", f"{what}; seed {wanted.seed}", pixels_of_made(seen, done.picture)),
    ]
    lead = (
        f"The picture is changed, {_SIZES[sizes]}, so that the layer answers more strongly "
        "to whatever it already answers to. It shows what a layer is ready to see, not what is there."
    )
    title = f"A dream of {seen.name}"
    return made_figure(title, lead, tiles, done.values, "answer of the layer", previews)


def style(path: str | Opened, wanted: Making) -> Events:
    """The first picture in the manner of the second."""
    from striate.seeing.figures.figure import Tile
    from striate.seeing.figures.made import made_figure
    from striate.seeing.inside.layers import convolutions
    from striate.seeing.inside.style import styled

    seen = opened(path)
    if len(wanted.images) != 2:
        raise UsageError("style takes a content and a style", "striate see RUN style CONTENT STYLE")
    content, manner = read_pictures(wanted.images, seen.preparation)
    pair = seen.tensor(np.stack([content.pixels, manner.pixels]))
    every = list(convolutions(seen.network))
    if not every:
        raise CannotLookInside(
            f"{seen.name} has no convolution, and style is the correlation of maps",
            "take a network that has some, as one of `striate models` with --weights",
        )
    places = np.unique(np.linspace(0, len(every) - 1, _STYLE_LAYERS).round().astype(int))
    named = [name.strip() for name in (wanted.layer or "").split(",")]
    layers = named if wanted.layer else [every[i] for i in places]
    steps = wanted.steps or _STYLE
    run = styled(
        seen.network, (pair[0], pair[1]), layers, bounds_of(seen), steps=steps, seed=wanted.seed
    )
    previews: list[Tile] = []
    done = yield from _followed(run, steps, "painting", _previewed(seen, previews, wanted.preview))
    tiles = [
        Tile("content", content.name.rpartition("/")[2], content.coloured),
        Tile("style", manner.name.rpartition("/")[2], manner.coloured),
        Tile(
            "both",
            f"{', '.join(layers)}; {steps} steps; seed {wanted.seed}",
            pixels_of_made(seen, done.picture),
        ),
    ]
    lead = "What stands where comes from the first picture, what goes together from the second."
    return made_figure(f"Style by {seen.name}", lead, tiles, done.values, "loss", previews)


def liked(
    seen: Opened, wish: Wish, steps: int | None, seed: int
) -> Generator[Working | Said, None, Pixels]:
    """The picture that a unit answers to most; to be shown beside real ones only."""
    from striate.seeing.inside import made

    many = steps or _UNIT
    run = made.optimised(seen.network, wish, seen.preparation.size, bounds_of(seen), many, seed)
    done = yield from _followed(run, many, "making pictures")
    return pixels_of_made(seen, done.picture)


def _previewed(seen: Opened, tiles: list[Tile], place: Path | None) -> Callable[[int, Tensor], str]:
    """Puts what there is after so many steps among the tiles, and into a file that one can look at now."""
    from striate.pictures.files import to_png
    from striate.seeing.figures.figure import Tile

    def keep(step: int, picture: Tensor) -> str:
        pixels = pixels_of_made(seen, picture)
        tiles.append(Tile(f"at step {step}", pixels=pixels))
        if place is None:
            return ""
        safe.write_bytes(place, to_png(pixels))
        return f"as it is after step {step}: {place}"

    return keep


def _followed(
    run: Generator[Progress, None, Made],
    total: int,
    what: str,
    preview: Callable[[int, Tensor], str] | None = None,
) -> Generator[Working | Said, None, Made]:
    """preview: gets the picture at each quarter of the way, and says where it lies."""
    quarters = {total * k // 4 for k in (1, 2, 3)}
    while True:
        try:
            told = next(run)
        except StopIteration as end:
            done: Made = end.value
            return done
        due = told.picture if told.step in quarters else None
        where = preview(told.step, due) if preview is not None and due is not None else ""
        if where:
            yield Said(where)
        yield Working(what, told.step, total)


def bounds_of(seen: Opened) -> Bounds:
    """Black and white in the network's numbers."""
    import torch

    from striate.seeing.inside.made import Bounds

    mean, std = (
        torch.tensor(v).view(1, -1, 1, 1) for v in (seen.preparation.mean, seen.preparation.std)
    )
    return Bounds(-mean / std, (1 - mean) / std)


def pixels_of_made(seen: Opened, picture: Tensor) -> Pixels:
    """C H W in the network's numbers to H W 3."""
    from striate.seeing.figures.colours import picture_of

    return picture_of(seen.back(picture[None])[0].astype(np.float64))
