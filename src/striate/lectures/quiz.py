"""Questions on sizes, parameters and fields, drawn from a seed; the answers are computed, never typed."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from striate import seeds
from striate.geometry.cost import Filters, full
from striate.geometry.shape import Shape
from striate.geometry.window import Window
from striate.grammar.plan import Plan

if TYPE_CHECKING:
    import numpy as np

_Item = TypeVar("_Item")
DOES_NOT_FIT = "no"
MOST = 100


class Question(NamedTuple):
    """What is asked, the answer, how one gets it, and a command that shows it."""

    text: str
    answer: str
    why: str
    command: str

    def accepts(self, said: str) -> bool:
        """Whether an answer is right: capitals, blanks and separators of thousands do not matter.

        >>> Question("", "6x28x28", "", "").accepts("6 × 28 × 28")
        True
        """
        return _plain(said) == _plain(self.answer)


def questions(kind: str, seed: int, count: int) -> list[Question]:
    """`count` questions, all different as long as there are so many; the same seed asks the same.

    >>> [one.answer for one in questions("sizes", 1, 2)] == [one.answer for one in questions("sizes", 1, 2)]
    True
    """
    asked: dict[str, Question] = {}
    for index in range(50 * count):
        draw = seeds.generator(seed, f"quiz {kind}", 0, index)
        askers = KINDS[kind]
        one = askers[index % len(askers)](draw)
        asked.setdefault(one.text, one)
        if len(asked) == count:
            break
    return list(asked.values())


def _window(draw: np.random.Generator) -> Question:
    """How many places a window takes."""
    side, kernel = _one(draw, (7, 8, 9, 14, 28, 32, 33, 64, 224)), _one(draw, (2, 3, 5, 7))
    stride, pad = _one(draw, (1, 1, 2, 3)), _one(draw, (0, 0, 1, 2))
    window = Window(kernel, stride, pad, pad)
    fits = window.remainder(side) == 0
    return Question(
        f"A side of {side} pixels, a window of {kernel}, stride {stride}, padding {pad}: how many places? "
        f"(`{DOES_NOT_FIT}` where it does not fit)",
        str(window.out(side)) if fits else DOES_NOT_FIT,
        window.sum_text(side)
        + ("" if fits else f", does not fit; rounded down {window.out(side)}"),
        f"striate show steps --size {side} --kernel {kernel} --stride {stride} --pad {pad}",
    )


def _shape(draw: np.random.Generator) -> Question:
    """What comes out of one layer."""
    channels, side = _one(draw, (1, 3, 16, 64)), _one(draw, (14, 28, 32, 64, 224))
    kernel, made = _one(draw, (1, 3, 5, 7)), _one(draw, (6, 10, 32, 64))
    pad = _one(draw, (0, (kernel - 1) // 2))
    plan = Plan.read(f"{channels}x{side}x{side}: conv{kernel}{f'p{pad}' if pad else ''}-{made}")
    padded = f"padding {pad}" if pad else "no padding"
    return Question(
        f"{channels}×{side}×{side} (channels first), {made} filters of {kernel}×{kernel}, {padded}: "
        "what shape comes out?",
        str(plan.output),
        f"{made} filters make {made} maps; {Window(kernel, 1, pad, pad).sum_text(side)} along each side",
        f'striate plan "{plan.text}"',
    )


def _keeps(draw: np.random.Generator) -> Question:
    """Which padding keeps the size."""
    kernel = _one(draw, (1, 3, 5, 7, 9, 11, 13, 15))
    return Question(
        f"Which padding keeps the size for filters of {kernel}×{kernel} with stride 1?",
        str((kernel - 1) // 2),
        f"P = (F − 1)/2 = ({kernel} − 1)/2",
        f"striate show steps --size 32 --kernel {kernel} --pad {(kernel - 1) // 2}",
    )


def _convolution(draw: np.random.Generator) -> Question:
    """Parameters of a convolution layer, with groups now and then."""
    given, made = _one(draw, (3, 16, 32, 64)), _one(draw, (16, 32, 64, 128))
    kernel, groups = _one(draw, (1, 3, 5, 7)), _one(draw, (1, 1, 1, 2))
    groups = groups if given % groups == 0 else 1
    filters = Filters(given, made, (kernel, kernel), groups)
    parted = f" in {groups} groups" if groups > 1 else ""
    return Question(
        f"A convolution layer from {given} to {made} channels{parted}, filters of {kernel}×{kernel}, with "
        "bias: how many parameters?",
        str(filters.parameters),
        f"{made} · ({given // groups} · {kernel}² + 1)",
        f'striate plan "{given}x32x32: conv{kernel}{f"g{groups}" if groups > 1 else ""}-{made}"',
    )


def _connected(draw: np.random.Generator) -> Question:
    """Parameters of a full connection."""
    shape = _square(_one(draw, (1, 3, 16)), _one(draw, (5, 8, 14, 28, 32)))
    made = _one(draw, (10, 84, 100, 128))
    return Question(
        f"A full connection from {shape.channels}×{shape.height}×{shape.width} numbers to {made}, "
        "with bias: how many parameters?",
        str(full(shape.count, made)),
        f"{made} · ({shape.count} + 1)",
        f'striate plan "{shape}: fc{made}"',
    )


def _local(draw: np.random.Generator) -> Question:
    """Parameters where nothing is shared."""
    side, kernel = _one(draw, (5, 6, 7, 8, 10)), _one(draw, (2, 3, 5))
    out = Window(kernel).out(side)
    count = Filters(1, 1, (kernel, kernel)).unshared(Shape(1, out, out))
    return Question(
        f"One map from 1×{side}×{side}, windows of {kernel}×{kernel} that share nothing, a bias each: "
        "how many parameters?",
        str(count),
        f"{out} · {out} places · ({kernel}² + 1)",
        f'striate plan "1x{side}x{side}: local{kernel}"',
    )


def _stack(draw: np.random.Generator) -> Question:
    """What a unit sees after some layers."""
    words = [
        _one(draw, ("conv3", "conv5", "conv3s2", "max2")) for _ in range(_one(draw, (2, 3, 4)))
    ]
    words = ["conv3", *words] if words[0] == "max2" else words
    plan = Plan.read("1x224x224: " + " ".join(w if w == "max2" else f"{w}-8" for w in words))
    last = plan.layers[-1].field
    steps = [str(row.field[0].size) for row in plan.layers if row.field]
    return Question(
        f"Layers {', '.join(words)} (kernel, s stride; max2 has stride 2): how many pixels along a side does "
        "one unit of the last see?",
        str(last[0].size) if last else "all",
        f"layer by layer {', '.join(steps)}: each adds (K − 1) times the strides before it",
        f'striate show field "{plan.text}"',
    )


def _same(draw: np.random.Generator) -> Question:
    """1 + L (K - 1)."""
    kernel, layers = _one(draw, (3, 5, 7)), _one(draw, (2, 3, 4, 5, 6, 7, 8, 10))
    plan = Plan.read(f"1x224x224: (conv{kernel}p{kernel // 2}-1)*{layers}")
    seen = plan.receptive_field
    return Question(
        f"{layers} convolutions of {kernel}×{kernel} with stride 1: how many pixels along a side "
        "does one unit see?",
        str(seen[0]) if seen else "all",
        f"1 + L(K − 1) = 1 + {layers} · {kernel - 1}",
        f'striate show field "{plan.text}"',
    )


def _layers(draw: np.random.Generator) -> Question:
    """How many layers see everything."""
    side, kernel = _one(draw, (7, 9, 28, 32, 64, 128, 224)), _one(draw, (3, 5, 7))
    count = -(-(side - 1) // (kernel - 1))
    return Question(
        f"How many convolutions of {kernel}×{kernel} with stride 1 until one unit sees all {side} "
        "pixels of a side?",
        str(count),
        f"the smallest L with 1 + L · {kernel - 1} ≥ {side}",
        f'striate show field "1x{side}x{side}: (conv{kernel}p{kernel // 2}-1)*{count}"',
    )


Asker = Callable[["np.random.Generator"], Question]
KINDS: dict[str, tuple[Asker, ...]] = {
    "sizes": (_window, _shape, _window, _keeps),
    "parameters": (_convolution, _connected, _convolution, _local),
    "fields": (_same, _stack, _layers, _stack),
}


def _square(channels: int, side: int) -> Shape:
    return Shape(channels, side, side)


def _one(draw: np.random.Generator, of: tuple[_Item, ...]) -> _Item:
    return of[int(draw.integers(len(of)))]


def _plain(text: str) -> str:
    made = "".join(text.lower().split()).replace("×", "x").replace("*", "x")
    return made.replace(",", "").replace("'", "").rstrip(".")
