"""How methods learn from descriptions, within a limit of seconds; what can be chosen is chosen on val."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, Protocol, final

from striate.features.adaline import fit_adaline
from striate.features.descent import Descent
from striate.features.kinds import Labels, Table, Tell
from striate.features.linear import fit_linear, rate_for
from striate.features.madaline import fit_madaline
from striate.features.madaline_two import HIDDEN as TURNED
from striate.features.madaline_two import fit_madaline_two
from striate.features.neighbours import Metric, Neighbours
from striate.features.online import Passes, share_right
from striate.features.perceptron import fit_perceptron
from striate.features.two_layer import fit_two_layer

STRENGTHS = (1e-5, 1e-4, 1e-3, 1e-2)  # of regularisation, for rows of length 1
EPOCHS, ONLINE_EPOCHS, HIDDEN = 60, 20, 256
_VOTERS = (1, 3, 5, 9)


class Model(Protocol):
    """What answers."""

    def scores(self, table: Table) -> Table:
        """N D to N K."""
        ...

    @property
    def parameters(self) -> int:
        """How many numbers it holds."""
        ...

    @property
    def multiply_adds(self) -> int:
        """Of one row."""
        ...


@final
class Lesson(NamedTuple):
    """table, labels: of train; held_table, held: of val; until: when it must be over, by `perf_counter`."""

    table: Table
    labels: Labels
    held_table: Table
    held: Labels
    classes: int
    seed: int
    until: float
    asked_later: int  # how many pictures of test will be asked

    @property
    def left_s(self) -> float:
        """Seconds that are left; never none at all, so that everything begins."""
        return max(0.05, self.until - time.perf_counter())


@final
class Learned(NamedTuple):
    """A model, and what was chosen for it on val."""

    model: Model
    chosen: str


Learn = Callable[[Lesson, Tell], Learned]


def best(
    lesson: Lesson, tries: Sequence[tuple[str, Callable[[float], Model]]], tell: Tell
) -> Learned:
    """The try that is right most often on val. Each gets an equal part of the time that is left; of equal
    ones the later, which is the simpler.
    """
    found: list[tuple[float, int, Learned]] = []
    for number, (name, make) in enumerate(tries):
        tell(number, len(tries))
        model = make(lesson.left_s / (len(tries) - number))
        found.append(
            (
                share_right(model.scores(lesson.held_table), lesson.held),
                number,
                Learned(model, name),
            )
        )
        if time.perf_counter() >= lesson.until:
            break
    tell(len(tries), len(tries))
    return max(found, key=lambda one: one[:2])[2]


def softmax(lesson: Lesson, tell: Tell) -> Learned:
    """By gradient descent, at the best of some strengths."""
    return _linear("softmax", lesson, tell)


def svm(lesson: Lesson, tell: Tell) -> Learned:
    """Weston and Watkins's, likewise."""
    return _linear("svm", lesson, tell)


def _linear(kind: str, lesson: Lesson, tell: Tell) -> Learned:
    rate = rate_for(kind, lesson.table)

    def of(strength: float) -> Callable[[float], Model]:
        return lambda seconds: fit_linear(
            lesson.table, lesson.labels, lesson.classes, kind, strength,
            Descent(min(rate, 0.5 / strength), epochs=EPOCHS, seconds=seconds, seed=lesson.seed),
        )  # fmt: skip

    return best(lesson, [(f"strength {s:g}", of(s)) for s in STRENGTHS], tell)


def two_layer(lesson: Lesson, tell: Tell) -> Learned:
    """256 hidden units, by hand-made gradients."""

    def of(strength: float) -> Callable[[float], Model]:
        return lambda seconds: fit_two_layer(
            lesson.table, lesson.labels, lesson.classes, HIDDEN, strength,
            Descent(0.3, epochs=EPOCHS, seconds=seconds, seed=lesson.seed),
        )  # fmt: skip

    return best(lesson, [(f"strength {s:g}", of(s)) for s in (1e-5, 1e-3)], tell)


def perceptron(lesson: Lesson, _tell: Tell) -> Learned:
    """Rosenblatt's rule; the best pass by val."""
    held = (lesson.held_table, lesson.held)
    how = Passes(1.0, ONLINE_EPOCHS, lesson.left_s, lesson.seed)
    made = fit_perceptron(lesson.table, lesson.labels, lesson.classes, how, held)
    return Learned(made, "the best pass")


def adaline(lesson: Lesson, tell: Tell) -> Learned:
    """Widrow and Hoff's rule: all pictures count alike, or those of a unit's class as much as the others."""
    held = (lesson.held_table, lesson.held)

    def of(rate: float, own: float) -> Callable[[float], Model]:
        return lambda seconds: fit_adaline(
            lesson.table, lesson.labels, lesson.classes,
            Passes(rate, ONLINE_EPOCHS, seconds, lesson.seed), held, own,
        )  # fmt: skip

    others = max(1, lesson.classes - 1)
    tries = [("both sides alike", of(0.03 / others, others)), ("rate 0.01", of(0.01, 1.0))]
    return best(lesson, tries, tell)


def madaline(lesson: Lesson, _tell: Tell) -> Learned:
    """A committee of three Adalines for each class; the best pass by val."""
    held = (lesson.held_table, lesson.held)
    how = Passes(0.1, ONLINE_EPOCHS, lesson.left_s, lesson.seed)
    made = fit_madaline(lesson.table, lesson.labels, lesson.classes, how, held)
    return Learned(made, "three members, the best pass")


def madaline_two(lesson: Lesson, tell: Tell) -> Learned:
    """Two layers of signs by the second rule, at the better of two rates."""
    held = (lesson.held_table, lesson.held)

    def of(rate: float) -> Callable[[float], Model]:
        return lambda seconds: fit_madaline_two(
            lesson.table, lesson.labels, lesson.classes,
            Passes(rate, ONLINE_EPOCHS, seconds, lesson.seed), held,
        )  # fmt: skip

    return best(
        lesson, [(f"{TURNED} units, rate {rate:g}", of(rate)) for rate in (0.2, 0.02)], tell
    )


def neighbours(lesson: Lesson, tell: Tell) -> Learned:
    """The best number of voters and way to measure. L1 has no short cut, and is left out where asking it
    about all of test would take longer than learning may.
    """
    tries = list(_voters(lesson, "L2", lesson.held_table, lesson.held))
    tell(1, 2)
    few = lesson.held_table[:20]
    begun = time.perf_counter()
    _of(lesson, 1, "L1").scores(few)
    each = (time.perf_counter() - begun) / max(1, len(few))
    if each * lesson.asked_later < lesson.left_s:
        most = max(20, int(0.8 * lesson.left_s / each))
        tries += _voters(lesson, "L1", lesson.held_table[:most], lesson.held[:most])
    tell(2, 2)
    return max(tries, key=lambda one: one[0])[1]


def _voters(
    lesson: Lesson, metric: Metric, table: Table, held: Labels
) -> Iterator[tuple[float, Learned]]:
    """All numbers of voters at once: the nearest nine hold the nearest one."""
    from striate.features.neighbours import voted

    row = _of(lesson, max(_VOTERS), metric).nearest(table).row
    for k in _VOTERS:
        right = share_right(voted(lesson.labels[row[:, :k]], lesson.classes), held)
        name = f"{k} neighbour{'s' if k > 1 else ''}, {metric}"
        yield right, Learned(_of(lesson, k, metric), name)


def _of(lesson: Lesson, k: int, metric: Metric) -> Neighbours:
    return Neighbours(lesson.table, lesson.labels, lesson.classes, k, metric)
