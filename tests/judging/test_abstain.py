"""A threshold that keeps its promise on new pictures, and says so where it cannot."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from striate.errors import CannotJudge
from striate.judging.abstain import Z90, abstain, fewest
from striate.judging.intervals import wilson

PAIRS = st.lists(st.tuples(st.integers(0, 20), st.booleans()), min_size=1, max_size=200)


@given(PAIRS, st.sampled_from([0.5, 0.7, 0.9]))
@settings(max_examples=200, deadline=None)
def test_the_threshold_is_the_smallest_of_a_slow_search(
    pairs: list[tuple[int, bool]], wanted: float
) -> None:
    confidence, correct = np.array([c / 20 for c, _ in pairs]), np.array([r for _, r in pairs])
    found = abstain(confidence, correct, wanted)
    enough = {}
    for cut in sorted(set(confidence.tolist())):
        kept = [r for c, r in zip(confidence, correct, strict=True) if c >= cut]
        enough[cut] = wilson(sum(kept) / len(kept), len(kept), Z90).low >= wanted
    assert found.is_shown == any(enough.values()) or found.is_shown
    if any(enough.values()):
        smallest = min(cut for cut, ok in enough.items() if ok)
        assert found.is_shown
        assert np.array_equal(confidence >= found.threshold, confidence >= smallest)
    else:
        assert found.threshold >= wanted or not found.is_shown


def test_what_it_costs_is_counted_on_the_pictures() -> None:
    confidence = np.linspace(0.5, 0.999, 500)
    correct = np.arange(500) % 10 != 0
    correct[200:] = True
    found = abstain(confidence, correct, 0.95)
    kept = confidence >= found.threshold
    assert found.is_shown
    assert found.answered == kept.sum() < 500
    assert found.precision.value == pytest.approx(correct[kept].mean())
    assert found.coverage.value == pytest.approx(kept.mean())
    assert found.precision.interval_95 is not None
    assert "rightly: shown to be right in at least 0.95" in found.text
    told = found.to_dict()
    assert told["coverage_95"] == list(found.coverage.interval_95 or ())
    assert told["precision"] == found.precision.value


def test_a_threshold_lies_between_two_probabilities() -> None:
    confidence = np.concatenate([np.full(100, 0.9), np.full(100, 0.6)])
    correct = np.concatenate([np.ones(100, bool), np.zeros(100, bool)])
    assert abstain(confidence, correct, 0.9).threshold == pytest.approx(0.75)


def test_where_all_can_be_answered_the_threshold_lies_just_below_the_least_sure_of_them() -> None:
    found = abstain(np.linspace(0.3, 1, 300), np.ones(300, bool), 0.95)
    assert found.threshold == pytest.approx(0.2999)
    assert (found.answered, found.is_shown) == (300, True)


def test_few_pictures_show_too_little_and_it_says_how_many_would() -> None:
    found = abstain(np.linspace(0.6, 1, 30), np.ones(30, bool), 0.95)
    assert not found.is_shown
    assert found.threshold == 0.95
    assert "it takes 52 answers without an error to show 0.95" in found.text
    assert 0 < found.answered < 30


def test_fifty_two_right_answers_show_95_percent_and_fifty_one_do_not() -> None:
    assert fewest(0.95) == 52
    for count, is_shown in ((52, True), (51, False)):
        found = abstain(np.full(count, 0.99), np.ones(count, bool), 0.95)
        assert found.is_shown is is_shown


def test_where_the_surest_answers_are_wrong_nothing_is_promised() -> None:
    confidence = np.linspace(0.2, 0.99, 400)
    found = abstain(confidence, confidence < 0.6, 0.95)
    assert not found.is_shown
    assert (found.threshold, found.answered) == (1.0, 0)
    assert found.precision.value is None
    assert "none of 400 pictures is answered" in found.text


def test_too_many_errors_are_told_as_such() -> None:
    correct = np.arange(1000) % 5 != 0
    found = abstain(np.full(1000, 0.99), correct, 0.95, threshold=0.5)
    assert not found.is_shown
    assert "it takes more answers, or fewer errors among them" in found.text


def test_a_threshold_that_is_given_is_judged_and_not_moved() -> None:
    confidence = np.linspace(0, 1, 101)
    found = abstain(confidence, confidence > 0.5, 0.9, threshold=0.755)
    assert (found.threshold, found.answered) == (0.755, 25)
    assert found.precision.value == 1


@given(PAIRS, st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_the_order_of_pictures_plays_no_part_in_the_threshold(
    pairs: list[tuple[int, bool]], random: object
) -> None:
    one = abstain(np.array([c / 20 for c, _ in pairs]), np.array([r for _, r in pairs]), 0.8)
    random.shuffle(pairs)  # type: ignore[attr-defined]
    other = abstain(np.array([c / 20 for c, _ in pairs]), np.array([r for _, r in pairs]), 0.8)
    assert one == other


def world(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Calibrated confidences, 85 % right."""
    confidence = rng.beta(4.5, 0.8, n)
    return confidence, rng.random(n) < confidence


@pytest.mark.parametrize(("n", "wanted"), [(100, 0.9), (200, 0.95), (1000, 0.95)])
def test_the_promise_is_broken_in_at_most_10_of_100_sets(
    n: int, wanted: float, rng: np.random.Generator
) -> None:
    """And a threshold that merely counts as good enough breaks it in about half."""
    confidence = np.sort(world(rng, 200_000)[0])
    above = confidence[::-1].cumsum()[::-1] / np.arange(len(confidence), 0, -1)

    def is_broken(threshold: float) -> bool:
        at = int(np.searchsorted(confidence, threshold))
        return at < len(confidence) and bool(above[at] < wanted)

    broken = lucky = 0
    for _ in range(400):
        some, correct = world(rng, n)
        found = abstain(some, correct, wanted)
        broken += found.is_shown and is_broken(found.threshold)
        falling = np.argsort(-some)
        enough = np.flatnonzero(correct[falling].cumsum() >= wanted * np.arange(1, n + 1))
        lucky += len(enough) > 0 and is_broken(some[falling[enough[-1]]])
    assert broken <= 40
    assert lucky >= 160


@pytest.mark.parametrize("wanted", [0.0, 1.0, -0.5, 2.0])
def test_a_precision_that_cannot_be_wanted_is_refused(wanted: float) -> None:
    with pytest.raises(CannotJudge, match="cannot be wanted"):
        abstain(np.ones(1), np.ones(1, bool), wanted)


def test_no_pictures_choose_no_threshold() -> None:
    with pytest.raises(CannotJudge, match="no pictures"):
        abstain(np.zeros(0), np.zeros(0, bool))
