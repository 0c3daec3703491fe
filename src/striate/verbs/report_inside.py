"""What the page of a run shows of the network itself: each figure in a share of the budget.

A figure that there is no time for, or that the network has no place for, is left out, and the page says so.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, final

import numpy as np

from striate.errors import StriateError
from striate.verbs import report_crowd
from striate.verbs.report_scene import Late, Nothing, Scene, scene
from striate.verbs.see_inside import Inside as Inspect
from striate.verbs.see_inside import one_value
from striate.verbs.see_made import bounds_of
from striate.verbs.see_tuning import tuning
from striate.verbs.train_order import Working

if TYPE_CHECKING:
    from striate.pages.report_told import Case
    from striate.seeing.figures.brief import Believed
    from striate.seeing.figures.inset import Inset
    from striate.seeing.why.methods import Question

_WRONG, _RIGHT = 3, 2
_LAYERS, _MAPS = 6, 12
_COVERS = 200  # of occlusion, about
_FIRST = 0.2  # of a pass through the network: as far as its first convolution
_STEPS = 150.0  # of integrated gradients: 50 times there and back, which is three times there
_NOISY = 72.0  # of SmoothGrad², likewise
_ORDERS = 22.0 * 20  # of insertion and deletion in random orders: so many times a map's own
_MORE = (
    "More than a page holds: `striate see RUN same` (are two pictures of one thing), `slide` (where in a "
    "larger picture), `shift --beside RUN`, `dream`, `style`, `filters --layer NAME`, and `striate baselines "
    "DATA` (was a convolutional network worth it)."
)


@final
class Inside(NamedTuple):
    """insets: what was found out; left_out: sentences; said: on how many pictures, and in what time."""

    insets: tuple[Inset, ...]
    left_out: tuple[str, ...]
    said: str


class Part(NamedTuple):
    """One figure: its title, how `see` calls it, its share of the budget, and what makes it."""

    title: str
    verb: str
    share: float
    make: Callable[[Scene], Inset]


def inside(run: Path, cases: Sequence[Case], budget_s: float) -> Generator[Working, None, Inside]:
    """Every figure, in the order of the page. cases: answers of the headline's split, the worst first."""
    yield Working("looking inside", 0, len(PARTS))
    try:
        world = scene(run, cases, budget_s)
    except (StriateError, OSError, ValueError) as fault:
        return Inside((), (f"What it looks at is left out: {_text(fault)}.",), "")
    made, left_out = [], []
    for number, part in enumerate(PARTS):
        yield Working("looking inside", number, len(PARTS))
        try:
            if world.spent_s > budget_s:
                raise Late("the time was over")
            # What quick figures leave is shared by those that still come.
            rest = sum(one.share for one in PARTS[number:])
            world.allowed_s = (budget_s - world.spent_s) * part.share / rest
            made.append(part.make(world))
        except (StriateError, Late, Nothing, RuntimeError, ValueError) as fault:
            left_out.append(
                f"{part.title}: left out, {_text(fault)}. `striate see RUN {part.verb}` takes the time."
                if isinstance(fault, Late)
                else f"{part.title}: left out, {_text(fault)}."
            )
    said = (
        f"Looked at in {world.spent_s:.0f} s of {budget_s:.0f} s (--budget), on pictures that the network "
        f"did not learn from. Orange is above zero, blue below. {_MORE}"
    )
    return Inside(tuple(made), tuple(left_out), said)


def _text(fault: Exception) -> str:
    text = fault.text if isinstance(fault, StriateError) else str(fault)
    return " ".join(text.split()).rstrip(".")


def _filters(world: Scene) -> Inset:
    """Of the first convolution; without one, the templates."""
    from striate.seeing.figures.inset import Inset
    from striate.seeing.figures.inside import filters_figure, templates_figure
    from striate.seeing.inside.filters import filters
    from striate.seeing.inside.layers import convolutions
    from striate.seeing.inside.templates import templates

    seen = world.seen
    if convolutions(seen.network):
        return Inset(
            "Filters of its first layer", filters_figure(seen.name, filters(seen.network)), 1
        )
    H, W = seen.preparation.size
    found = templates(seen.network, (seen.preparation.channels, H, W))
    return Inset(
        "Templates of its first layer", templates_figure(seen.name, found, seen.classes), 1
    )


