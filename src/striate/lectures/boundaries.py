"""Where a linear, a two-layer and a small convolutional network decide: the plane, coloured by their answers.

A point (a, b) goes into the first two as its two numbers. A convolutional network takes pictures, so the
point is drawn for it as a soft dot in a picture of 10 x 10 pixels, at the same place: what is shown of it is
the answer by the place of the dot. All have two outputs and are trained by the textbook's loop.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from striate import seeds
from striate.errors import UsageError
from striate.grammar.plan import Plan
from striate.lectures.shown import Chart, Curve, Floats, Shown, Still, chosen
from striate.pictures.files import Pixels
from striate.seeing.figures.colours import signed
from striate.textbook.layer import Labels
from striate.textbook.loop import accuracy, train
from striate.textbook.losses import SoftmaxLoss
from striate.textbook.network import Network
from striate.textbook.optimisers import Adam

REACH = 1.5  # the plane goes from −REACH to REACH along both sides
GRID, SIDE, WIDTH = (
    60,
    10,
    0.28,
)  # places along a side; pixels of a dot's picture, and how soft it is
MOST = 2000
_RATE, _BATCH, _FAINT, _MOST_FRAMES = 0.02, 32, 1.3, 20


class Kind(NamedTuple):
    """A network: its name, its text, and how N 2 points become its N C H W input."""

    name: str
    text: str
    taken: Callable[[Floats], Floats]


class Decided(NamedTuple):
    """leads: E GRID GRID, the score of class 1 less that of class 0 after some epochs, the first row
    on top; losses: one an epoch.
    """

    name: str
    text: str
    parameters: int
    leads: Floats
    losses: tuple[float, ...]
    seen: float
    unseen: float


def boundaries(points: str = "moons", count: int = 200, epochs: int = 40, seed: int = 0) -> Shown:
    """Trained on `count` points; accuracy on them, and on as many that were not seen."""
    if not 10 <= count <= MOST or not 1 <= epochs <= 400:
        raise UsageError(
            f"10 to {MOST} points and 1 to 400 epochs; got {count} and {epochs}",
            "such as --count 200 --epochs 40",
        )
    x, labels = drawn(points, count, seed)
    other, other_labels = drawn(points, count, seed, "unseen")
    made = [decided(kind, (x, labels), (other, other_labels), epochs, seed) for kind in KINDS]
    title = f"Who can part {points}?"
    said = (
        "Ground: the answer, orange for class 1, blue for class 0. Dots: the points learned from."
    )
    charts = tuple(
        _chart(one, -1, x, labels, f"seen {_percent(one.seen)}, new {_percent(one.unseen)}")
        for one in made
    )
    frames = tuple(
        Still(
            title,
            (tuple(_chart(one, i, x, labels, f"loss {one.losses[at]:.3f}") for one in made),),
            f"after epoch {at + 1} of {epochs}",
        )
        for i, at in enumerate(chosen(epochs, _MOST_FRAMES))
    )
    arrays: dict[str, NDArray[Any]] = {"points": x, "labels": labels}
    arrays |= {one.name: one.leads[-1] for one in made}
    facts = {
        "points": points, "count": count, "epochs": epochs, "seed": seed,
        "networks": [
            {"name": one.name, "plan": one.text, "parameters": one.parameters, "accuracy": one.seen,
             "accuracy_unseen": one.unseen, "loss": one.losses[-1]} for one in made
        ],
    }  # fmt: skip
    lines = tuple(_lines(points, count, epochs, made))
    return Shown(title, lines, arrays, Still(title, (charts,), said), frames, facts, ms=300)


def drawn(name: str, count: int, seed: int, purpose: str = "seen") -> tuple[Floats, Labels]:
    """N 2 points and N labels 0, 1, half each, from a seed."""
    rng = seeds.generator(seed, f"boundaries {name} {purpose}")
    labels = np.arange(count) % 2
    points = SETS[name](rng, labels)
    return np.clip(points, -REACH, REACH), labels


def _blobs(rng: np.random.Generator, labels: Labels) -> Floats:
    """Two round heaps."""
    middle = np.where(labels[:, None] == 1, (0.55, 0.45), (-0.55, -0.45))
    made: Floats = middle + 0.28 * rng.normal(size=(len(labels), 2))
    return made


def _rings(rng: np.random.Generator, labels: Labels) -> Floats:
    """A disc, and a ring around it."""
    far = np.where(labels == 1, 0.35 * np.sqrt(rng.random(len(labels))), 1.0)
    angle = 2 * np.pi * rng.random(len(labels))
    made: Floats = np.stack([far * np.cos(angle), far * np.sin(angle)], axis=1)
    return made + 0.08 * rng.normal(size=made.shape)


def _xor(rng: np.random.Generator, labels: Labels) -> Floats:
    """Class 1 where one of the two numbers is above zero and the other is not."""
    first = np.where(rng.random(len(labels)) < 0.5, 1.0, -1.0)
    second = np.where(labels == 1, -first, first)
    made: Floats = 0.65 * np.stack([first, second], axis=1)
    return made + 0.2 * rng.normal(size=made.shape)


def _moons(rng: np.random.Generator, labels: Labels) -> Floats:
    """Two half rings, each with an end inside the other."""
    angle = np.pi * rng.random(len(labels))
    upper = np.stack([np.cos(angle) - 0.5, np.sin(angle) - 0.25], axis=1)
    lower = np.stack([0.5 - np.cos(angle), 0.25 - np.sin(angle)], axis=1)
    made: Floats = np.where(labels[:, None] == 1, upper, lower) * 0.9
    return made + 0.08 * rng.normal(size=made.shape)


SETS: dict[str, Callable[[np.random.Generator, Labels], Floats]] = {
    "blobs": _blobs, "rings": _rings, "xor": _xor, "moons": _moons,
}  # fmt: skip


def as_numbers(points: Floats) -> Floats:
    """N 2 to N 2 1 1."""
    return points[:, :, None, None]


def as_dots(points: Floats) -> Floats:
    """N 2 to N 1 SIDE SIDE: a soft dot, whose middle is the point; row 0 is the top."""
    middle = (np.arange(SIDE) + 0.5) / SIDE * 2 * REACH - REACH
    across = np.exp(-((middle - points[:, :1]) ** 2) / (2 * WIDTH**2))
    down = np.exp(-((middle[::-1] - points[:, 1:]) ** 2) / (2 * WIDTH**2))
    made: Floats = down[:, None, :, None] * across[:, None, None, :]
    return made


KINDS = (
    Kind("linear", "2x1x1: fc2", as_numbers),
    Kind("two layers", "2x1x1: fc16 relu fc2", as_numbers),
    Kind("convolutional", "1x10x10: conv3-8 relu max2 fc2", as_dots),
)


def decided(
    kind: Kind, seen: tuple[Floats, Labels], unseen: tuple[Floats, Labels], epochs: int, seed: int
) -> Decided:
    """Train one network, and ask it about every place of the plane."""
    plan = Plan.read(kind.text)
    network = plan.build("textbook", seed=seed)
    x, labels = kind.taken(seen[0]), seen[1]
    steps = train(
        network, x, labels, Adam(_RATE), SoftmaxLoss(), epochs=epochs, batch=_BATCH, seed=seed
    )
    kept = chosen(epochs, _MOST_FRAMES)
    losses, leads = [], []
    for epoch, loss in enumerate(steps):
        losses.append(loss)
        if epoch in kept:
            leads.append(_lead(network, kind))
    return Decided(
        kind.name, kind.text, plan.parameters, np.stack(leads), tuple(losses),
        accuracy(network, x, labels), accuracy(network, kind.taken(unseen[0]), unseen[1]),
    )  # fmt: skip


def places() -> Floats:
    """GRID GRID 2: the middle of every cell of the plane, the first row on top."""
    along = (np.arange(GRID) + 0.5) / GRID * 2 * REACH - REACH
    made: Floats = np.stack(np.meshgrid(along, along[::-1]), axis=-1)
    return made


def _lead(network: Network, kind: Kind) -> Floats:
    scores = network.forward(kind.taken(places().reshape(-1, 2)))
    made: Floats = (scores[:, 1] - scores[:, 0]).reshape(GRID, GRID)
    return made


def _chart(one: Decided, epoch: int, x: Floats, labels: Labels, note: str) -> Chart:
    dots = tuple(
        Curve("", x[labels == label, 0], x[labels == label, 1], kind, is_dots=True)
        for label, kind in ((1, 1), (0, 0))
    )
    return Chart(
        one.name, dots, (-REACH, REACH), (-REACH, REACH), pixels=shaded(one.leads[epoch]),
        size=(440, 440), note=f"{one.text}\n{note}", has_axes=False,
    )  # fmt: skip


def shaded(lead: Floats) -> Pixels:
    """H W 3: how certain the answer is, orange for class 1, blue for class 0, white where neither leads;
    pale, so that the dots stand out.
    """
    certain = 1 / (1 + np.exp(-np.clip(lead, -30, 30))) - 0.5
    return signed(certain, _FAINT)


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _lines(points: str, count: int, epochs: int, made: list[Decided]) -> Iterator[str]:
    yield f"{points}: {count} points of two classes, {epochs} epochs of Adam; tested on as many new ones"
    yield ""
    yield f"  {'':<14} {'plan':<31} {'parameters':>10} {'seen':>8} {'new':>8}"
    for one in made:
        yield (
            f"  {one.name:<14} {one.text:<31} {one.parameters:>10} {_percent(one.seen):>8} "
            f"{_percent(one.unseen):>8}"
        )
    yield ""
    yield "The convolutional network sees each point as a soft dot in a picture of 10×10 pixels."
    if made[0].seen < made[1].seen - 0.02:
        yield "One layer draws a straight line; a ReLU between two layers bends it."
