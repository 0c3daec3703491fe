"""Losses against slow loops, the numbers of the lectures, and what micro-batches count on."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from striate.training.recipe_parts import LossPart

torch = pytest.importorskip("torch")

from striate.training.loss import loss_of  # noqa: E402

CROSS, HINGE = LossPart(), LossPart("hinge")
# The three pictures of the lectures: cat, car, frog; scores for the same three classes.
SCORES = [[3.2, 5.1, -1.7], [1.3, 4.9, 2.0], [2.2, 2.5, -3.1]]


def of(part: LossPart, logits: object, labels: list[int], **more: Any) -> float:
    """The loss of float64 logits with plain labels and weights of 1 where nothing else is said."""
    given = torch.tensor(logits, dtype=torch.float64)
    truth = torch.tensor(labels)
    partners = torch.tensor(more.get("partners", labels))
    weights = torch.tensor(more.get("weights", [1.0] * len(labels)), dtype=torch.float64)
    return float(loss_of(part, given, truth, partners, float(more.get("share", 1.0)), weights))


def slow_cross_entropy(scores: np.ndarray, label: int, smoothing: float) -> float:
    """- sum over classes of target x ln of softmax."""
    top = max(scores)
    below = sum(math.exp(s - top) for s in scores)
    total = 0.0
    for k, s in enumerate(scores):
        target = smoothing / len(scores) + (1 - smoothing) * (k == label)
        total -= target * (s - top - math.log(below))
    return total


def slow_hinge(scores: np.ndarray, label: int, margin: float) -> float:
    """Weston and Watkins, one class at a time."""
    total = 0.0
    for j, s in enumerate(scores):
        if j != label:
            total += max(0.0, s - scores[label] + margin)
    return total


@pytest.mark.parametrize(("picture", "wanted"), [(0, 2.9), (1, 0.0), (2, 12.9)])
def test_the_hinge_of_the_lectures_pictures(picture: int, wanted: float) -> None:
    assert of(HINGE, [SCORES[picture]], [picture]) == pytest.approx(wanted)


def test_the_softmax_of_the_lectures_cat() -> None:
    # exp: 24.5 164.0 0.18; probabilities 0.13 0.87 0.00; - ln 0.13 = 2.04
    assert of(CROSS, [SCORES[0]], [0]) == pytest.approx(2.0404, abs=1e-4)


def test_scores_that_are_all_alike_lose_what_the_lectures_say() -> None:
    assert of(CROSS, [[0.0] * 10], [3]) == pytest.approx(math.log(10))
    assert of(HINGE, [[0.0] * 10], [3]) == pytest.approx(9)


@pytest.mark.parametrize("share", [1.0, 0.7])
@pytest.mark.parametrize(
    "part",
    [CROSS, LossPart(smoothing=0.2), HINGE, LossPart("hinge", margin=2.5)],
    ids=["cross-entropy", "smoothed", "hinge", "wide hinge"],
)
def test_a_loss_is_the_weighted_sum_of_a_slow_loop(
    part: LossPart, share: float, rng: np.random.Generator
) -> None:
    scores, weights = rng.normal(0, 3, (7, 5)), rng.uniform(0, 2, 7)
    labels, partners = rng.integers(0, 5, (2, 7)).tolist()
    wanted = 0.0
    for s, a, b, w in zip(scores, labels, partners, weights, strict=True):
        each = [
            slow_hinge(s, label, part.margin)
            if part.name == "hinge"
            else slow_cross_entropy(s, label, max(0.0, part.smoothing))
            for label in (a, b)
        ]
        wanted += w * (share * each[0] + (1 - share) * each[1])
    got = of(
        part, scores.tolist(), labels, partners=partners, share=share, weights=weights.tolist()
    )
    assert got == pytest.approx(wanted, rel=1e-12)


@pytest.mark.parametrize("part", [LossPart(smoothing=0.1), HINGE], ids=["cross-entropy", "hinge"])
def test_gradients_are_those_of_small_differences(part: LossPart, rng: np.random.Generator) -> None:
    logits = torch.tensor(rng.normal(0, 2, (4, 6)), requires_grad=True)
    labels, partners = torch.tensor(rng.integers(0, 6, (2, 4)))
    weights = torch.tensor(rng.uniform(0.5, 2, 4))
    assert torch.autograd.gradcheck(
        lambda x: loss_of(part, x, labels, partners, 0.6, weights), (logits,)
    )


def test_micro_batches_add_up_to_the_batch(rng: np.random.Generator) -> None:
    logits, labels = rng.normal(0, 2, (8, 3)).tolist(), rng.integers(0, 3, 8).tolist()
    parts = [of(CROSS, logits[i : i + 3], labels[i : i + 3]) for i in (0, 3, 6)]
    assert sum(parts) == pytest.approx(of(CROSS, logits, labels))


def test_half_precision_is_summed_in_float32() -> None:
    logits = torch.full((1, 1000), 0.5, dtype=torch.bfloat16)
    label, one = torch.zeros(1, dtype=torch.int64), torch.ones(1)
    made = loss_of(CROSS, logits, label, label, 1.0, one)
    assert made.dtype == torch.float32
    assert float(made) == pytest.approx(math.log(1000), rel=1e-5)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("place", [0, 1])
@pytest.mark.parametrize("part", [CROSS, HINGE], ids=["cross-entropy", "hinge"])
@pytest.mark.parametrize("weight", [1.0, 0.0])
def test_a_logit_that_is_no_number_is_never_hidden(
    part: LossPart, place: int, bad: float, weight: float
) -> None:
    scores = [1.0, 2.0, 3.0]
    scores[place] = bad
    assert not math.isfinite(of(part, [scores], [0], weights=[weight]))
