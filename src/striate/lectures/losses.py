"""Softmax and the multiclass SVM: scores to one number of how wrong they are, and which way to move them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from striate.errors import UsageError
from striate.lectures.shown import (
    Floats,
    Grid,
    Part,
    Shown,
    Sign,
    Still,
    Words,
    grid_lines,
    number,
    signed,
)
from striate.textbook.losses import HingeLoss, Softmax, SoftmaxLoss, log_softmax

Whole = NDArray[np.int64]
_MOST = 12  # pictures and classes


def softmax(scores: Floats, labels: Whole | None = None) -> Shown:
    """scores: N K; labels: N, or None for probabilities alone."""
    _check(scores, labels)
    p = Softmax().forward(scores)
    # e^s of the lecture; where it would overflow, of s less the largest score, which gives the same p
    most = scores.max(axis=1, keepdims=True)
    taken = np.where(most > 300, most, 0)
    raised = np.exp(scores - taken)
    arrays = {"scores": scores, "exp": raised, "p": p}
    lines = ["Softmax: p = e^s / sum of e^s"]
    for n, row in enumerate(scores):
        total = float(raised[n].sum())
        name = f"e^(s − {number(float(taken[n, 0]))})" if taken[n, 0] else "e^s"
        lines += ["", f"picture {n}", *_columns(("s", row), (name, raised[n]), ("p", p[n]))]
        lines.append(
            f"  sum of {name} = {' + '.join(number(float(v)) for v in raised[n])} = {number(total)}"
        )
        if labels is not None:
            lines.append(f"  loss = −log p[{labels[n]}] = {_minus_log(p[n], row, int(labels[n]))}")
    parts: list[Part] = [
        Grid("scores", scores, boxes=_lit(labels)),
        Sign("→"),
        Grid("e^s", raised),
        Sign("→"),
    ]
    parts.append(Grid("p", p, boxes=_lit(labels)))
    rows: list[tuple[Part, ...]] = [tuple(parts)]
    facts: dict[str, float] = {}
    if labels is not None:
        loss = SoftmaxLoss()
        facts["loss"] = loss.forward(scores, labels)
        arrays["losses"] = -loss.log_p[np.arange(len(labels)), labels]
        arrays["dscores"] = loss.backward()
        lines += _told(facts["loss"], arrays, "(p − 1 for the right class, p for the others) / N")
        rows.append((Grid("losses", arrays["losses"][:, None]), Grid("dL/ds", arrays["dscores"])))
    title = "Softmax: scores to probabilities"
    return Shown(title, tuple(lines), arrays, Still(title, tuple(rows), _said(facts)), (), facts)


def svm(scores: Floats, labels: Whole, margin: float = 1.0) -> Shown:
    """scores: N K; labels: N."""
    _check(scores, labels)
    loss = HingeLoss(margin)
    total = loss.forward(scores, labels)
    each = np.maximum(loss.over, 0)
    arrays = {
        "scores": scores,
        "terms": each,
        "losses": each.sum(axis=1),
        "dscores": loss.backward(),
    }
    lines = [f"Multiclass SVM: the sum over wrong classes of max(0, s_j − s_y + {number(margin)})"]
    worked = []
    for n, row in enumerate(scores):
        own = float(row[labels[n]])
        lines += ["", f"picture {n}, right class {labels[n]}, s_y = {number(own)}"]
        for j in range(len(row)):
            if j != labels[n]:
                inside = f"{signed(float(row[j]))} − {signed(own)} + {number(margin)}"
                value = float(row[j]) - own + margin
                worked.append(
                    f"max(0, {inside}) = max(0, {number(value)}) = {number(float(each[n, j]))}"
                )
                lines.append(f"  class {j}: {worked[-1]}")
        lines.append(f"  loss {number(float(arrays['losses'][n]))}")
    facts = {"loss": total, "margin": margin}
    lines += _told(
        total,
        arrays,
        "1 / N for each wrong class inside the margin, minus their number for the right",
    )
    terms = Grid("terms", each), Grid("losses", arrays["losses"][:, None])
    rows: list[tuple[Part, ...]] = [
        (Grid("scores", scores, boxes=_lit(labels)), Sign("→"), *terms), (Grid("dL/ds", arrays["dscores"]),)
    ]  # fmt: skip
    if len(worked) <= 6:
        rows.append((Words(tuple(worked)),))
    title = "Multiclass SVM: right classes ahead by a margin"
    return Shown(title, tuple(lines), arrays, Still(title, tuple(rows), _said(facts)), (), facts)


def _minus_log(p: Floats, scores: Floats, label: int) -> str:
    """With its number; a share that is too small to be one is left as scores: log sum e^s − s."""
    loss = -float(log_softmax(scores[None])[0, label])
    if p[label] > 0:
        return f"−log {number(float(p[label]))} = {number(loss)}"
    return f"log(sum of e^s) − {signed(float(scores[label]))} = {number(loss)}"


def _check(scores: Floats, labels: Whole | None) -> None:
    N, K = scores.shape
    if max(N, K) > _MOST:
        raise UsageError(
            f"here are {N} pictures with {K} scores", f"up to {_MOST} of each are shown"
        )
    if K < 2:
        raise UsageError(
            "one score alone has nothing to be compared with", "give at least two classes"
        )
    if labels is None:
        return
    if len(labels) != N:
        raise UsageError(
            f"{len(labels)} labels for {N} pictures", "give a label for each row of scores"
        )
    if int(labels.max()) >= K:
        raise UsageError(
            f"a label is {int(labels.max())}, and classes are 0 … {K - 1}", "count from 0"
        )


def _lit(labels: Whole | None) -> tuple[tuple[int, int, int, int], ...]:
    """A box around the score of each right class."""
    if labels is None:
        return ()
    return tuple((n, int(y), n + 1, int(y) + 1) for n, y in enumerate(labels))


def _columns(*named: tuple[str, Floats]) -> list[str]:
    wide = max(len(name) for name, _ in named)
    body = grid_lines(np.stack([values for _, values in named]), "")
    return [f"  {name.ljust(wide)}  {line}" for (name, _), line in zip(named, body, strict=True)]


def _told(loss: float, arrays: dict[str, Floats], rule: str) -> list[str]:
    parts = " + ".join(number(float(v)) for v in arrays["losses"])
    many = len(arrays["losses"])
    mean = f"({parts}) / {many} = " if many > 1 else ""
    return ["", f"L = {mean}{number(loss)}", "", f"dL/ds: {rule}", *grid_lines(arrays["dscores"])]


def _said(facts: dict[str, float]) -> str:
    return f"L = {number(facts['loss'])}; boxes: the right classes" if "loss" in facts else ""
