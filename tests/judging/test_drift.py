"""New pictures beside val: what differs is told, and what does not is not."""

from __future__ import annotations

import numpy as np
import pytest

from striate.errors import CannotJudge
from striate.judging.drift import Said, drift, summary

CLASSES = ("cat", "cow", "dog")


def told(rng: np.random.Generator, n: int, light: float = 120.0) -> dict[str, np.ndarray]:
    return {
        "brightness": rng.normal(light, 20, n),
        "size": rng.normal(300, 50, n),
        "probability": rng.beta(9, 1, n),
    }


def test_darker_pictures_are_told_and_nothing_else_is(rng: np.random.Generator) -> None:
    said = Said(rng.integers(0, 3, 400), rng.integers(0, 3, 150), CLASSES)
    found = drift(told(rng, 400), told(rng, 150, light=95), said)
    assert [one.fact for one in found if one.is_drift] == ["brightness"]
    first = found[0]
    assert first.effect > 0.3
    assert "brightness is smaller in the new pictures (median 9" in first.text
    assert "more than chance (p < 0.001)" in first.text
    text = summary(found, 150)
    assert "no difference worth a word in" in text
    assert all(fact in text for fact in ("size", "probability", "answered class"))


def test_pictures_like_those_of_val_are_called_so(rng: np.random.Generator) -> None:
    marked = 0
    for _ in range(200):
        said = Said(rng.integers(0, 3, 300), rng.integers(0, 3, 100), CLASSES)
        found = drift(told(rng, 300), told(rng, 100), said)
        marked += any(one.is_drift for one in found)
    assert marked / 200 <= 0.08  # 2 deviations above a twentieth
    alike = drift({"size": np.arange(50.0)}, {"size": np.arange(50.0) + 0.5})
    assert "like those of val" in summary(alike, 50)


def test_classes_answered_more_often_are_named(rng: np.random.Generator) -> None:
    val, new = np.repeat([0, 1, 2], [100, 100, 100]), np.repeat([0, 1, 2], [10, 20, 70])
    (one,) = drift({}, {}, Said(val, new, CLASSES))
    assert one.is_drift
    assert "'dog' for 70% of the new pictures and 33% of val" in one.text
    stats = pytest.importorskip(
        "scipy.stats", reason="SciPy is not installed: it is the oracle here"
    )
    wanted = stats.chi2_contingency([np.bincount(val), np.bincount(new)], correction=False)
    assert one.p == pytest.approx(wanted.pvalue, rel=1e-6)
    assert one.effect == pytest.approx(np.sqrt(wanted.statistic / 400))


def test_a_certain_difference_too_small_to_matter_is_no_drift(rng: np.random.Generator) -> None:
    (one,) = drift({"size": rng.normal(0, 1, 20_000)}, {"size": rng.normal(0.1, 1, 20_000)})
    assert one.p < 0.001
    assert not one.is_drift
    assert "too little to matter" in one.text


def test_rare_classes_are_counted_together(rng: np.random.Generator) -> None:
    """With 200 classes and 60 pictures each cell would hold too little for a chi-square test."""
    names = tuple(str(k) for k in range(200))
    marked = sum(
        drift({}, {}, Said(rng.integers(0, 200, 300), rng.integers(0, 200, 60), names))[0].p < 0.05
        for _ in range(200)
    )
    assert marked / 200 <= 0.08


def test_the_same_spread_otherwise_is_told_as_such(rng: np.random.Generator) -> None:
    (one,) = drift({"size": rng.normal(0, 1, 2000)}, {"size": rng.normal(0, 3, 2000)})
    assert one.is_drift
    assert "size is spread otherwise" in one.text


def test_few_new_pictures_are_told_to_be_few(rng: np.random.Generator) -> None:
    found = drift(told(rng, 100), told(rng, 6))
    assert "only 6 new pictures" in summary(found, 6)


def test_unknown_values_are_left_out(rng: np.random.Generator) -> None:
    one, other = rng.normal(size=50), rng.normal(size=40)
    clean = drift({"size": one}, {"size": other})
    holed = drift({"size": np.append(one, np.nan)}, {"size": np.append(other, np.nan)})
    assert clean == holed


def test_only_facts_that_both_have_are_compared(rng: np.random.Generator) -> None:
    found = drift(told(rng, 50), {"size": rng.normal(300, 50, 50), "depth": np.ones(50)})
    assert [one.fact for one in found] == ["size"]
    assert set(found[0].to_dict()) == {"fact", "effect", "p", "text", "is_drift"}


def test_what_cannot_be_compared_is_refused() -> None:
    with pytest.raises(CannotJudge, match="no fact in common"):
        drift({"a": [1.0]}, {"b": [1.0]})
    with pytest.raises(CannotJudge, match="no picture has a known value of 'a'"):
        drift({"a": [np.nan]}, {"a": [1.0]})
    with pytest.raises(CannotJudge, match="places in the list of classes"):
        drift({}, {}, Said(np.array([0, 5]), np.array([1]), CLASSES))
