"""Madaline with two layers that both learn, by Widrow and Winter's second rule (1988).

Hidden units and outputs are Adalines: each answers with the sign of its sum. Where outputs are wrong, the
least is disturbed that helps. Hidden units are tried one by one, those first whose sum is nearest to 0: the
answer of the unit is turned round, and where fewer outputs are wrong then, it stays turned and its weights
go towards that answer (alpha-LMS); else nothing changes. Then pairs of the units nearest to 0 are tried in
the same way. What is wrong after that is left to the outputs themselves:

    w <- w + rate (d - w . x) x / |x|^2

With a rate of 1 a step brings the sum to d, so the answer is surely turned. No derivative is needed, which
is why it could be done with signs. The usage counts by which Winter spread the work are left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import final

import numpy as np

from striate import seeds
from striate.features.adaline import signs
from striate.features.kinds import Labels, Table
from striate.features.online import Passes, one_by_one, share_right, with_one

Held = tuple[Table, Labels]
HIDDEN, PAIRED = 48, 4  # units; and so many of them, the nearest to 0, are tried in pairs


@final
@dataclass(frozen=True, eq=False)
class MadalineTwo:
    """hidden: M D+1; outputs: K M+1; the last column is the bias."""

    hidden: Table
    outputs: Table

    def scores(self, table: Table) -> Table:
        """N D to N K: the sums of the outputs, whose signs are their answers."""
        answers = signed(with_one(table) @ self.hidden.T)
        made: Table = with_one(answers) @ self.outputs.T
        return made

    @property
    def parameters(self) -> int:
        """M (D + 1) + K (M + 1)."""
        return int(self.hidden.size + self.outputs.size)

    @property
    def multiply_adds(self) -> int:
        """Of one row: M D + K M."""
        return int(self.hidden[:, 1:].size + self.outputs[:, 1:].size)


def fit_madaline_two(
    table: Table,
    labels: Labels,
    classes: int,
    how: Passes,
    held: Held | None = None,
    hidden: int = HIDDEN,
) -> MadalineTwo:
    """From N D rows; the best pass by the rows of `held`."""
    rows, wanted = with_one(table), signs(labels, classes)
    rng = seeds.generator(how.seed or 0, "madaline two")
    # One array, of which both layers are parts: the best pass keeps both.
    M, D = hidden, rows.shape[1]
    weights = rng.normal(size=M * D + classes * (M + 1)).astype(np.float32)
    made = MadalineTwo(weights[: M * D].reshape(M, D), weights[M * D :].reshape(classes, M + 1))
    made.hidden[:] /= np.sqrt(np.float32(D))
    made.outputs[:] /= np.sqrt(np.float32(M + 1))
    lengths = np.einsum("nd,nd->n", rows, rows)

    def learn(row: int) -> None:
        step(made, rows[row], wanted[row], how.rate, float(lengths[row]))

    def value() -> float:
        table, labels = held or (rows[:0, :-1], rows[:0, 0].astype(np.int64))
        return share_right(made.scores(table), labels)

    one_by_one(weights, len(rows), how, learn, value if held else None)
    return made


def step(made: MadalineTwo, x: Table, wanted: Table, rate: float, length: float) -> None:
    """Learn from one row, D+1, with its bias, and K answers that are wanted, 1 or -1."""
    nets = made.hidden @ x
    answers = signed(nets)
    sums = made.outputs[:, :-1] @ answers + made.outputs[:, -1]
    wrong = int((signed(sums) != wanted).sum())
    if not wrong:
        return
    nearest = np.argsort(np.abs(nets), kind="stable").tolist()
    trials = [(unit,) for unit in nearest] + list(combinations(nearest[:PAIRED], 2))
    for trial in trials:
        units = list(trial)
        turned = sums - 2 * (made.outputs[:, units] @ answers[units])
        left = int((signed(turned) != wanted).sum())
        if left >= wrong:
            continue
        wrong, sums = left, turned
        answers[units] *= -1
        toward = rate * (answers[units] - made.hidden[units] @ x) / length
        made.hidden[units] += toward[:, None].astype(np.float32) * x
        if not wrong:
            return
    _outputs_learn(made, answers, wanted, rate)


def _outputs_learn(made: MadalineTwo, answers: Table, wanted: Table, rate: float) -> None:
    """The outputs that are still wrong go towards what is wanted of them."""
    seen = np.append(answers, np.float32(1))
    sums = made.outputs @ seen
    wrong = signed(sums) != wanted
    toward = rate * (wanted[wrong] - sums[wrong]) / len(seen)  # |x|^2 of signs is their number
    made.outputs[wrong] += toward[:, None].astype(np.float32) * seen


def signed(sums: Table) -> Table:
    """1 above 0, else -1."""
    return np.where(sums > 0, np.float32(1), np.float32(-1))