def _why(world: Scene) -> Inset:
    """The worst errors and two right answers, the surest and the least sure: by one map of places and one
    of pixels.
    """
    import torch

    from striate.seeing.asking import logits
    from striate.seeing.figures.brief import Asked, brief_why
    from striate.seeing.figures.inset import Inset
    from striate.seeing.why.methods import Question

    begun_s = world.spent_s
    at = {path: row for row, path in enumerate(world.dataset.paths)}
    known = [case for case in world.cases if case.path in at]
    methods, many = _methods(world)
    wrong = [case for case in known if case.truth != case.label][:_WRONG]
    right = sorted((c for c in known if c.truth == c.label), key=lambda c: (-c.probability, c.path))
    chosen = (wrong + (right if len(right) < _RIGHT else [right[0], right[-1]]))[:many]
    if not chosen:
        raise Nothing("predictions.csv names no picture that is in the data")
    seen, asked = world.seen, []
    for case in chosen:
        shown = world.shown(at[case.path])
        asked.append(
            (Asked(case.path, shown.coloured, case.truth, case.label, case.probability), shown)
        )
    pictures = seen.tensor(np.stack([shown.pixels for _, shown in asked]))
    said = logits(seen.network, pictures).argmax(1)
    labels = [seen.classes.index(c.label) if c.label in seen.classes else int(k)
              for c, k in zip(chosen, said, strict=True)]  # fmt: skip
    question = Question(seen.network, pictures, torch.tensor(labels))
    found = [_believed(question, method) for method in methods]
    world.spend(begun_s)
    found = _with_areas(world, question, found)
    figure = brief_why(seen.name, [one for one, _ in asked], found)
    return Inset("Why: its worst errors, and right answers", figure)


def _with_areas(world: Scene, asked: Question, found: list[Believed]) -> list[Believed]:
    """With insertion and deletion of all pictures, where there is time."""
    from striate.seeing.believe import deletion

    many = len(asked.pictures)
    if not _is_time(world, 2 * _ORDERS, many):
        return found
    held: list[list[deletion.Areas | None]] = [[] for _ in found]
    for i, picture in enumerate(asked.pictures):
        target = int(asked.targets[i])
        beside = deletion.chance(asked.model, picture, target, asked.seed)
        for one, areas in zip(found, held, strict=True):
            values = one.maps.values[i]
            areas.append(deletion.areas(asked.model, picture, target, values, beside))
    return [one._replace(areas=areas) for one, areas in zip(found, held, strict=True)]


def _methods(world: Scene) -> tuple[list[str], int]:
    """A class activation map, or occlusion where no layer has rows and columns; and the best slope that there
    is time for, each twice, for the twins. With plenty of time two of each. And for how many pictures.
    """
    from striate.seeing.inside.maps import layers_with_maps

    first = "cam" if layers_with_maps(world.seen.network, world.pictures) else "occlusion"
    most = _WRONG + _RIGHT
    if first == "cam" and _is_time(world, 4 * (_STEPS + _COVERS + _NOISY), most):
        return [first, "occlusion", "integrated", "smooth"], most
    slope = "integrated" if _is_time(world, 4 * _STEPS, most) else "gradient"
    return [first, slope], world.afford(4 * (_COVERS if first == "occlusion" else 6), 1, most)


def _is_time(world: Scene, forwards: float, many: int) -> bool:
    try:
        world.afford(forwards, many, many)
    except Late:
        return False
    return True


def _believed(question: Question, method: str) -> Believed:
    from striate.seeing.believe.shuffled import twin_of
    from striate.seeing.figures.brief import Believed
    from striate.seeing.why.methods import BY_NAME, explain

    maps = explain(question, method)
    twins, alike = twin_of(maps, question)
    return Believed(
        BY_NAME[method].title, maps, twins, alike, method in ("integrated", "smooth", "gradient")
    )


