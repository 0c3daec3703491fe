"""Optimisers run down a surface of two weights: who arrives, and on which way.

valley: f = (x^2 + 40 y^2) / 2, steep across and flat along. saddle: f = (x^2 - y^2) / 2 + y^4 / 4, flat
in the middle, with a floor on both sides. All run from one place, each with the best of the same few rates,
that leaves the sheet at no step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from striate.errors import UsageError
from striate.lectures.shown import Chart, Curve, Floats, Shown, Still, chosen, number
from striate.pictures.files import Pixels
from striate.textbook.optimisers import SGD, Adadelta, Adam, Momentum, Optimiser, RMSProp

MOST_STEPS = 2000
RATES = tuple(float(f"{base}e{power}") for power in (-4, -3, -2, -1, 0, 1) for base in (1, 3))
RUNNERS: dict[str, Callable[[float], Optimiser]] = {
    "SGD": SGD, "momentum": Momentum, "RMSProp": RMSProp, "Adam": Adam, "Adadelta": Adadelta,
}  # fmt: skip
_FINE, _BANDS = (260, 380), 16  # rows and columns of the ground
_SIZE = (560, 820)


class Surface(NamedTuple):
    """where: for a title; height and slope take and give arrays of x and y; floors: where it is lowest;
    x, y: what is drawn.
    """

    where: str
    text: str
    height: Callable[[Floats, Floats], Floats]
    slope: Callable[[Floats, Floats], tuple[Floats, Floats]]
    floors: tuple[tuple[float, float], ...]
    start: tuple[float, float]
    x: tuple[float, float]
    y: tuple[float, float]


SURFACES = {
    "valley": Surface(
        "in a valley",
        "f = (x² + 40 y²)/2",
        lambda x, y: (x**2 + 40 * y**2) / 2,
        lambda x, y: (x, 40 * y),
        ((0.0, 0.0),),
        (-4.0, 1.0),
        (-5.0, 2.0),
        (-1.6, 1.6),
    ),
    "saddle": Surface(
        "on a saddle",
        "f = (x² − y²)/2 + y⁴/4",
        lambda x, y: (x**2 - y**2) / 2 + y**4 / 4,
        lambda x, y: (x, y**3 - y),
        ((0.0, 1.0), (0.0, -1.0)),
        (-1.6, 0.001),
        (-2.2, 1.4),
        (-0.6, 1.6),
    ),
}


class Run(NamedTuple):
    """way: T + 1, 2, from the start on; arrived: the first step within the tolerance, None if never."""

    name: str
    rate: float
    way: Floats
    arrived: int | None


def race(surface: str = "valley", steps: int = 300, within: float = 0.05) -> Shown:
    """All runners over so many steps; within: how near to the floor counts as arrived."""
    if not 1 <= steps <= MOST_STEPS or not 0 < within < 10:
        raise UsageError(
            f"a race has 1 to {MOST_STEPS} steps and a tolerance above 0; got {steps} and {within}",
            "such as --steps 300 --within 0.05",
        )
    ground = SURFACES[surface]
    runs = [best(ground, name, steps, within) for name in RUNNERS]
    title = f"Five optimisers {ground.where}"
    said = f"{ground.text}. All start at one place, each with its own best rate. Darker is higher."
    length = max((run.arrived or steps for run in runs), default=steps)
    height = _ground(ground)
    frames = tuple(
        Still(title, ((_chart(ground, height, runs, at),),), f"step {at} of {length}")
        for at in chosen(length + 1)
    )
    still = Still(title, ((_chart(ground, height, runs, length),),), said)
    arrays = {run.name: run.way for run in runs} | {"heights": height}
    facts = {
        "surface": surface, "within": within, "start": ground.start,
        "runs": [{"name": r.name, "rate": r.rate, "arrived": r.arrived} for r in runs],
    }  # fmt: skip
    lines = _lines(ground, runs, steps, within)
    return Shown(title, tuple(lines), arrays, still, frames, facts, ms=150)


def run(ground: Surface, optimiser: Optimiser, steps: int) -> Floats:
    """T + 1, 2: the start and the place after each step; it stays where numbers would become too large."""
    at = {"w": np.array(ground.start)}
    way = [at["w"].copy()]
    for _ in range(steps):
        slope = np.array(ground.slope(*way[-1]))
        optimiser.step(at, {"w": slope})
        way.append(at["w"].copy())
        if not np.abs(at["w"]).max() < 1e3:
            break
    way += [way[-1]] * (steps + 1 - len(way))
    return np.array(way)


def best(ground: Surface, name: str, steps: int, within: float) -> Run:
    """With the rate that arrives first, or if none does that comes nearest to a floor; ways that leave the
    sheet are the last choice.
    """
    tried = []
    for rate in RATES:
        way = run(ground, RUNNERS[name](rate), steps)
        arrived = arrives(ground, way, within)
        last = float(distances(ground, way)[-1])
        count = arrived if arrived is not None else steps + 1
        tried.append(
            ((not _is_inside(ground, way), count, last, rate), Run(name, rate, way, arrived))
        )
    return min(tried, key=lambda one: one[0])[1]


def distances(ground: Surface, way: Floats) -> Floats:
    """T + 1: how far from the nearest floor."""
    apart = [np.hypot(*(way - np.array(floor)).T) for floor in ground.floors]
    made: Floats = np.min(apart, axis=0)
    return made


def arrives(ground: Surface, way: Floats, within: float) -> int | None:
    """The step from which on it stays within the tolerance of a floor."""
    outside = np.flatnonzero(distances(ground, way) > within)
    first = int(outside[-1]) + 1 if len(outside) else 0
    return first if first < len(way) else None


def _is_inside(ground: Surface, way: Floats) -> bool:
    low, high = np.array([ground.x, ground.y]).T
    return bool(((way >= low) & (way <= high)).all())


def _ground(ground: Surface) -> Floats:
    """H W, the first row on top: the root of the height over the floor, so that low ground is told apart."""
    H, W = _FINE
    x = ground.x[0] + (np.arange(W) + 0.5) / W * (ground.x[1] - ground.x[0])
    y = ground.y[1] - (np.arange(H) + 0.5) / H * (ground.y[1] - ground.y[0])
    height = ground.height(*np.meshgrid(x, y))
    (fx, fy) = ground.floors[0]
    made: Floats = np.sqrt(np.maximum(height - ground.height(np.array(fx), np.array(fy)), 0))
    return made


def _shaded(height: Floats) -> Pixels:
    """H W 3: pale grey in bands, so that the ways stand out and the bands are lines of one height."""
    band = np.floor(height / height.max() * _BANDS) / _BANDS
    grey = np.rint(252 - 80 * band).astype(np.uint8)
    return np.repeat(grey[:, :, None], 3, axis=2)


def _chart(ground: Surface, height: Floats, runs: list[Run], at: int) -> Chart:
    curves = tuple(
        Curve(one.name, one.way[: at + 1, 0], one.way[: at + 1, 1], kind, ends_in_dot=True)
        for kind, one in enumerate(runs)
    )
    floors = np.array(ground.floors)
    goal = Curve("lowest", floors[:, 0], floors[:, 1], kind=5, is_dots=True)
    return Chart(
        "", (*curves, goal), ground.x, ground.y, ("x", "y"), pixels=_shaded(height), size=_SIZE
    )


def _lines(ground: Surface, runs: list[Run], steps: int, within: float) -> Iterator[str]:
    x, y = ground.start
    yield f"{ground.text}; all start at ({number(x)}, {number(y)})"
    yield f"steps until it stays within {number(within)} of a lowest place, best of {len(RATES)} rates:"
    yield ""
    yield f"  {'':<10}  {'rate':>6}  {'steps':>8}  after {steps} steps at"
    for one in runs:
        arrived = "never" if one.arrived is None else str(one.arrived)
        end = ", ".join(f"{round(value, 3) + 0.0:.3f}".replace("-", "−") for value in one.way[-1])
        yield f"  {one.name:<10}  {number(one.rate):>6}  {arrived:>8}  {end}"
