"""Layers without windows: relu, full connection, batch norm. Cases, what is right, and known mistakes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from striate import seeds
from striate.lectures.checked.case import Case, Kind, Mistake, Numbers
from striate.textbook.activations import relu
from striate.textbook.batch_norm import BatchNorm
from striate.textbook.connected import FullyConnected

EPS = 1e-5


def _up(case: Case) -> Numbers:
    return np.zeros(0) if case.upstream is None else case.upstream.astype(np.float64)


def _relu_cases() -> list[Case]:
    made = []
    for index, (shape, kind) in enumerate(
        (((1, 6), "float64"), ((4, 5), "float64"), ((2, 3, 4, 5), "float64"), ((3, 7), "float32"))
    ):
        draw = seeds.generator(0, "check relu", 0, index)
        x = draw.normal(size=shape)
        x.flat[:2] = 0, -0.5  # the kink itself is asked for
        size = "×".join(map(str, shape))
        upstream = draw.normal(size=shape).astype(kind)
        made.append(Case(f"x {size}, {kind}", {"x": x.astype(kind)}, upstream=upstream))
    return made


def _relu_right(case: Case) -> dict[str, Numbers]:
    layer = relu()
    return {"out": layer.forward(case["x"]), "dx": layer.backward(_up(case))}


RELU = Kind(
    "relu",
    ("relu",),
    "relu_forward(x) → out or (out, cache); relu_backward(dout, cache) → dx",
    ("out",),
    ("dx",),
    _relu_cases,
    _relu_right,
    {
        "out": (
            Mistake("x came back as it was; what is below zero becomes zero", lambda c: c["x"]),
            Mistake("min(0, x) was taken; take max(0, x)", lambda c: np.minimum(c["x"], 0)),
            Mistake("|x| was taken; take max(0, x)", lambda c: np.abs(c["x"])),
            Mistake(
                "below zero a part of x is left (a leaky ReLU); it should be zero",
                lambda c: np.where(c["x"] > 0, c["x"], 0.01 * c["x"]),
            ),
            Mistake("1 where x is above zero; give x itself there", lambda c: c["x"] > 0),
        ),
        "dx": (
            Mistake("dout came back as it was; it passes only where x > 0", _up),
            Mistake("the slope alone; multiply it with dout", lambda c: (c["x"] > 0).astype(float)),
            Mistake("the slope at x = 0 is 1; take that of the flat side, 0",
                    lambda c: _up(c) * (c["x"] >= 0)),
            Mistake("the sign of dout decides; the sign of x does", lambda c: np.maximum(_up(c), 0)),
            Mistake("it passes where x is below zero; it passes where x > 0",
                    lambda c: _up(c) * (c["x"] <= 0)),
            Mistake("x times dout; the slope is 1 or 0", lambda c: _up(c) * np.maximum(c["x"], 0)),
        ),
    },
)  # fmt: skip


def _connected_cases(turned: bool) -> Callable[[], list[Case]]:
    def cases() -> list[Case]:
        made = []
        for index, (n, d, k, kind) in enumerate(
            ((1, 3, 2, "float64"), (4, 5, 3, "float64"), (3, 6, 6, "float64"), (2, 4, 3, "float32"))
        ):
            draw = seeds.generator(0, "check connected", 0, index)
            w = draw.normal(size=(k, d))
            w = np.ascontiguousarray(w.T) if turned else w
            given = {"x": draw.normal(size=(n, d)), "w": w, "b": draw.normal(size=k)}
            size = f"{d}×{k}" if turned else f"{k}×{d}"
            made.append(
                Case(
                    f"x {n}×{d}, w {size}, {kind}",
                    {name: array.astype(kind) for name, array in given.items()},
                    upstream=draw.normal(size=(n, k)).astype(kind),
                )
            )
        return made

    return cases


def _connected_right(turned: bool) -> Callable[[Case], dict[str, Numbers]]:
    def right(case: Case) -> dict[str, Numbers]:
        layer = FullyConnected(case["w"].T if turned else case["w"], case["b"])
        made = {"out": layer.forward(case["x"]), "dx": layer.backward(_up(case))}
        dw = layer.gradients["weight"]
        return made | {"dw": dw.T if turned else dw, "db": layer.gradients["bias"]}

    return right


def _connected(name: str, prefixes: tuple[str, ...], turned: bool) -> Kind:
    right = _connected_right(turned)
    form = "x w + b with w: D K" if turned else "x wᵀ + b with w: K D"

    def other_side(case: Case) -> Numbers:
        w = case["w"]
        return case["x"] @ (w.T if turned == (w.shape[0] == w.shape[1]) else w) + case["b"]

    def square(case: Case) -> bool:
        return bool(case["w"].shape[0] == case["w"].shape[1])

    return Kind(
        name,
        prefixes,
        f"{prefixes[0]}_forward(x, w, b) → out or (out, cache), {form}; "
        f"{prefixes[0]}_backward(dout, cache) → dx, dw, db",
        ("out",),
        ("dx", "dw", "db"),
        _connected_cases(turned),
        right,
        {
            "out": (
                Mistake("the bias is missing; add b to every row", lambda c: right(c)["out"] - c["b"]),
                Mistake("w is turned the wrong way; it is " + form.split(": ")[1],
                        lambda c: other_side(c) if square(c) else right(c)["out"]),
                Mistake("the mean of the products is taken; take their sum",
                        lambda c: (right(c)["out"] - c["b"]) / c["x"].shape[1] + c["b"]),
                Mistake("a ReLU was applied too", lambda c: np.maximum(right(c)["out"], 0)),
            ),
            "dx": (
                Mistake("w is turned the wrong way; dx has the shape of x",
                        lambda c: _up(c) @ (c["w"] if turned else c["w"].T) if square(c) else right(c)["dx"]),
            ),
            "dw": (),
            "db": (
                Mistake("db is not summed over the pictures; b has one number for each output", _up),
                Mistake("db keeps an axis of length 1; its shape is that of b",
                        lambda c: _up(c).sum(0, keepdims=True)),
                Mistake("only the last picture counts; sum over the batch", lambda c: _up(c)[-1]),
                Mistake("db is summed over the outputs; sum over the pictures", lambda c: _up(c).sum(1)),
            ),
        },
    )  # fmt: skip


CONNECTED = _connected("full connection", ("fc", "linear"), turned=False)
AFFINE = _connected("full connection (affine)", ("affine",), turned=True)


def _norm_cases() -> list[Case]:
    made = []
    for index, (n, d, kind) in enumerate(
        ((4, 1, "float64"), (5, 3, "float64"), (8, 4, "float64"), (6, 3, "float32"))
    ):
        draw = seeds.generator(0, "check batch norm", 0, index)
        # A small spread, so that a missing eps is seen.
        given = {
            "x": 0.1 * draw.normal(size=(n, d)) + draw.normal(size=d),
            "gamma": draw.uniform(0.5, 2, d),
            "beta": draw.normal(size=d),
        }
        made.append(
            Case(
                f"x {n}×{d}, {kind}",
                {name: array.astype(kind) for name, array in given.items()},
                packed={"mode": "train", "eps": EPS, "momentum": 0.9},
                upstream=draw.normal(size=(n, d)).astype(kind),
            )
        )
    return made


def _norm_right(case: Case) -> dict[str, Numbers]:
    layer = BatchNorm(case["x"].shape[1], EPS)
    layer.weights = {"weight": case["gamma"], "bias": case["beta"]}
    layer.training = True
    made = {"out": layer.forward(case["x"]), "dx": layer.backward(_up(case))}
    return made | {"dgamma": layer.gradients["weight"], "dbeta": layer.gradients["bias"]}


def _z(case: Case, axis: int = 0, ddof: int = 0, eps: float = EPS, power: float = 0.5) -> Numbers:
    x = case["x"]
    variance = x.var(axis=axis, keepdims=True, ddof=ddof)
    made: Numbers = (x - x.mean(axis=axis, keepdims=True)) / (variance + eps) ** power
    return made


def _normed(z: Callable[[Case], Numbers]) -> Callable[[Case], Numbers]:
    return lambda case: case["gamma"] * z(case) + case["beta"]


def _norm_dx_fixed(case: Case) -> Numbers:
    made: Numbers = _up(case) * case["gamma"] / np.sqrt(case["x"].var(axis=0) + EPS)
    return made


def _norm_dx_half(case: Case) -> Numbers:
    """Through the mean, and not through the variance."""
    fixed = _norm_dx_fixed(case)
    return np.asarray(fixed - fixed.mean(axis=0))


BATCH_NORM = Kind(
    "batch norm",
    ("batchnorm", "batch_norm", "bn"),
    "batchnorm_forward(x, gamma, beta) → out or (out, cache), in training with eps = 1e-5; "
    "batchnorm_backward(dout, cache) → dx, dgamma, dbeta",
    ("out",),
    ("dx", "dgamma", "dbeta"),
    _norm_cases,
    _norm_right,
    {
        "out": (
            Mistake("gamma and beta are missing; out = gamma · z + beta", _z),
            Mistake("beta is missing; out = gamma · z + beta", lambda c: c["gamma"] * _z(c)),
            Mistake("gamma is missing; out = gamma · z + beta", lambda c: _z(c) + c["beta"]),
            Mistake("the variance is over N − 1; take it over N", _normed(lambda c: _z(c, ddof=1))),
            Mistake("eps is missing; divide by sqrt(variance + 1e-5)", _normed(lambda c: _z(c, eps=0))),
            Mistake("eps is added to the deviation; add it to the variance, under the root",
                    _normed(lambda c: (c["x"] - c["x"].mean(0)) / (c["x"].std(0) + EPS))),
            Mistake("it is divided by the variance; divide by its root", _normed(lambda c: _z(c, power=1))),
            Mistake("mean and variance are over the features; take them over the pictures (axis 0)",
                    _normed(lambda c: _z(c, axis=1))),
            Mistake("the mean is taken off, and not divided by the deviation",
                    _normed(lambda c: c["x"] - c["x"].mean(0))),
        ),
        "dx": (
            Mistake("mean and variance are taken as fixed; x moves them too", _norm_dx_fixed),
            Mistake("the variance is taken as fixed; x moves it too", _norm_dx_half),
        ),
        "dgamma": (
            Mistake("dout · x is summed; sum dout · z, with z = (x − mean)/deviation",
                    lambda c: (_up(c) * c["x"]).sum(0)),
            Mistake("dgamma is not summed over the pictures", lambda c: _up(c) * _z(c)),
        ),
        "dbeta": (Mistake("dbeta is not summed over the pictures", _up),),
    },
)  # fmt: skip
