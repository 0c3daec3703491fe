"""The committee, its rule, and what a single unit cannot do."""

from __future__ import annotations

import numpy as np

from striate.features.adaline import fit_adaline
from striate.features.madaline import Madaline, chosen, fit_madaline
from striate.features.online import Passes


def test_the_fewest_members_nearest_to_zero_change_their_mind() -> None:
    sums = np.array([-0.2, -3.0, -0.1, 2.0, 5.0])
    votes = np.sign(sums)
    assert chosen(sums, votes, 1.0).tolist() == [2]  # three against two: one turns it
    sums = np.array([-0.2, -3.0, -0.1, -2.0, 5.0])
    assert chosen(sums, np.sign(sums), 1.0).tolist() == [2, 0]


def test_a_full_step_brings_the_sum_to_what_is_wanted(rng) -> None:
    x = np.array([[3.0, 4.0]], np.float32)
    made = fit_madaline(x, np.array([0]), 2, Passes(rate=1.0, epochs=1))
    sums = made.weights @ np.array([3, 4, 1], np.float32)
    for k, wanted in ((0, 1.0), (1, -1.0)):
        assert (np.sign(sums[k]) == wanted).sum() >= 2


def test_a_committee_holds_a_corner_that_one_unit_cannot(rng) -> None:
    table = rng.uniform(-1, 1, (600, 2)).astype(np.float32)
    table = table[np.abs(table).min(axis=1) > 0.1]
    labels = ((table[:, 0] > 0) & (table[:, 1] > 0)).astype(np.int64)
    turn = np.array([[0.8, 0.6], [-0.6, 0.8]], np.float32)
    alone = fit_adaline(table @ turn, labels, 2, Passes(rate=0.02, epochs=60))
    made = fit_madaline(
        table @ turn, labels, 2, Passes(rate=0.3, epochs=60), (table @ turn, labels)
    )
    right = [(one.scores(table @ turn).argmax(axis=1) == labels).mean() for one in (alone, made)]
    assert right[1] > 0.97 > right[0]


def test_votes_decide_and_sums_only_break_ties() -> None:
    weights = np.zeros((2, 3, 2), np.float32)
    weights[0, :, 0] = [1, 1, -100]
    weights[1, :, 0] = [100, -1, -1]
    scores = Madaline(weights).scores(np.ones((1, 1), np.float32))
    assert scores.argmax() == 0
    assert (Madaline(weights).parameters, Madaline(weights).multiply_adds) == (12, 6)
