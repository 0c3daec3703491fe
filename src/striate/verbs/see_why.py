"""`see RUN why IMAGES`: maps by several methods, and checks of whether to believe them."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from striate.verbs.see_opened import Opened, Shown, opened, read_pictures
from striate.verbs.train_order import Working

if TYPE_CHECKING:
    from torch import Tensor

    from striate.seeing.figures.figure import Figure
    from striate.seeing.figures.why import Asked, Checked
    from striate.seeing.why.methods import Maps

TOP = 3


class Why(NamedTuple):
    """What is asked. methods: names with commas; label: the class, by default each picture's answer; checks:
    how many pictures are checked.
    """

    methods: str = "occlusion,cam,integrated,smooth"
    label: str | None = None
    layer: str | None = None
    checks: int = 2
    seed: int = 0


def why(
    path: str | Opened,
    names: Sequence[str],
    wanted: Why = Why(),  # noqa: B008  (a tuple: nobody changes it)
) -> Generator[Working, None, Figure]:
    """Ask a run or a bundle about files or folders of pictures."""
    from striate.seeing.why.methods import named

    methods = named(wanted.methods)
    seen = opened(path)
    if wanted.label is not None:
        seen.place(wanted.label)  # a wrong name is told before the long work
    shown = read_pictures(names, seen.preparation)
    return (yield from explained(seen, shown, methods, wanted))


def explained(
    seen: Opened, shown: Sequence[Shown], methods: Sequence[str], wanted: Why
) -> Generator[Working, None, Figure]:
    """The figure of pictures that were read."""
    from striate.seeing import asking
    from striate.seeing.figures.why import why_figure
    from striate.seeing.why.methods import Maps, Question, explain

    pictures = seen.tensor(np.stack([one.pixels for one in shown]))
    told = asking.logits(seen.network, pictures)
    targets = told.argmax(1)
    if wanted.label is not None:
        targets = targets.new_full(targets.shape, seen.place(wanted.label))
    asked = [
        _asked(seen, one, (told[i].double() / seen.temperature).softmax(0), int(targets[i]))
        for i, one in enumerate(shown)
    ]
    maps: list[Maps] = []
    total = len(methods) * len(shown)
    for method in methods:
        found: list[Maps] = []
        for i in range(len(shown)):
            yield Working("asking why", len(maps) * len(shown) + i, total)
            part = slice(i, i + 1)
            question = Question(
                seen.network, pictures[part], targets[part], wanted.layer, wanted.seed
            )
            found.append(explain(question, method))
        maps.append(
            Maps(
                method,
                np.concatenate([one.values for one in found]),
                tuple(one.notes[0] for one in found),
                float(np.mean([one.seconds for one in found])),
            )
        )
    checks = yield from _checked(seen, pictures, targets, maps, wanted)
    return why_figure(f"Why? {seen.name}", asked, maps, checks)


def _asked(seen: Opened, one: Shown, shares: Tensor, target: int) -> Asked:
    from striate.seeing.figures.why import Asked

    best = shares.topk(min(TOP, len(seen.classes)))
    answer = tuple(
        (seen.classes[int(k)], float(share))
        for share, k in zip(best.values, best.indices, strict=True)
    )
    return Asked(one.name, one.coloured, answer, seen.classes[target])


def _checked(
    seen: Opened, pictures: Tensor, targets: Tensor, maps: Sequence[Maps], wanted: Why
) -> Generator[Working, None, dict[tuple[str, int], Checked]]:
    """The checks of the first pictures; the random orders of a picture serve all methods."""
    from striate.seeing.believe import deletion
    from striate.seeing.believe.shuffled import twin_of
    from striate.seeing.figures.why import Checked
    from striate.seeing.why.methods import Maps, Question

    many = min(wanted.checks, len(pictures))
    found: dict[tuple[str, int], Checked] = {}
    for i in range(many):
        yield Working("checking", i, many)
        target = int(targets[i])
        beside = deletion.chance(seen.network, pictures[i], target, wanted.seed)
        part = slice(i, i + 1)
        question = Question(seen.network, pictures[part], targets[part], wanted.layer, wanted.seed)
        for one in maps:
            mine = Maps(one.method, one.values[part], one.notes[part], one.seconds)
            twin, alike = twin_of(mine, question)
            _, alike_head = twin_of(mine, question, "head")
            areas = deletion.areas(seen.network, pictures[i], target, one.values[i], beside)
            found[one.method, i] = Checked(twin, alike[0], alike_head[0], areas)
    return found
