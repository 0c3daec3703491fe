"""Calibration error, bins, and temperatures."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from striate.errors import CannotJudge
from striate.judging import calibration
from striate.judging.answers import answered
from striate.judging.calibration import (
    bins,
    cross_fitted,
    error,
    error_by_chance,
    softmax,
    temperature,
)
from tests.judging.worlds import answers

PAIRS = st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=60)


def loss(logits: np.ndarray, labels: np.ndarray, heat: float) -> float:
    return float(answered(logits, labels, heat).loss.mean())


@given(PAIRS, st.integers(1, 20))
@settings(max_examples=60, deadline=None)
def test_the_error_is_the_one_of_a_slow_loop(pairs: list[tuple[float, bool]], count: int) -> None:
    confidence, correct = np.array([c for c, _ in pairs]), np.array([r for _, r in pairs])
    found = bins(confidence, correct, count)
    total = 0.0
    for b, one in enumerate(found):
        # Guo et al.: bin m holds confidences in ((m - 1) / M, m / M]; 0 goes with the first.
        held = [(c, r) for c, r in pairs if math.ceil(c * count) - 1 == b or (c == 0 and b == 0)]
        assert one.count == len(held)
        assert (one.low, one.high) == (b / count, (b + 1) / count)
        if held:
            said, right = sum(c for c, _ in held) / len(held), sum(r for _, r in held) / len(held)
            assert [one.confidence, one.accuracy] == pytest.approx([said, right])
            total += abs(said - right) * len(held) / len(pairs)
        else:
            assert one.confidence is one.accuracy is None
    assert error(found) == pytest.approx(total, abs=1e-12)


def test_torchmetrics_gives_the_same_error(rng: np.random.Generator) -> None:
    torchmetrics = pytest.importorskip(
        "torchmetrics.functional.classification",
        reason="torchmetrics is not installed: it is the oracle here",
    )
    import torch

    logits, labels = answers(500, 5, rng, sharpness=2)
    found = answered(logits, labels)
    wanted = torchmetrics.multiclass_calibration_error(
        torch.from_numpy(softmax(logits)), torch.from_numpy(labels), num_classes=5, n_bins=15
    )
    assert error(bins(found.confidence, found.correct)) == pytest.approx(float(wanted), abs=1e-6)


def test_perfect_probabilities_show_about_the_error_that_chance_makes(
    rng: np.random.Generator,
) -> None:
    seen, told = [], []
    for _ in range(200):
        confidence = rng.uniform(0.3, 1, 400)
        correct = rng.random(400) < confidence
        seen.append(error(bins(confidence, correct)))
        told.append(error_by_chance(confidence))
    assert np.mean(told) == pytest.approx(np.mean(seen), rel=0.05)


def test_the_error_of_a_network_that_is_too_sure_falls_to_that_of_chance(
    rng: np.random.Generator,
) -> None:
    logits, labels = answers(4000, 10, rng, sharpness=3)
    found = answered(logits, labels), answered(logits, labels, temperature(logits, labels))
    before, after = (error(bins(one.confidence, one.correct)) for one in found)
    assert before > 0.1
    assert after < 2 * error_by_chance(found[1].confidence) < 0.05


@pytest.mark.parametrize("sharpness", [0.3, 1.0, 4.0])
@pytest.mark.parametrize("K", [2, 10])
def test_the_temperature_of_the_world_is_found(
    K: int, sharpness: float, rng: np.random.Generator
) -> None:
    logits, labels = answers(20_000, K, rng, sharpness)
    assert temperature(logits, labels) == pytest.approx(sharpness, rel=0.05)


@pytest.mark.parametrize("prior", [0.0, 2.0])
@pytest.mark.parametrize("n", [15, 60, 300])
def test_no_other_temperature_is_better(n: int, prior: float, rng: np.random.Generator) -> None:
    optimize = pytest.importorskip(
        "scipy.optimize", reason="SciPy is not installed: it is the oracle here"
    )
    for K in (2, 7):
        logits, labels = answers(n, K, rng, sharpness=2, gap=2)

        def cost(
            log_heat: float, logits: np.ndarray = logits, labels: np.ndarray = labels
        ) -> float:
            heat = math.exp(log_heat)
            return loss(logits, labels, heat) + prior / n * (1 / heat + log_heat)

        best = optimize.minimize_scalar(
            cost, bounds=(math.log(0.05), math.log(20)), method="bounded", options={"xatol": 1e-9}
        )
        found = temperature(logits, labels, prior)
        assert cost(math.log(found)) <= best.fun + 1e-12
        assert found == pytest.approx(math.exp(best.x), rel=1e-4)


def test_where_every_picture_is_right_answers_do_not_become_certain() -> None:
    logits = np.tile(np.array([[2.0, 0.0], [0.0, 2.0]], np.float32), (15, 1))
    labels = np.tile([0, 1], 15)
    assert temperature(logits, labels, prior=0) == calibration.COOLEST
    found = temperature(logits, labels)
    assert 0.3 < found < 1
    assert softmax(logits, found).max() < 0.999


def test_where_logits_say_nothing_the_temperature_stays_within_its_bounds() -> None:
    labels = np.array([0, 1, 2, 0])
    assert temperature(np.zeros((4, 3), np.float32), labels) == pytest.approx(1)
    assert temperature(np.zeros((4, 3), np.float32), labels, prior=0) == 1
    against = np.eye(3, dtype=np.float32)[[1, 2, 0, 1]]
    assert temperature(against, labels, prior=0) == calibration.HOTTEST


@given(st.integers(0, 10_000), st.floats(-50, 50))
@settings(max_examples=25, deadline=None)
def test_order_and_constants_play_no_part_in_the_temperature(seed: int, constant: float) -> None:
    rng = np.random.default_rng(seed)
    logits, labels = answers(40, 4, rng, sharpness=2)
    order = rng.permutation(40)
    found = temperature(logits, labels)
    assert temperature(logits[order], labels[order]) == pytest.approx(found, rel=1e-6)
    moved = logits.astype(np.float64) + constant
    assert temperature(moved, labels) == pytest.approx(found, rel=1e-6)


def test_no_picture_helps_to_fit_its_own_temperature(rng: np.random.Generator) -> None:
    logits, labels = answers(103, 4, rng, sharpness=2)
    found = cross_fitted(logits, labels, folds=5, seed=3)
    kinds = np.unique(found.temperatures)
    assert len(kinds) == 5
    for heat in kinds:
        others = found.temperatures != heat
        assert heat == pytest.approx(temperature(logits[others], labels[others]), rel=1e-9)
    assert np.allclose(found.probabilities, softmax(logits, found.temperatures))


def test_folds_hold_every_class_and_as_many_pictures(rng: np.random.Generator) -> None:
    logits, labels = answers(200, 3, rng)
    found = cross_fitted(logits, labels, folds=4)
    for heat in np.unique(found.temperatures):
        mine = labels[found.temperatures == heat]
        assert len(mine) == 50
        for k in range(3):
            assert abs((mine == k).sum() - (labels == k).sum() / 4) <= 1


def test_folds_follow_from_the_seed_alone(rng: np.random.Generator) -> None:
    logits, labels = answers(60, 3, rng)
    one, same, other = (cross_fitted(logits, labels, seed=s).temperatures for s in (1, 1, 2))
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


def test_cross_fitted_losses_are_those_of_new_pictures(rng: np.random.Generator) -> None:
    """On few pictures the temperature fitted on them flatters their loss; the cross-fitted one does not."""
    big, big_labels = answers(20_000, 6, rng, sharpness=2, gap=2)
    flattered, honest, true = [], [], []
    for _ in range(60):
        rows = rng.integers(0, len(big), 40)
        logits, labels = big[rows], big_labels[rows]
        heat = temperature(logits, labels, prior=0)
        crossed = cross_fitted(logits, labels, folds=5)
        flattered.append(loss(logits, labels, heat))
        honest.append(-np.log(crossed.probabilities[np.arange(40), labels]).mean())
        true.append(loss(big, big_labels, heat))
    assert np.mean(flattered) < np.mean(true)
    assert abs(np.mean(honest) - np.mean(true)) < abs(np.mean(flattered) - np.mean(true))


@pytest.mark.parametrize("folds", [1, 0, 9])
def test_folds_that_cannot_be_made_are_refused(folds: int) -> None:
    with pytest.raises(CannotJudge, match=f"8 pictures cannot be divided into {folds} folds"):
        cross_fitted(np.zeros((8, 2), np.float32), np.zeros(8, np.int64), folds=folds)
