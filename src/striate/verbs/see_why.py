"""`see RUN why IMAGES`: maps by several methods, and checks of whether to believe them."""

from __future__ import annotations

import time
from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from striate.verbs.see_opened import OnDisk, Opened, Shown, opened
from striate.verbs.train_order import Said, Working

if TYPE_CHECKING:
    from torch import Tensor

    from striate.seeing.figures.figure import Figure
    from striate.seeing.figures.why import Asked, Checked
    from striate.seeing.why.methods import Maps, Question

TOP = 3
_LONG_S = 20.0  # what is told before it is begun


class Why(NamedTuple):
    """What is asked. methods: names with commas; label: the class, by default each picture's answer; checks:
    how many pictures are checked, None for all that are shown; arrays: whether the maps of all pictures are
    wanted as numbers, or only of those that have a place on the page.
    """

    methods: str = "occlusion,cam,gradcam,integrated,smooth"
    label: str | None = None
    layer: str | None = None
    checks: int | None = None
    seed: int = 0
    arrays: bool = False


def why(
    path: str | Opened,
    names: Sequence[str],
    wanted: Why = Why(),  # noqa: B008  (a tuple: nobody changes it)
) -> Generator[Working | Said, None, Figure]:
    """Ask a run or a bundle about files or folders of pictures."""
    from striate.seeing.figures.why import SHOWN
    from striate.seeing.why.methods import named

    methods = named(wanted.methods)
    seen = opened(path)
    if wanted.label is not None:
        seen.place(wanted.label)  # a wrong name is told before the long work
    shown: Sequence[Shown] = OnDisk(names, seen.preparation)
    if len(shown) <= SHOWN:
        shown = list(shown)
    else:
        for i, _ in enumerate(shown):  # a damaged file is told before the long work
            yield Working("reading pictures", i, len(shown))
    return (yield from explained(seen, shown, methods, wanted))


def explained(
    seen: Opened, shown: Sequence[Shown], methods: Sequence[str], wanted: Why
) -> Generator[Working | Said, None, Figure]:
    """The figure of pictures. One is looked at after another, and the maps of the first `SHOWN` are held."""
    from striate.seeing.figures.why import SHOWN, Whys, why_figure

    told = Whys(methods, len(shown))
    total = len(methods) * len(shown)
    most = SHOWN if wanted.checks is None else min(wanted.checks, SHOWN)
    checked = min(most, len(shown))
    spare = wanted.arrays and len(shown) > SHOWN
    checks: dict[tuple[str, int], Checked] = {}
    for i, one in enumerate(shown):
        asked, question = _question(seen, one, wanted)
        found: list[Maps] = []
        for k, method in enumerate(methods):
            yield Working("asking why", i * len(methods) + k, total)
            found.append(_explained(question, method))
        if i < checked:
            yield Working("checking", i, checked)
            begun = time.perf_counter()
            _check(question, i, found, checks)
            left_s = (time.perf_counter() - begun) * (checked - 1)
            if i == 0 and left_s > _LONG_S:
                yield Said(_takes(checked, left_s))
        told.add(asked, found, is_stored=spare)
    return why_figure(f"Why? {seen.name}", told.asked, told.maps, checks, told)


def _takes(checked: int, left_s: float) -> str:
    """Told after the first, so that nobody waits long for what is not wanted."""
    return (
        f"checking all {checked} pictures takes about {int(left_s) // 60} min {int(left_s) % 60:02} s; "
        "--checks N checks fewer, --checks 0 none"
    )


def _explained(question: Question, method: str) -> Maps:
    from striate.seeing.why.methods import explain

    return explain(question, method)


def _question(seen: Opened, one: Shown, wanted: Why) -> tuple[Asked, Question]:
    """Of one picture: what it is answered, and which class is asked for."""
    from striate.seeing import asking
    from striate.seeing.why.methods import Question

    picture = seen.tensor(one.pixels[None])
    told = asking.logits(seen.network, picture)
    targets = told.argmax(1)
    if wanted.label is not None:
        targets = targets.new_full(targets.shape, seen.place(wanted.label))
    shares = (told[0].double() / seen.temperature).softmax(0)
    asked = _asked(seen, one, shares, int(targets[0]))
    return asked, Question(seen.network, picture, targets, wanted.layer, wanted.seed)


def _asked(seen: Opened, one: Shown, shares: Tensor, target: int) -> Asked:
    from striate.seeing.figures.why import Asked

    best = shares.topk(min(TOP, len(seen.classes)))
    answer = tuple(
        (seen.classes[int(k)], float(share))
        for share, k in zip(best.values, best.indices, strict=True)
    )
    return Asked(one.name, one.coloured, answer, seen.classes[target])


def _check(
    asked: Question, i: int, maps: Sequence[Maps], checks: dict[tuple[str, int], Checked]
) -> None:
    """The checks of one picture; its random orders serve all methods."""
    from striate.seeing.believe import deletion
    from striate.seeing.believe.shuffled import twin_of
    from striate.seeing.figures.why import Checked

    target = int(asked.targets[0])
    beside = deletion.chance(asked.model, asked.pictures[0], target, asked.seed)
    for one in maps:
        twin, alike = twin_of(one, asked)
        _, alike_head = twin_of(one, asked, "head")
        areas = deletion.areas(asked.model, asked.pictures[0], target, one.values[0], beside)
        checks[one.method, i] = Checked(twin, alike[0], alike_head[0], areas)
