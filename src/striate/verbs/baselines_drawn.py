"""A comparison as a picture, accuracy against cost and who knows which class, and as arrays.

Shape legend: M methods, K classes.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from striate.optional import need
from striate.pages.chart_points import Point, best_for_cost

if TYPE_CHECKING:
    from striate.verbs.baselines import Compared

_FIRST = "convnet"
_LONGEST = 40  # letters of the name of the data
_INK, _SOFT, _ONE, _TWO = "#1d1c1a", "#6a6660", "#0b63a8", "#c4500a"
_DPI, _LINE = 130, 0.2  # inches of a row of the key
_CELL, _NAMES = 0.24, 1.6  # inches of a row of the table, and of what stands above it
_MOST = 30  # classes whose cells have room for a number


def arrays(found: Compared) -> dict[str, NDArray[Any]]:
    """method: M names, the best first; accuracy, low, high, fit_s, each_ms, parameters, multiply_adds and
    learned_from: M; recall: M K; confusion: M K K, what pictures show by what was said; classes: K names.
    """
    rows = found.rows
    return {
        "method": np.array([row.name for row in rows]),
        "accuracy": np.array([row.accuracy for row in rows]),
        "low": np.array([row.interval.low for row in rows]),
        "high": np.array([row.interval.high for row in rows]),
        "fit_s": np.array([row.seconds for row in rows]),
        "each_ms": np.array([row.each_ms for row in rows]),
        "parameters": np.array([row.parameters for row in rows], np.int64),
        "multiply_adds": np.array([row.multiply_adds for row in rows], np.int64),
        "learned_from": np.array([row.learned_from for row in rows], np.int64),
        "recall": np.array([row.recalls for row in rows]),
        "confusion": np.array([row.confusion for row in rows], np.int64),
        "classes": np.array(found.world.classes),
    }


def npz(found: Compared) -> bytes:
    """The same as a file of NumPy."""
    held = io.BytesIO()
    made: dict[str, Any] = arrays(found)
    np.savez_compressed(held, allow_pickle=False, **made)
    return held.getvalue()


def png(found: Compared) -> bytes:
    """The share of test against milliseconds and against multiply-adds, the key of the numbers, and which
    method knows which class.
    """
    need("matplotlib", to="draw a figure", extra="train")
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure as Sheet

    table = _NAMES + _CELL * len(found.rows)
    height = 6.0 + _LINE * len(found.rows) + table
    sheet = Sheet(figsize=(11, height), dpi=_DPI, facecolor="white")
    FigureCanvasAgg(sheet)
    top = 1 - 0.35 / height
    data = found.data if len(found.data) <= _LONGEST else f"…{found.data[-_LONGEST:]}"
    title = f"Was a convolutional network worth it? {data}".replace("$", r"\$")
    sheet.text(0.06, top, title, size=14, weight="bold", color=_INK, va="top")
    costs = (
        ("milliseconds for a picture, here", [row.each_ms for row in found.rows]),
        ("million multiply-adds for a picture", [row.multiply_adds / 1e6 for row in found.rows]),
    )
    for i, (along, cost) in enumerate(costs):
        bottom = (height - 5.3) / height
        axes = sheet.add_axes((0.07 + 0.49 * i, bottom, 0.41, 4.4 / height))
        _points(axes, found, cost, along)
    for i, row in enumerate(found.rows):
        low, high = row.interval
        text = (
            f"{i + 1:>2}  {row.name:<24}{row.accuracy:>7.1%}   {low:.1%} to {high:.1%}   {row.sees}"
        )
        at = (height - 6.0 - _LINE * i + 0.15) / height
        colour = _TWO if row.name == _FIRST else _INK
        sheet.text(0.06, at, text, size=8, family="monospace", color=colour, va="top")
    place = (0.2, 0.25 / height, 0.78, _CELL * len(found.rows) / height)
    _known(sheet.add_axes(place), found)
    held = io.BytesIO()
    sheet.savefig(held, format="png", dpi=_DPI)
    return held.getvalue()


def _known(axes: Any, found: Compared) -> None:
    """M K: the share of each class that a method finds, darker for more; orange where it fails on it."""
    shares = np.array([row.recalls for row in found.rows], np.float64)
    classes = found.world.classes
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1.25, aspect="auto")
    axes.set_yticks(range(len(found.rows)), [row.name for row in found.rows])
    names = [(name if len(name) <= 18 else f"{name[:17]}…").replace("$", r"\$") for name in classes]
    if len(classes) <= _MOST:
        axes.set_xticks(range(len(classes)), names, rotation=40, ha="left")
    axes.xaxis.tick_top()
    axes.tick_params(labelsize=8, colors=_INK, length=0)
    for i, row in enumerate(found.rows):
        failing = {one.name for one in row.failing}
        for k, name in enumerate(classes if len(classes) <= _MOST else ()):
            fails = name in failing
            text = "–" if np.isnan(shares[i, k]) else f"{100 * shares[i, k]:.0f}"
            kind = (
                {"color": _TWO, "weight": "bold"}
                if fails
                else {"color": "white" if shares[i, k] > 0.7 else _INK}
            )
            axes.text(k, i, text, size=7.5, ha="center", va="center", **kind)
    for edge in axes.spines.values():
        edge.set_visible(False)
    said = (
        "% of each class found; orange: it fails on the class"
        if len(classes) <= _MOST
        else "of each class found"
    )
    axes.set_xlabel(said, color=_SOFT, size=8)


def _points(axes: Any, found: Compared, cost: list[float], along: str) -> None:
    """Numbered discs with their intervals over a cost on a logarithm; dotted: the best for each cost."""
    held = [
        Point(i + 1, row.name, cost[i], row.accuracy, row.interval, row.name == _FIRST)
        for i, row in enumerate(found.rows)
        if cost[i] > 0
    ]
    axes.set_xscale("log")
    best = best_for_cost(held)
    axes.step(
        [one.cost for one in best], [one.share for one in best], ":", where="post", color=_SOFT
    )
    for one in reversed(held):
        colour = _TWO if one.is_first else _ONE
        axes.plot([one.cost] * 2, one.ends, color=colour, linewidth=1.2)
        axes.plot(
            [one.cost], [one.share], "o", color=colour, markersize=12, markeredgecolor="white"
        )
        axes.annotate(
            str(one.number),
            (one.cost, one.share),
            color="white",
            size=7.5,
            ha="center",
            va="center",
        )
    axes.set_ylim(0, 1.03)  # a dot at the top is whole
    axes.yaxis.set_major_formatter(lambda value, _: f"{100 * value:.0f}%")
    axes.set_xlabel(along, color=_SOFT, size=9)
    axes.set_ylabel("right, of test", color=_SOFT, size=9)
    axes.tick_params(labelsize=8, colors=_SOFT)
    axes.grid(color="#e2ded7", linewidth=0.6)
    for name, edge in axes.spines.items():
        edge.set_visible(name in ("left", "bottom"))
        edge.set_color("#bdb8af")
