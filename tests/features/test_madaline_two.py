"""The second rule against a loop of plain numbers, and what it learns."""

from __future__ import annotations

import numpy as np
import pytest

from striate.features.madaline_two import MadalineTwo, fit_madaline_two, step
from striate.features.online import Passes
from striate.features.perceptron import fit_perceptron
from tests.features.worlds import classed


def sign(value: float) -> int:
    return 1 if value > 0 else -1


def dot(one, two) -> float:
    return sum(float(a) * float(b) for a, b in zip(one, two, strict=True))


def slowly(hidden, outputs, x, wanted, rate) -> None:
    """Widrow and Winter 1988, in lists: turn the unit nearest to 0, look whether fewer outputs are wrong."""
    M = len(hidden)
    nets = [dot(w, x) for w in hidden]
    said = [sign(n) for n in nets]

    def mistakes(of) -> int:
        return sum(sign(dot(w, [*of, 1])) != d for w, d in zip(outputs, wanted, strict=True))

    order = sorted(range(M), key=lambda m: abs(nets[m]))
    pairs = [(order[i], order[j]) for i in range(min(4, M)) for j in range(i + 1, min(4, M))]
    for units in [*[(m,) for m in order], *pairs]:
        trial = [-s if m in units else s for m, s in enumerate(said)]
        if mistakes(trial) < mistakes(said):
            said = trial
            for m in units:
                error = said[m] - dot(hidden[m], x)
                hidden[m] = [
                    w + rate * error * v / dot(x, x) for w, v in zip(hidden[m], x, strict=True)
                ]
    seen = [*said, 1]
    for k, d in enumerate(wanted):
        error = d - dot(outputs[k], seen)
        if sign(dot(outputs[k], seen)) != d:
            outputs[k] = [
                w + rate * error * v / (M + 1) for w, v in zip(outputs[k], seen, strict=True)
            ]


@pytest.mark.parametrize(("hidden", "rate"), [(1, 1.0), (3, 0.5), (7, 0.9), (12, 0.3)])
def test_steps_are_those_of_the_slow_loop(rng, hidden: int, rate: float) -> None:
    table, labels = classed(rng, 60, 3, 5, 0.6)
    first = rng.normal(size=(hidden, 6)).astype(np.float32)
    last = rng.normal(size=(3, hidden + 1)).astype(np.float32)
    made = MadalineTwo(first.copy(), last.copy())
    slow = [list(map(float, w)) for w in first], [list(map(float, w)) for w in last]
    turned = 0
    for row, label in zip(table, labels, strict=True):
        x = np.append(row, np.float32(1))
        wanted = np.where(np.arange(3) == label, 1, -1).astype(np.float32)
        before = made.hidden.copy()
        step(made, x, wanted, rate, float(x @ x))
        slowly(*slow, list(map(float, x)), wanted.tolist(), rate)
        turned += not np.array_equal(before, made.hidden)
        assert np.allclose(made.hidden, slow[0], atol=1e-4)
        assert np.allclose(made.outputs, slow[1], atol=1e-4)
    assert turned > 3
    assert hidden > 3 or not np.array_equal(made.outputs, last)


def test_the_unit_nearest_to_zero_is_turned_and_no_other() -> None:
    hidden = np.array([[2.0, 0], [0.1, 0], [-0.5, 0]], np.float32)
    outputs = np.array([[1.0, 1.0, 1.0, -1.5]], np.float32)  # two of three say yes: 1 - 1.5 < 0
    made = MadalineTwo(hidden.copy(), outputs.copy())
    x = np.array([1.0, 1.0], np.float32)
    step(made, x, np.array([-1.0], np.float32), 1.0, 2.0)
    assert np.array_equal(made.hidden, hidden)  # it was right: nothing is disturbed
    step(made, x, np.array([1.0], np.float32), 1.0, 2.0)
    # Turning the second, which is nearest, would make it worse; the third helps.
    assert np.array_equal(made.hidden[:2], hidden[:2])
    assert made.hidden[2] @ x == pytest.approx(1.0)
    assert np.array_equal(made.outputs, outputs)


def test_a_pair_is_turned_where_no_single_unit_helps() -> None:
    hidden = np.array([[-0.1, 0], [-0.2, 0], [3.0, 0]], np.float32)
    outputs = np.array([[1.0, 1.0, 0.1, -0.5]], np.float32)  # one alone leaves it below 0
    made = MadalineTwo(hidden.copy(), outputs.copy())
    x = np.array([1.0, 1.0], np.float32)
    step(made, x, np.array([1.0], np.float32), 1.0, 2.0)
    assert (made.hidden[:2] @ x).tolist() == pytest.approx([1.0, 1.0])
    assert np.array_equal(made.hidden[2], hidden[2])
    assert np.array_equal(made.outputs, outputs)


def test_outputs_learn_what_hidden_units_cannot_mend() -> None:
    made = MadalineTwo(np.array([[1.0, 0]], np.float32), np.array([[0.0, -1.0]], np.float32))
    x = np.array([1.0, 1.0], np.float32)
    step(made, x, np.array([1.0], np.float32), 1.0, 2.0)
    assert np.array_equal(made.hidden, [[1.0, 0]])
    assert made.outputs @ [1.0, 1.0] == pytest.approx([1.0])


def test_two_layers_learn_what_no_line_divides(rng) -> None:
    table = rng.uniform(-1, 1, (400, 2)).astype(np.float32)
    table = table[np.abs(table).min(axis=1) > 0.1]
    labels = (table[:, 0] * table[:, 1] > 0).astype(np.int64)  # exclusive or
    alone = fit_perceptron(table, labels, 2, Passes(epochs=20), (table, labels))
    made = fit_madaline_two(table, labels, 2, Passes(rate=0.2, epochs=20), (table, labels), 16)
    right = [(one.scores(table).argmax(axis=1) == labels).mean() for one in (alone, made)]
    assert right[1] > 0.95 > 0.75 > right[0]
    assert (made.parameters, made.multiply_adds) == (16 * 3 + 2 * 17, 16 * 2 + 2 * 16)


def test_a_seed_repeats_and_the_best_pass_is_kept(rng) -> None:
    table, labels = classed(rng, 200, 3, 4, 1.0)
    made = [
        fit_madaline_two(table, labels, 3, Passes(0.5, n, seed=4), (table, labels))
        for n in (3, 3, 6)
    ]
    assert np.array_equal(made[0].hidden, made[1].hidden)
    right = [(one.scores(table).argmax(axis=1) == labels).mean() for one in made]
    assert right[2] >= right[0]
