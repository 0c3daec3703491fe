"""`see RUN filters|templates|maps|field|shift`: what is inside a network, with a few pictures or none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from striate.errors import CannotLookInside, UsageError
from striate.verbs.see_made import bounds_of
from striate.verbs.see_opened import Opened, Shown, data_of, opened, pixels_of, read_few

if TYPE_CHECKING:
    from torch import Tensor

    from striate.pictures.dataset import Dataset
    from striate.seeing.figures.figure import Figure
    from striate.seeing.figures.inside import Score
    from striate.seeing.inside.arithmetic import Arithmetic

_LAYERS = 8  # of a figure of fields
_MEASURED = 4  # layers whose equivariance is told, where none is named
_ANSWERS = 5  # classes whose scores are told
_FEW = 24  # pictures of the run where none are named
_MOST = 256  # pictures that are held at once


class Inside(NamedTuple):
    """images: files or folders; without them pictures of the run's data. at: row and column of a unit."""

    images: tuple[str, ...] = ()
    layer: str | None = None
    unit: int | None = None
    at: tuple[int, int] | None = None
    data: str | None = None
    beside: str | None = None


def filters(path: str | Opened, wanted: Inside) -> Figure:
    """The filters of a convolution."""
    from striate.seeing.figures.inside import filters_figure
    from striate.seeing.inside.filters import filters as filters_of

    seen = opened(path)
    return filters_figure(seen.name, filters_of(seen.network, wanted.layer), wanted.unit)


def templates(path: str | Opened, wanted: Inside) -> Figure:
    """The templates of a linear classifier or an MLP; beside them what the first layers of other networks
    look for: templates, or the filters of a convnet.
    """
    from striate.seeing.figures.inside import beside_figure

    own = _templates(opened(path))
    if wanted.beside is None:
        return own
    others = [opened(name.strip()) for name in wanted.beside.split(",") if name.strip()]
    return beside_figure([own, *(_first_layer(one) for one in others)])


def _templates(seen: Opened) -> Figure:
    from striate.seeing.figures.inside import templates_figure
    from striate.seeing.inside.templates import templates as templates_of

    H, W = seen.preparation.size
    return templates_figure(
        seen.name, templates_of(seen.network, (seen.preparation.channels, H, W)), seen.classes
    )


def _first_layer(seen: Opened) -> Figure:
    from striate.seeing.inside.layers import convolutions

    return filters(seen, Inside()) if convolutions(seen.network) else _templates(seen)


def maps(path: str | Opened, wanted: Inside) -> Figure:
    """Activation maps of each layer, and the arithmetic of one value where there is a convolution."""
    from striate.seeing.figures.inside import maps_figure
    from striate.seeing.inside.maps import activation_maps

    seen = opened(path)
    shown, pictures = _few(seen, wanted)
    layers = None if wanted.layer is None else [wanted.layer]
    found = activation_maps(seen.network, pictures, layers)
    if not found:
        raise _flat(seen)
    written = one_value(seen, pictures[:1], wanted)
    answer = _answer(seen, pictures[:1])
    return maps_figure(
        seen.name, shown[0].coloured, found, written, len(shown), first=wanted.unit, answer=answer
    )


def _answer(seen: Opened, picture: Tensor) -> list[Score]:
    """The greatest scores of one picture; none of a network that gives no row of scores."""
    from striate.seeing.asking import logits
    from striate.seeing.figures.inside import Score

    try:
        told = logits(seen.network, picture)[0].double()
    except CannotLookInside:
        return []
    shares = (told / seen.temperature).softmax(0)
    best = told.topk(min(_ANSWERS, len(seen.classes), len(told))).indices.tolist()
    return [Score(seen.classes[k], float(told[k]), float(shares[k])) for k in best]


