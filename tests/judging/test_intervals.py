"""Intervals that hold the truth 95 times in 100: counted, not believed."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from striate.errors import CannotJudge
from striate.judging import intervals
from striate.judging.compare import tango
from striate.judging.confusion import balanced_accuracy, by_class, macro_f1
from striate.judging.intervals import (
    NOTHING,
    Measure,
    Parts,
    f1,
    mean_of_proportions,
    proportion,
    wilson,
)
from striate.judging.ranking import macro_auc
from striate.judging.scores import score
from tests.judging.worlds import Normals, Tables, answers, coverage, holds

RIGHT = (0.93, 0.97)  # of 1,000 sets: 2.9 deviations of the count around 95
GEOMETRIC = [0.75**k for k in range(10)]


def is_right(share: float) -> bool:
    return RIGHT[0] <= share <= RIGHT[1]


def binomial(n: int, p: float) -> np.ndarray:
    """The chance of 0 ... n right ones."""
    ln = np.array([math.lgamma(k + 1) for k in range(n + 1)])
    k = np.arange(n + 1)
    return np.exp(ln[n] - ln[k] - ln[n - k] + k * math.log(p) + (n - k) * math.log1p(-p))


@pytest.mark.parametrize("n", [200, 201, 300, 500, 1000, 2000])
def test_wilsons_interval_holds_every_proportion_from_3_to_97_percent(n: int) -> None:
    """Exactly, summed over all outcomes, not by sampling."""
    ends = np.array([wilson(k / n, n) for k in range(n + 1)])
    for p in np.linspace(0.03, 0.97, 95):
        share = float(binomial(n, p)[(ends[:, 0] <= p) & (p <= ends[:, 1])].sum())
        assert is_right(share), (n, p, share)


def test_wilsons_interval_is_the_one_of_the_books() -> None:
    # Newcombe 1998, table I: 81 of 263, 15 of 148, 0 of 20, 1 of 29.
    found = [wilson(k / n, n) for k, n in ((81, 263), (15, 148), (0, 20), (1, 29))]
    wanted = [(0.2553, 0.3662), (0.0624, 0.1605), (0.0, 0.1611), (0.0061, 0.1718)]
    assert [tuple(round(end, 4) for end in one) for one in found] == wanted


def test_all_scores_of_logits_hold_the_truth_in_1000_sets(rng: np.random.Generator) -> None:
    K, n, sets = 8, 400, 1000
    logits, labels = answers(200_000, K, rng, gap=4.0)
    classes = [str(k) for k in range(K)]
    truth = score(logits, labels, classes)
    hits: dict[str, int] = {}
    for _ in range(sets):
        rows = rng.integers(0, len(labels), n)
        found = score(logits[rows], labels[rows], classes)
        told = {name: (getattr(found, name), getattr(truth, name)) for name in MEANS}
        for name in ("precision", "recall", "f1"):
            told[name] = getattr(found.per_class[2], name), getattr(truth.per_class[2], name)
        for name, (measure, wanted) in told.items():
            assert wanted.value is not None
            hits[name] = hits.get(name, 0) + holds(measure, wanted.value)
    shares = {name: count / sets for name, count in hits.items()}
    assert all(is_right(share) for share in shares.values()), shares
    assert 0.7 < (truth.accuracy.value or 0) < (truth.top_5.value or 0) < 0.975


MEANS = ("accuracy", "top_5", "balanced_accuracy", "macro_f1", "macro_auc")


@pytest.mark.parametrize(
    ("n", "p"), [(200, 0.5), (200, 0.9), (200, 0.97), (500, 0.95), (1000, 0.97)]
)
def test_accuracy_and_top_k_hold_the_truth(n: int, p: float, rng: np.random.Generator) -> None:
    share = coverage(lambda: proportion(int(rng.binomial(n, p)), n), p)
    assert is_right(share), share


@pytest.mark.parametrize(
    ("share", "recall", "n"),
    [([1, 1], [0.9, 0.95], 500), ([9, 1], [0.97, 0.8], 2000), ([5, 3, 2], [0.97, 0.9, 0.8], 1000)],
)
def test_precision_recall_and_f1_of_classes_hold_the_truth(
    share: list[float], recall: list[float], n: int, rng: np.random.Generator
) -> None:
    world = Tables.of(share, recall)
    names = [str(k) for k in range(len(share))]
    found = [by_class(world.draw(n, rng), names) for _ in range(1000)]
    for name in ("precision", "recall", "f1"):
        truth = getattr(world, name)
        for k in range(len(share)):
            held = float(np.mean([holds(getattr(one[k], name), truth[k]) for one in found]))
            assert is_right(held), (name, k, held)


BALANCED = [
    ([9, 1], [0.97, 0.82], 200, "even"),
    ([5, 3, 2], [0.97, 0.87, 0.77], 200, "even"),
    (GEOMETRIC, list(np.linspace(0.97, 0.67, 10)), 300, "even"),
    ([1] * 50, list(np.linspace(0.6, 1.0, 50)), 250, "even"),
]


@pytest.mark.parametrize(("share", "recall", "n", "errors"), BALANCED)
def test_balanced_accuracy_holds_the_truth(
    share: list[float], recall: list[float], n: int, errors: str, rng: np.random.Generator
) -> None:
    world = Tables.of(share, recall, errors)
    hits = 0
    for _ in range(1000):
        table = world.draw(n, rng)
        # Where a class has no picture, the mean is over the others, and so is the truth.
        truth = float(world.recall[table.sum(axis=1) > 0].mean())
        hits += holds(balanced_accuracy(table), truth)
    assert is_right(hits / 1000), hits


MACRO = [
    ([1, 1], [0.97, 0.97], 200, "even"),
    ([9, 1], [0.97, 0.8], 200, "big"),
    ([5, 3, 2], [0.97, 0.87, 0.77], 200, "big"),
    ([1] * 10, list(np.linspace(0.7, 0.99, 10)), 200, "even"),
    (GEOMETRIC, [0.9] * 10, 300, "even"),
    ([1] * 50, [0.6] * 50, 500, "even"),
]


@pytest.mark.parametrize(("share", "recall", "n", "errors"), MACRO)
def test_macro_f1_holds_the_truth(
    share: list[float], recall: list[float], n: int, errors: str, rng: np.random.Generator
) -> None:
    world = Tables.of(share, recall, errors)
    held = coverage(lambda: macro_f1(world.draw(n, rng)), float(world.f1.mean()))
    assert is_right(held), held


AREAS = [
    ([1, 1], 0.97, 200),
    ([9, 1], 0.8, 300),
    ([5, 3, 2], 0.95, 200),
    ([1] * 10, 0.9, 300),
]


@pytest.mark.parametrize(("share", "area", "n"), AREAS)
def test_macro_auc_holds_the_truth(
    share: list[float], area: float, n: int, rng: np.random.Generator
) -> None:
    world = Normals.with_area(share, area)
    held = coverage(lambda: macro_auc(*world.draw(n, rng)), area)
    assert is_right(held), held


@pytest.mark.parametrize(
    ("n", "first", "second"),
    [(200, 0.05, 0.02), (200, 0.1, 0.1), (500, 0.01, 0.05), (2000, 0.02, 0.02)],
)
def test_a_paired_difference_holds_the_truth(
    n: int, first: float, second: float, rng: np.random.Generator
) -> None:
    drawn = rng.multinomial(n, [first, second, 1 - first - second], size=1000)
    ends = [tango(int(a), int(b), n) for a, b, _ in drawn]
    held = np.mean([low <= second - first <= high for low, high in ends])
    assert is_right(float(held)), held


@pytest.mark.slow
@pytest.mark.parametrize("share", [[1, 1], [5, 1], [5, 3, 2], [1] * 6], ids=str)
@pytest.mark.parametrize("n", [200, 300, 1000])
@pytest.mark.parametrize("p", [0.6, 0.8, 0.9, 0.95, 0.97])
@pytest.mark.parametrize("kind", ["balanced", "f1", "auc"])
def test_means_over_classes_hold_the_truth_on_a_grid(
    kind: str, p: float, n: int, share: list[float], rng: np.random.Generator
) -> None:
    """Where the rarest class has 30 pictures and no share is above 0.97; docs/judging.md tells the rest."""
    if n * min(share) / sum(share) < 30:
        pytest.skip("fewer than 30 pictures of the rarest class")
    spread = min(0.2, 0.97 - p)
    recall = np.linspace(p - spread, p + spread, len(share))
    world, curves = Tables.of(share, list(recall), "big"), Normals.with_area(share, p)
    judge, truth = {
        "balanced": (lambda: balanced_accuracy(world.draw(n, rng)), float(world.recall.mean())),
        "f1": (lambda: macro_f1(world.draw(n, rng)), float(world.f1.mean())),
        "auc": (lambda: macro_auc(*curves.draw(n, rng)), p),
    }[kind]
    held = coverage(judge, truth, 4000)
    # Where the rarest class is expected to have one error, it can only be too careful.
    careful = n * min(share) / sum(share) * (1 - recall[share.index(min(share))]) < 1.5
    assert RIGHT[0] <= held <= RIGHT[1] + 0.005 * careful, held


@given(st.integers(1, 400), st.data())
def test_one_class_alone_has_wilsons_interval(count: int, data: st.DataObject) -> None:
    right = data.draw(st.integers(0, count))
    found = mean_of_proportions(np.array([right]), np.array([count])).interval_95
    assert found == pytest.approx(wilson(right / count, count), abs=1e-6)


@given(st.lists(st.tuples(st.integers(1, 60), st.integers(0, 60)), min_size=1, max_size=8))
@settings(max_examples=150, deadline=None)
def test_the_interval_of_a_mean_mirrors_when_right_and_wrong_change_places(
    pairs: list[tuple[int, int]],
) -> None:
    count = np.array([n for n, _ in pairs], float)
    right = np.minimum(count, [k for _, k in pairs])
    found, other = mean_of_proportions(right, count), mean_of_proportions(count - right, count)
    assert found.value == pytest.approx(1 - (other.value or 0), abs=1e-9)
    assert found.interval_95 is not None
    assert other.interval_95 is not None
    assert found.interval_95 == pytest.approx(
        [1 - end for end in other.interval_95][::-1], abs=1e-6
    )
    assert 0 <= found.interval_95.low <= (found.value or 0) <= found.interval_95.high <= 1


def test_a_score_test_by_brute_force_gives_the_same_ends() -> None:
    """The lower end for two classes, over a grid of all pairs of shares."""
    right, count = np.array([45.0, 8.0]), np.array([50.0, 12.0])
    value, held = float((right / count).mean()), count + 2
    lent = right + 2 * value
    p = np.linspace(1e-4, 1 - 1e-4, 4000)
    lowest = value
    for mean in np.linspace(0.6, value, 300):
        first = p[(p < 2 * mean) & (2 * mean - p < 1)]
        second = 2 * mean - first
        pairs = np.stack([first, second])
        likely = (lent[:, None] * np.log(pairs) + (held - lent)[:, None] * np.log1p(-pairs)).sum(
            axis=0
        )
        best = pairs[:, likely.argmax()]
        deviation = math.sqrt(float((best * (1 - best) / count).sum())) / 2
        if value - mean <= 1.959964 * deviation:
            lowest = min(lowest, mean)
    found = mean_of_proportions(right, count).interval_95
    assert found is not None
    assert found.low == pytest.approx(lowest, abs=0.002)


def test_more_pictures_with_the_same_share_narrow_every_interval() -> None:
    table = np.array([[18, 2, 0], [3, 15, 2], [1, 1, 8]])
    for judge in (balanced_accuracy, macro_f1):
        widths = []
        for times in (1, 4, 16):
            ends = judge(table * times).interval_95
            assert ends is not None
            widths.append(ends.high - ends.low)
        assert widths[0] > 1.8 * widths[1] > 3.2 * widths[2]


@pytest.mark.parametrize("freedom", [3, 4, 5, 8, 15, 30, 100, 1e6])
def test_students_point_is_the_one_of_scipy(freedom: float) -> None:
    stats = pytest.importorskip(
        "scipy.stats", reason="SciPy is not installed: it is the oracle here"
    )
    assert intervals.student(freedom) == pytest.approx(stats.t.ppf(0.975, freedom), rel=0.04)
    if freedom >= 8:
        assert intervals.student(freedom) == pytest.approx(stats.t.ppf(0.975, freedom), rel=0.003)


def test_without_skewness_the_skewed_interval_is_students() -> None:
    influence = np.tile([-0.01, 0.01], 50)
    parts = Parts(influence, np.zeros(100, np.int64), np.array([100.0]))
    reach = intervals.student(99) * math.sqrt(100 * 0.01**2 * 100 / 99)
    assert intervals.skewed(0.5, parts, 100) == pytest.approx((0.5 - reach, 0.5 + reach))


def test_rare_large_losses_lengthen_the_lower_arm() -> None:
    influence = np.where(np.arange(100) < 4, -0.024, 0.001)
    low, high = intervals.skewed(
        0.9, Parts(influence, np.zeros(100, np.int64), np.array([100.0])), 100
    )
    assert 0.9 - low > 1.5 * (high - 0.9)


def test_f1_comes_from_the_same_counts_as_its_interval() -> None:
    found = f1(right=40, missed=10, wrong=5)
    assert found.value == pytest.approx(80 / 95)
    assert found.interval_95 is not None
    assert found.interval_95 == pytest.approx([2 * end / (1 + end) for end in wilson(40 / 55, 55)])
    assert f1(0, 0, 0) is NOTHING
    assert f1(0, 3, 0).value == 0


def test_nothing_is_measured_on_no_pictures() -> None:
    assert proportion(0, 0) is NOTHING
    assert mean_of_proportions(np.zeros(0), np.zeros(0)) is NOTHING
    assert Measure().to_dict() == {"value": None, "interval_95": None}
    with pytest.raises(CannotJudge, match="at least one picture"):
        wilson(0.5, 0)
