"""Sigmoid and tanh: cases, what is right, and known mistakes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from striate import seeds
from striate.lectures.checked.case import Case, Kind, Mistake, Numbers
from striate.textbook import activations
from striate.textbook.activations import Activation

Maker = Callable[[], Activation]


def _up(case: Case) -> Numbers:
    return np.zeros(0) if case.upstream is None else case.upstream.astype(np.float64)


def _cases() -> list[Case]:
    made = []
    for index, (shape, kind) in enumerate(
        (((1, 6), "float64"), ((4, 5), "float64"), ((2, 3, 4, 5), "float64"), ((3, 7), "float32"))
    ):
        draw = seeds.generator(0, "check smooth", 0, index)
        x = 2 * draw.normal(size=shape)
        x.flat[:3] = 0, 40, -40  # flat far out, on both sides
        size = "×".join(map(str, shape))
        upstream = draw.normal(size=shape).astype(kind)
        made.append(Case(f"x {size}, {kind}", {"x": x.astype(kind)}, upstream=upstream))
    return made


def _right(make: Maker) -> Callable[[Case], dict[str, Numbers]]:
    def right(case: Case) -> dict[str, Numbers]:
        layer = make()
        return {"out": layer.forward(case["x"]), "dx": layer.backward(_up(case))}

    return right


def _kind(
    name: str, make: Maker, slope: str, out: tuple[Mistake, ...], dx: tuple[Mistake, ...]
) -> Kind:
    def local(case: Case) -> Numbers:
        return make().slope(case["x"])

    def value(case: Case) -> Numbers:
        return make().forward(case["x"])

    common = (
        Mistake(f"dout came back as it was; multiply it with the slope, {slope}", _up),
        Mistake("the slope alone; multiply it with dout", local),
        Mistake(f"dout · out was taken; the slope is {slope}", lambda c: _up(c) * value(c)),
        Mistake("the slope is taken at out; take it at x, or write it with out once",
                lambda c: _up(c) * make().slope(value(c))),
    )  # fmt: skip
    told = f"{name}_forward(x) → out or (out, cache); {name}_backward(dout, cache) → dx"
    came = Mistake("x came back as it was", lambda c: c["x"])
    mistakes = {"out": (came, *out), "dx": (*common, *dx)}
    return Kind(name, (name,), told, ("out",), ("dx",), _cases, _right(make), mistakes)


SIGMOID = _kind(
    "sigmoid",
    activations.sigmoid,
    "out · (1 − out)",
    (
        Mistake("the sign of x is turned: it is 1 / (1 + e^−x)",
                lambda c: activations.sigmoid_of(-c["x"])),
        Mistake("tanh was taken; it is 1 / (1 + e^−x)", lambda c: np.tanh(c["x"])),
        Mistake("x times the sigmoid; give the sigmoid itself",
                lambda c: c["x"] * activations.sigmoid_of(c["x"])),
    ),
    (
        Mistake("x · (1 − x) was taken; the slope is out · (1 − out)",
                lambda c: _up(c) * c["x"] * (1 - c["x"])),
        Mistake("1 − out was taken; the slope is out · (1 − out)",
                lambda c: _up(c) * activations.sigmoid_of(-c["x"])),
    ),
)  # fmt: skip

TANH = _kind(
    "tanh",
    activations.tanh,
    "1 − out²",
    (
        Mistake("the sigmoid was taken; it is (e^x − e^−x) / (e^x + e^−x)",
                lambda c: activations.sigmoid_of(c["x"])),
        Mistake("the sign is turned: it is (e^x − e^−x) / (e^x + e^−x)", lambda c: -np.tanh(c["x"])),
        Mistake("tanh(x / 2) was taken; it is (e^x − e^−x) / (e^x + e^−x)",
                lambda c: np.tanh(c["x"] / 2)),
    ),
    (
        Mistake("1 − x² was taken; the slope is 1 − out²", lambda c: _up(c) * (1 - c["x"] ** 2)),
        Mistake("1 − out was taken; the slope is 1 − out²", lambda c: _up(c) * (1 - np.tanh(c["x"]))),
        Mistake("out · (1 − out) was taken, the slope of a sigmoid; it is 1 − out²",
                lambda c: _up(c) * np.tanh(c["x"]) * (1 - np.tanh(c["x"]))),
    ),
)  # fmt: skip
