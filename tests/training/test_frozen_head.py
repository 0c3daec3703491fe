"""Heads on frozen features: the optimum, the strength that val chooses, and answers out of fold."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from striate.errors import CannotTrain
from striate.training import frozen_head, frozen_solve
from striate.training.frozen_head import L2S, fit_head, out_of_fold
from striate.training.frozen_solve import GAP, MOST_STEPS, Directions, Problem, Rows, Scaling, solve


def drawn(N: int, D: int, K: int, seed: int = 0, spread: float = 1.0) -> tuple[Any, Any]:
    """Positive features with directions of very different size, as a network gives them, and labels."""
    rng = np.random.default_rng(seed)
    hidden = rng.normal(size=(N, 6))
    labels = (hidden @ rng.normal(size=(6, K)) * spread + rng.gumbel(size=(N, K))).argmax(1)
    sizes = np.exp(rng.normal(size=D))
    mixed = hidden @ rng.normal(size=(6, D)) * sizes + 0.3 * rng.normal(size=(N, D))
    return np.maximum(mixed + 0.5, 0).astype(np.float32), labels


def by_scikit_learn(
    features: NDArray[Any], labels: NDArray[Any], l2: float, weights: NDArray[Any] | None = None
) -> NDArray[np.float64]:
    """N K probabilities of the same problem by another solver, on features standardised by NumPy."""
    from sklearn.linear_model import LogisticRegression

    wide = features.astype(np.float64)
    std = wide.std(0)
    shown = (wide - wide.mean(0)) / np.where(std > 0, std, 1)
    shares = np.ones(len(labels)) if weights is None else weights[labels]
    # Two classes have one column there: the same function has half the square of ours.
    half = 2 if len(np.unique(labels)) == 2 else 1
    model = LogisticRegression(C=half / (l2 * shares.sum()), tol=1e-10, max_iter=20_000)
    return model.fit(shown, labels, shares).predict_proba(shown)


def answers(head: frozen_head.Head, features: NDArray[Any]) -> NDArray[np.float64]:
    return torch.softmax(torch.from_numpy(head.logits(features)), 1).numpy()


@pytest.mark.parametrize(("N", "D", "K"), [(60, 90, 2), (200, 30, 2), (80, 120, 4), (300, 20, 5)])
@pytest.mark.parametrize("l2", [1.0, 1e-3])
def test_the_head_is_the_optimum_that_scikit_learn_finds(N: int, D: int, K: int, l2: float) -> None:
    features, labels = drawn(N, D, K)
    head = fit_head(features, labels, features, labels, K, [l2])
    np.testing.assert_allclose(
        answers(head, features), by_scikit_learn(features, labels, l2), atol=2e-4
    )


def test_classes_count_as_their_weights_say() -> None:
    features, labels = drawn(200, 20, 3)
    weights = np.array([5.0, 1.0, 0.5])
    head = fit_head(features, labels, features, labels, 3, [0.01], weights)
    wanted = by_scikit_learn(features, labels, 0.01, weights)
    np.testing.assert_allclose(answers(head, features), wanted, atol=2e-4)
    plain = fit_head(features, labels, features, labels, 3, [0.01])
    assert answers(head, features)[:, 0].mean() > answers(plain, features)[:, 0].mean() + 0.05


def test_a_class_that_has_no_picture_left_counts_for_nothing() -> None:
    features, labels = drawn(200, 20, 3)
    kept = labels > 0
    weights = np.array([0.0, 1.0, 1.0])
    head = fit_head(features[kept], labels[kept], features, labels, 3, [0.01], weights)
    assert np.isfinite(head.val_loss)
    found = answers(head, features[kept])
    assert found[:, 0].max() < 0.2


@pytest.mark.parametrize(("N", "D"), [(50, 200), (400, 60)])
@pytest.mark.parametrize("l2", L2S[::4])
def test_the_search_ends_at_the_optimum_and_not_for_want_of_steps(
    N: int, D: int, l2: float
) -> None:
    features, labels = drawn(N, D, 3)
    rows = Rows(features, Scaling.of(features))
    shares = torch.full((N,), 1 / N, dtype=torch.float64)
    found = solve(Problem(rows, torch.from_numpy(labels), shares), Directions.of(rows), l2, 3)
    assert found.gap <= GAP
    assert found.steps < MOST_STEPS
    # The gradient by finite differences of a loss written anew.
    wide = (features - features.mean(0, dtype=np.float64)) / features.std(0, dtype=np.float64)

    def loss(weights: NDArray[np.float64]) -> float:
        logits = wide @ weights[:, :-1].T + weights[:, -1]
        lost = [
            math.log(sum(map(math.exp, row - row[y])))
            for row, y in zip(logits, labels, strict=True)
        ]
        return sum(lost) / N + l2 / 2 * float((weights[:, :-1] ** 2).sum())

    at = found.weights.numpy()
    assert loss(at) == pytest.approx(found.loss, abs=1e-9)
    for k, d in ((0, 0), (1, D // 2), (2, D)):
        step = np.zeros_like(at)
        step[k, d] = 1e-4
        assert abs(loss(at + step) - loss(at - step)) / 2e-4 < 1e-6


def test_the_figures_are_those_of_the_float32_numbers_by_a_slow_count() -> None:
    features, labels = drawn(240, 40, 3)
    head = fit_head(features[:120], labels[:120], features[120:], labels[120:], 3)
    loss, right = 0.0, 0
    for row, y in zip(features[120:], labels[120:], strict=True):
        logits = [
            float(np.dot(w.astype(float), row.astype(float)) + b)
            for w, b in zip(head.weight, head.bias, strict=True)
        ]
        loss += math.log(sum(math.exp(z) for z in logits)) - logits[y]
        right += logits.index(max(logits)) == y
    assert head.val_loss == pytest.approx(loss / 120, abs=1e-12)
    assert head.val_accuracy == right / 120
    assert head.weight.dtype == head.bias.dtype == np.float32


def test_val_chooses_the_strength_and_the_path_ends_where_it_only_gets_worse() -> None:
    features, labels = drawn(150, 80, 3)
    head = fit_head(features[:60], labels[:60], features[60:], labels[60:], 3)
    tried = [row["l2"] for row in head.tried]
    assert tried == list(L2S[: len(tried)])
    assert 4 < len(tried) < len(L2S)
    lowest = min(row["val_loss"] for row in head.tried)
    near = [row for row in head.tried if row["val_loss"] <= 1.01 * lowest]
    best = max(near, key=lambda row: (row["val_accuracy"], row["l2"]))
    assert head.l2 == best["l2"]
    assert head.val_loss == pytest.approx(best["val_loss"], abs=1e-3)
    losses = [row["val_loss"] for row in head.tried]
    assert all(loss > lowest for loss in losses[-3:])
    assert [row["train_loss"] for row in head.tried] == sorted(
        (row["train_loss"] for row in head.tried), reverse=True
    )


def test_every_row_twice_gives_the_same_head() -> None:
    features, labels = drawn(80, 30, 3)
    once = fit_head(features, labels, features, labels, 3, [0.01])
    twice = fit_head(
        np.concatenate([features] * 2), np.tile(labels, 2), features, labels, 3, [0.01]
    )
    np.testing.assert_allclose(once.weight, twice.weight, rtol=1e-3, atol=1e-5)


def test_two_fits_are_the_same_bit_for_bit() -> None:
    features, labels = drawn(90, 50, 4)
    first, second = (
        fit_head(features[:60], labels[:60], features[60:], labels[60:], 4) for _ in range(2)
    )
    assert first.weight.tobytes() == second.weight.tobytes()
    assert first.bias.tobytes() == second.bias.tobytes()
    assert first.tried == second.tried


def test_features_that_never_change_get_no_weight_and_large_ones_do_no_harm() -> None:
    features, labels = drawn(100, 12, 2)
    features[:, 3] = 7.25
    features[:, 5] = 0
    moved = features.copy()
    moved[:, 8] = moved[:, 8] * 1e-3 + 1000  # rounded by float32 to about 6e-5
    head = fit_head(features, labels, features, labels, 2, [0.01])
    far = fit_head(moved, labels, moved, labels, 2, [0.01])
    assert not head.weight[:, [3, 5]].any()
    np.testing.assert_allclose(answers(far, moved), answers(head, features), atol=0.05)
    assert far.val_loss == pytest.approx(head.val_loss, abs=0.01)


def test_a_class_without_pictures_is_never_the_answer() -> None:
    features, labels = drawn(90, 20, 3)
    labels = np.where(labels == 1, 3, labels)
    head = fit_head(features, labels, features, labels, 5, [0.01])
    found = answers(head, features)
    assert np.isfinite(head.weight).all()
    assert np.isfinite(head.bias).all()
    assert found[:, [1, 4]].max() < 1e-9
    np.testing.assert_allclose(found.sum(1), 1)
    alone = fit_head(features, np.zeros(90, np.int64), features, np.zeros(90, np.int64), 3)
    assert answers(alone, features)[:, 0].min() > 0.999


def test_many_rows_are_gone_through_block_by_block_with_the_same_result(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    features, labels = drawn(300, 20, 3)
    whole = fit_head(features, labels, features, labels, 3, [0.1, 0.01])
    monkeypatch.setattr(frozen_solve, "_BLOCK", 20 * 37)
    monkeypatch.setattr(frozen_solve, "_HELD", 0)
    parts = fit_head(features, labels, features, labels, 3, [0.1, 0.01])
    np.testing.assert_allclose(parts.weight, whole.weight, rtol=1e-4, atol=1e-6)


def test_what_cannot_be_fitted_is_said() -> None:
    features, labels = drawn(30, 5, 3)
    bad = features.copy()
    bad[4, 2] = np.nan
    for given, match in (
        (
            (features, labels[:9], features, labels, 3),
            "features of train must be N D with N labels",
        ),
        ((features, labels, features[:0], labels[:0], 3), "features of val must be N D"),
        (
            (features, labels, features[:, :4], labels, 3),
            "features of val have 4 numbers a picture, train's have 5",
        ),
        (
            (features, labels, features, labels, 2),
            "labels of train are from 0 to 2; there are 2 classes",
        ),
        ((bad, labels, features, labels, 3), "features of train hold numbers that are not finite"),
        ((features, labels, features, labels, 3, [0.0]), "strengths of L2 are above 0"),
        (
            (features, labels, features, labels, 3, [1.0], np.ones(2)),
            "class weights are 3 numbers from 0 on",
        ),
    ):
        with pytest.raises(CannotTrain, match=match):
            fit_head(*given)
    with pytest.raises(CannotTrain, match="folds are at least 2"):
        out_of_fold(features, labels, None, 3, 0.1, folds=1)
    with pytest.raises(CannotTrain, match="29 group values for 30 rows"):
        out_of_fold(features, labels, np.arange(29), 3, 0.1)


def test_labels_that_are_wrong_look_wrong_out_of_fold() -> None:
    features, labels = drawn(200, 30, 3, spread=12)
    given = labels.copy()
    flipped = np.random.default_rng(5).choice(200, 12, replace=False)
    given[flipped] = (given[flipped] + 1) % 3
    found = out_of_fold(features, given, None, 3, 0.01)
    np.testing.assert_allclose(found.sum(1), 1)
    own = found[np.arange(200), given]
    assert np.median(own[flipped]) < 0.2
    assert np.median(np.delete(own, flipped)) > 0.8
    suspects = np.argsort(own)[:12]
    assert len(set(suspects) & set(flipped)) >= 8


def test_a_row_is_answered_by_a_head_that_did_not_see_it() -> None:
    rng = np.random.default_rng(1)
    features = rng.normal(size=(120, 200)).astype(np.float32)  # nothing to learn, all to remember
    labels = rng.integers(0, 2, 120)
    seen = fit_head(features, labels, features, labels, 2, [1e-3])
    assert seen.val_accuracy == 1
    found = out_of_fold(features, labels, None, 2, 1e-3)
    assert (found.argmax(1) == labels).mean() < 0.65


def test_folds_keep_groups_together_and_classes_even() -> None:
    rng = np.random.default_rng(2)
    labels = np.repeat([0, 1, 2], [60, 30, 13])
    alone = frozen_head._folds(labels, None, 3, 5, 0)
    for number in range(3):
        held = np.bincount(alone[labels == number], minlength=5)
        assert held.max() - held.min() <= 1
    assert np.ptp(np.bincount(alone)) <= 2
    groups = np.where(rng.random(103) < 0.6, rng.integers(0, 25, 103), -1)
    fold = frozen_head._folds(labels, groups, 3, 5, 0)
    assert set(fold) == set(range(5))
    for group in set(groups[groups >= 0]):
        assert len(set(fold[groups == group])) == 1
    for number in range(3):
        held = np.bincount(fold[labels == number], minlength=5)
        assert held.max() <= 2 * (labels == number).sum() / 5 + 1
    names = tuple(f"g{group}" if group >= 0 else "" for group in groups)
    again = frozen_head._folds(labels, names, 3, 5, 0)
    for group in set(groups[groups >= 0]):
        assert len(set(again[groups == group])) == 1


def test_folds_depend_on_the_seed_alone() -> None:
    labels = np.arange(60) % 3
    first, same, other = (frozen_head._folds(labels, None, 3, 5, seed) for seed in (1, 1, 2))
    assert np.array_equal(first, same)
    assert not np.array_equal(first, other)


def test_a_class_that_is_nowhere_else_is_not_suspected_for_that() -> None:
    features, labels = drawn(100, 30, 3, spread=4)
    labels[:] = labels % 2
    labels[7] = 2  # a class of one picture
    features[7] += 3
    found = out_of_fold(features, labels, None, 4, 0.01)
    assert np.isfinite(found).all()
    assert found[7, 2] > 0.5
    assert found[:, 3].max() < 1e-9
    together = np.where(labels == 1, 0, -1)  # a class that is one group
    found = out_of_fold(features, labels, together, 4, 0.01)
    assert found[labels == 1][:, 1].mean() > 0.7
