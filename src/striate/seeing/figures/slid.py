"""The figure of a classifier that slid over a picture: where a class is, and what stands there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from striate.pictures.files import Pixels
from striate.seeing.figures.figure import Figure, Panel, Part, Table, Tile, ranged

if TYPE_CHECKING:
    from striate.seeing.inside.slide import Slid

_BEST, _ROWS, _WORTH = 6, 10, 0.01
_ALIKE = 0.0005  # differences are shown with three digits


def slid_figure(
    name: str, picture: Pixels, found: Slid, classes: Sequence[str], label: int
) -> Figure:
    """picture: H' W' 3; label: the class that is looked for."""
    shares = found.probabilities()
    wanted, what = shares[:, :, label], classes[label]
    R, Q = wanted.shape
    best = best_places(found, wanted)
    boxed = found.box(*best[0])
    told = f"{R} × {Q} places" if R * Q > 1 else "1 place"
    step = f", {_step(found)} pixels apart" if R * Q > 1 else ""
    scores = found.scores[:, :, label].astype(np.float64)
    likely = f"probability {_percent(wanted.min())} … {_percent(wanted.max())}"
    laid = spread(found, wanted, picture.shape[:2])
    tiles = (
        Tile(
            "the picture",
            f"the frame is the likeliest place, {_percent(wanted[best[0]])}",
            picture,
            box=boxed,
        ),
        Tile("where it is", f"{likely}; each at the middle of its window", picture, laid, 1.0),
        Tile("the score grid", f"logits {ranged(scores)}", values=scores),
    )
    parts: tuple[Part, ...] = (
        Panel(
            f"Is there a {what} here?", tiles, f"{told}{step}. {how(found, label, what)}", side=300
        ),
        Panel(
            f"Where it is likeliest to be a {what}",
            tuple(
                _crop(picture, found, place, wanted)
                for i, place in enumerate(best)
                if not i or wanted[place] >= _WORTH
            ),
            "Places that do not overlap by more than a half, the likeliest first.",
            side=110,
        ),
        _answers(found, shares, classes),
    )
    lead = (
        f"A network made for {found.window[0]}×{found.window[1]} pixels goes over a picture of "
        f"{picture.shape[0]}×{picture.shape[1]}. It knows its {len(classes)} classes and nothing else: "
        "a place that shows none of them gets an answer too."
    )
    arrays: dict[str, NDArray[Any]] = {
        "scores": found.scores, "probability": wanted, "rows": found.rows, "columns": found.columns,
    }  # fmt: skip
    return Figure(
        f"{name} slides over a picture", lead, parts, arrays, _facts(found, shares, classes, label)
    )


def how(found: Slid, label: int, what: str) -> str:
    """In what way the scores came about, and how far they are from those of crops."""
    if found.reason is not None or found.apart is None:
        return f"Crops were asked one by one: {found.reason}."
    text = "The fully connected head became a convolution, and one pass gave all scores. "
    asked = "at 1 place" if found.asked == 1 else f"at {found.asked} places all over the picture"
    text += f"Beside it the crop itself was asked {asked}: "
    own, top = float(found.apart[label]), float(found.apart.max())
    if top < _ALIKE:
        return text + "the same probabilities."
    return text + (
        f"the probability of {what} differs by {own:.3f} at most, that of any class by {top:.3f}, because "
        "the border of a crop is padded where the picture goes on; --crops asks all of them."
    )


def spread(found: Slid, values: NDArray[np.float64], size: tuple[int, ...]) -> NDArray[np.float64]:
    """R Q values at the middles of their windows, H' W': each pixel has that of the nearest middle; 0 where
    none is near.
    """
    made = np.zeros(size[:2])
    picked, near = [], []
    for starts, side, length in zip((found.rows, found.columns), found.window, size, strict=False):
        step = int(starts[1] - starts[0]) if len(starts) > 1 else side
        place = np.arange(length) - (side - 1) / 2
        index = np.clip(np.floor(place / step + 0.5).astype(int), 0, len(starts) - 1)
        picked.append(index)
        near.append(np.abs(place - starts[index]) <= max(step, 2) / 2)
    inside = np.ix_(near[0], near[1])
    made[inside] = values[np.ix_(picked[0][near[0]], picked[1][near[1]])]
    return made


def best_places(found: Slid, wanted: NDArray[np.float64]) -> list[tuple[int, int]]:
    """The likeliest places, none of which covers more than half of another along both sides."""
    kept: list[tuple[int, int]] = []
    for flat in np.argsort(-wanted, axis=None, kind="stable"):
        r, q = (int(i) for i in np.unravel_index(flat, wanted.shape))
        if all(
            abs(found.rows[r] - found.rows[a]) >= found.window[0] / 2
            or abs(found.columns[q] - found.columns[b]) >= found.window[1] / 2
            for a, b in kept
        ):
            kept.append((r, q))
        if len(kept) == _BEST:
            break
    return kept


def _crop(
    picture: Pixels, found: Slid, place: tuple[int, int], wanted: NDArray[np.float64]
) -> Tile:
    top, left, bottom, right = found.box(*place)
    note = f"row {top}, column {left}"
    return Tile(_percent(wanted[place]), note, picture[top:bottom, left:right])


def _answers(found: Slid, shares: NDArray[np.float64], classes: Sequence[str]) -> Table:
    """Each class: how many places it has, and where it is likeliest."""
    winners = np.bincount(shares.argmax(2).ravel(), minlength=len(classes))
    top = shares.max((0, 1))
    rows = []
    for k in sorted(range(len(classes)), key=lambda k: (-winners[k], -top[k]))[:_ROWS]:
        r, q = np.unravel_index(int(shares[:, :, k].argmax()), shares.shape[:2])
        place = f"row {found.rows[r]}, column {found.columns[q]}"
        rows.append(
            (classes[k], f"{100 * winners[k] / winners.sum():.1f} %", _percent(top[k]), place)
        )
    heads = ("class", "answer at", "likeliest", "there")
    many = f"The first {_ROWS} of {len(classes)} classes." if len(classes) > _ROWS else ""
    return Table("Answers", heads, tuple(rows), "lrrl", many)


def _step(found: Slid) -> str:
    steps = [int(s[1] - s[0]) if len(s) > 1 else 0 for s in (found.rows, found.columns)]
    return f"{steps[0]} × {steps[1]}" if steps[0] != steps[1] else str(steps[0])


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _facts(
    found: Slid, shares: NDArray[np.float64], classes: Sequence[str], label: int
) -> dict[str, object]:
    wanted = shares[:, :, label]
    return {
        "class": classes[label],
        "grid": list(wanted.shape),
        "window": list(found.window),
        "rows": found.rows.tolist(),
        "columns": found.columns.tolist(),
        "how": "crops" if found.reason else "convolution",
        "reason": found.reason,
        "apart": None if found.apart is None else float(found.apart.max()),
        "apart_of_class": None if found.apart is None else float(found.apart[label]),
        "best": [
            {"box": list(found.box(*place)), "probability": float(wanted[place])}
            for place in best_places(found, wanted)
        ],
    }