def _maps(world: Scene) -> Inset:
    """Of one picture, and one value of it written out; ranges and dead units over some."""
    from striate.seeing.figures.inset import Inset
    from striate.seeing.figures.inside import maps_figure
    from striate.seeing.inside.maps import activation_maps, layers_with_maps

    many = world.afford(2, 1, len(world.few))
    network, some = world.seen.network, world.pictures[:many]
    names = layers_with_maps(network, some)
    if not names:
        raise Nothing("no layer of this network has an output with rows and columns")
    found = activation_maps(network, some, _some(names))
    written = one_value(world.seen, some[:1], Inspect())
    figure = maps_figure(world.seen.name, world.few[0].coloured, found, written, many, _MAPS)
    return Inset("Maps of one picture, layer by layer", figure, 3 if written is None else 5)


def _field(world: Scene) -> Inset:
    from striate.seeing.figures.inset import Inset
    from striate.seeing.figures.inside import field_figure
    from striate.seeing.inside.fields import unit_field

    names = _sliding(world)
    if not names:
        raise Nothing("no layer of this network slides over the picture")
    names = _some(names)
    many = world.afford(3.0 * len(names), 1, len(world.few))
    found = [unit_field(world.seen.network, world.pictures[:many], name) for name in names]
    figure = field_figure(world.seen.name, world.few[0].coloured, found, many)
    return Inset("What one unit sees", figure, 1)


def _shift(world: Scene) -> Inset:
    from striate.seeing.figures.crowd import shift_figure
    from striate.seeing.figures.inset import Inset
    from striate.seeing.inside.shift import equivariance, shift_test

    names = _sliding(world)[-2:]
    many = world.afford(70, 1, len(world.few))
    seen, some = world.seen, world.pictures[:many]
    found = shift_test(seen.network, some, bounds_of(seen), seen.temperature)
    told = [equivariance(seen.network, some, name, by) for name in names for by in (1, 8)]
    return Inset("Shift test", shift_figure([seen.name], [found], told, many))


def _tuning(world: Scene) -> Inset:
    """Of the first convolution: nothing after it is run."""
    from striate.seeing.figures.inset import Inset
    from striate.seeing.inside.layers import convolution
    from striate.seeing.inside.tuning import ORIENTATIONS, PHASES, frequencies_for

    convolution(world.seen.network)
    frequencies = frequencies_for(min(world.seen.preparation.size))
    world.afford(_FIRST * len(ORIENTATIONS) * len(frequencies) * PHASES, 1, 1)
    return Inset("Tuning of its first layer", tuning(world.seen, Inspect()), 1)


def _sliding(world: Scene) -> list[str]:
    """Layers that have a window: they make fields larger."""
    from striate.seeing.inside.maps import layers_with_maps

    network = world.seen.network
    names = layers_with_maps(network, world.pictures)
    return [name for name in names if hasattr(network.get_submodule(name), "kernel_size")]


def _some(names: Sequence[str]) -> list[str]:
    """A few, evenly from the first to the last."""
    return [names[int(i)] for i in np.unique(np.linspace(0, len(names) - 1, _LAYERS).round())]


# Also in this order on the page: what is cheap and what matters most comes before what takes long.
PARTS = (
    Part("Filters or templates", "filters", 0.01, _filters),
    Part("Maps", "maps PICTURE", 0.05, _maps),
    Part("Why", "why PICTURE", 0.3, _why),
    Part("What one unit sees", "field", 0.1, _field),
    Part("Shift test", "shift", 0.2, _shift),
    Part("Tuning", "tuning", 0.05, _tuning),
    Part("Units", "units", 0.25, report_crowd.units),
    Part("Neighbours", "neighbours", 0.2, report_crowd.neighbours),
    Part("The plane", "plane", 0.05, report_crowd.plane),
    Part("Hyperplanes", "hyperplanes", 0.05, report_crowd.hyperplanes),
)