def one_value(seen: Opened, picture: Tensor, wanted: Inside) -> Arithmetic | None:
    """One value of the layer's first convolution: the one asked for, or the middle of map 0."""
    from striate.seeing.asking import shapes
    from striate.seeing.inside.arithmetic import arithmetic
    from striate.seeing.inside.layers import convolutions

    inside = [
        name
        for name in convolutions(seen.network)
        if wanted.layer is None or name == wanted.layer or name.startswith(wanted.layer + ".")
    ]
    if not inside:
        if wanted.at is not None:
            raise UsageError(
                f"no convolution is in {wanted.layer or seen.name}, so no value of it is written out",
                "give --layer a convolution, or leave out --at",
            )
        return None
    _, _, h, w = shapes(seen.network, picture)[inside[0]]
    at = wanted.at or (h // 2, w // 2)
    return arithmetic(seen.network, picture, inside[0], wanted.unit or 0, at)


def field(path: str | Opened, wanted: Inside) -> Figure:
    """Theoretical and effective fields: of one layer, or of some from the first to the last."""
    from striate.seeing.figures.inside import field_figure
    from striate.seeing.inside.fields import unit_field
    from striate.seeing.inside.maps import layers_with_maps

    seen = opened(path)
    shown, pictures = _few(seen, wanted)
    if wanted.layer is not None:
        names = [wanted.layer]
    else:
        every = [
            name
            for name in layers_with_maps(seen.network, pictures)
            if _slides(seen.network.get_submodule(name))
        ]
        if not every:
            raise _flat(seen)
        names = [every[int(i)] for i in np.unique(np.linspace(0, len(every) - 1, _LAYERS).round())]
    found = [unit_field(seen.network, pictures, name, wanted.at, wanted.unit) for name in names]
    return field_figure(seen.name, shown[0].coloured, found, len(shown))


def _flat(seen: Opened) -> CannotLookInside:
    return CannotLookInside(
        f"no layer of {seen.name} slides over the picture, so there are no maps and no fields",
        "each of its units sees all of it: `striate see RUN templates`",
    )


def _slides(layer: object) -> bool:
    """Whether a layer makes fields larger; the others would repeat the one before."""
    return hasattr(layer, "kernel_size")


def shift(path: str | Opened, wanted: Inside) -> Figure:
    """The shift test, with another network beside it where one is named."""
    from striate.seeing.figures.crowd import shift_figure
    from striate.seeing.inside.shift import equivariance, shift_test

    seen = opened(path)
    shown, pictures = _few(seen, wanted)
    names = [seen.name]
    found = [shift_test(seen.network, pictures, bounds_of(seen), seen.temperature)]
    if wanted.beside is not None:
        other = opened(wanted.beside)
        if (
            other.preparation.size != seen.preparation.size
            or other.preparation.mode != seen.preparation.mode
        ):
            raise UsageError(
                "the two networks take pictures of different size or colour",
                "compare networks that were trained on the same pictures",
            )
        # The same pictures, prepared as the other network wants them.
        again, _ = _few(other, wanted, of=seen)
        found.append(
            shift_test(
                other.network,
                other.tensor(np.stack([one.pixels for one in again])),
                bounds_of(other),
                other.temperature,
            )
        )
        names.append(other.name if other.name != seen.name else f"{other.name} (beside)")
    layers = _measured(seen, pictures, wanted.layer)
    told = [equivariance(seen.network, pictures, n, by) for n in layers for by in (1, 8)]
    return shift_figure(names, found, told, len(shown))


def _measured(seen: Opened, pictures: Tensor, asked: str | None) -> list[str]:
    """Layers whose equivariance is measured: those that are asked for, or the last that slide."""
    from striate.seeing.asking import shapes
    from striate.seeing.inside.maps import layers_with_maps

    if asked is None:
        names = layers_with_maps(seen.network, pictures)
        return [n for n in names if _slides(seen.network.get_submodule(n))][-_MEASURED:]
    layers = [name.strip() for name in asked.split(",") if name.strip()]
    found = shapes(seen.network, pictures[:1])
    for name in layers:
        shape = found.get(name, ())
        if name in found and (len(shape) != 4 or shape[2] * shape[3] == 1):
            raise CannotLookInside(
                f"the output of {name} has no rows and columns, so nothing in it can be shifted",
                "choose a layer that `striate see RUN maps` shows",
            )
    return layers


def _few(seen: Opened, wanted: Inside, of: Opened | None = None) -> tuple[list[Shown], Tensor]:
    """The pictures that are named, or some of the data of the run `of` from the first to the last."""
    if wanted.images and wanted.data is not None:
        raise UsageError(
            "pictures are named, so none of --in would be looked at", "give the one or the other"
        )
    shown = (
        read_few(wanted.images, seen.preparation, _MOST)
        if wanted.images
        else _from_data(seen, data_of(of or seen, wanted.data))
    )
    return shown, seen.tensor(np.stack([one.pixels for one in shown]))


def _from_data(seen: Opened, dataset: Dataset) -> list[Shown]:
    rows: Sequence[int] = [int(i) for i in np.linspace(0, len(dataset) - 1, _FEW).round()]
    return [Shown(dataset.paths[row], pixels_of(seen, dataset, row)) for row in dict.fromkeys(rows)]
