"""One object with every score, and its plain values."""

from __future__ import annotations

import dataclasses
import json
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from striate.errors import CannotJudge
from striate.judging.calibration import cross_fitted
from striate.judging.scores import Score, score
from tests.house.sources import ROOT
from tests.judging.worlds import answers

NAMES = tuple("abcdefgh")
MEASURES = ("accuracy", "top_5", "balanced_accuracy", "macro_f1", "macro_auc")


def test_every_score_is_the_one_of_scikit_learn(rng: np.random.Generator) -> None:
    metrics = pytest.importorskip(
        "sklearn.metrics", reason="scikit-learn is not installed: it is the oracle here"
    )
    logits, labels = answers(500, 8, rng)
    found = score(logits, labels, NAMES)
    said = logits.argmax(axis=1)
    wide = logits.astype(np.float64)
    shares = np.exp(wide - wide.max(axis=1, keepdims=True))
    shares /= shares.sum(axis=1, keepdims=True)
    assert found.accuracy.value == pytest.approx(metrics.accuracy_score(labels, said))
    assert found.balanced_accuracy.value == pytest.approx(
        metrics.balanced_accuracy_score(labels, said)
    )
    assert found.macro_f1.value == pytest.approx(metrics.f1_score(labels, said, average="macro"))
    assert found.top_5.value == pytest.approx(metrics.top_k_accuracy_score(labels, shares, k=5))
    assert found.macro_auc.value == pytest.approx(
        metrics.roc_auc_score(labels, shares, multi_class="ovr"), abs=1e-6
    )
    assert found.loss == pytest.approx(metrics.log_loss(labels, shares))
    assert np.array_equal(found.table, metrics.confusion_matrix(labels, said))


def test_torchmetrics_gives_the_same_scores(rng: np.random.Generator) -> None:
    functional = pytest.importorskip(
        "torchmetrics.functional.classification",
        reason="torchmetrics is not installed: it is the oracle here",
    )
    import torch

    logits, labels = answers(400, 8, rng)
    found = score(logits, labels, NAMES)
    given = torch.from_numpy(logits), torch.from_numpy(labels)
    for name, wanted in (
        ("balanced_accuracy", functional.multiclass_accuracy(*given, 8, average="macro")),
        ("top_5", functional.multiclass_accuracy(*given, 8, average="micro", top_k=5)),
        ("macro_f1", functional.multiclass_f1_score(*given, 8, average="macro")),
        ("macro_auc", functional.multiclass_auroc(*given, 8, average="macro")),
    ):
        assert getattr(found, name).value == pytest.approx(float(wanted), abs=1e-5), name


def plain(found: Score) -> dict[str, object]:
    return json.loads(json.dumps(found.to_dict(), allow_nan=False))


def test_the_plain_values_are_those_that_metrics_json_promises(rng: np.random.Generator) -> None:
    logits, labels = answers(300, 8, rng)
    found = score(logits, labels, NAMES, temperature=1.3, wanted_precision=0.9)
    told = plain(found)
    assert {
        "accuracy", "interval_95", "loss", "ece_before", "ece_after", "per_class", "confusion", "count",
        "top_5", "balanced_accuracy", "macro_f1", "macro_auc", "calibration", "abstention",
    } <= set(told)  # fmt: skip
    assert told["count"] == 300
    assert told["interval_95"] == list(found.accuracy.interval_95 or ())
    one = found.to_dict()["per_class"]["c"]
    assert {"count", "precision", "precision_95", "recall", "recall_95", "f1", "f1_95"} <= set(one)
    assert len(found.to_dict()["calibration"]["before"]) == 15
    assert sum(b["count"] for b in found.to_dict()["calibration"]["after"]) == 300
    assert found.to_dict()["abstention"]["wanted"] == 0.9
    assert set(found.to_dict()["macro_auc"]) == {"value", "interval_95"}


def test_a_score_cannot_be_changed(rng: np.random.Generator) -> None:
    found = score(*answers(20, 3, rng), "abc")
    with pytest.raises(dataclasses.FrozenInstanceError):
        found.count = 3  # type: ignore[misc]


def test_top_5_is_left_out_of_five_classes_or_fewer(rng: np.random.Generator) -> None:
    assert "top_5" not in score(*answers(30, 5, rng), "abcde").to_dict()
    assert "top_5" in score(*answers(30, 6, rng), "abcdef").to_dict()


def test_classes_without_pictures_are_none_in_json_and_told(rng: np.random.Generator) -> None:
    logits, labels = answers(200, 4, rng)
    kept = labels != 2
    found = score(logits[kept], labels[kept], ("ant", "bee", "cow", "dog"))
    told = found.to_dict()["per_class"]["cow"]
    assert told["recall"] is told["f1"] is told["precision"] is told["recall_95"] is None
    assert "no pictures of cow: nothing is measured on them" in found.notes[0]
    assert found.balanced_accuracy.value is not None
    assert "NaN" not in json.dumps(found.to_dict())


def test_classes_with_few_pictures_are_told() -> None:
    labels = np.repeat([0, 1], [100, 7])
    logits = np.eye(2, dtype=np.float32)[labels] * 3
    assert "fewer than 30 pictures of bee (7)" in score(logits, labels, ("ant", "bee")).notes[0]


def test_one_class_alone_has_an_accuracy_and_no_area() -> None:
    found = score(np.zeros((9, 1), np.float32), np.zeros(9, np.int64), ("only",))
    assert found.accuracy.value == 1
    assert plain(found)["macro_auc"] == {"value": None, "interval_95": None}


def test_one_picture_can_be_judged() -> None:
    found = score(np.array([[0.0, 1.0]], np.float32), np.array([1]), "ab")
    assert found.accuracy.value == 1
    assert plain(found)["balanced_accuracy"]["value"] == 1  # type: ignore[index]


def test_temperature_moves_losses_and_calibration_and_no_answer(rng: np.random.Generator) -> None:
    logits, labels = answers(400, 6, rng, sharpness=3)
    one, other = score(logits, labels, NAMES[:6]), score(logits, labels, NAMES[:6], temperature=3.0)
    for name in ("accuracy", "top_5", "balanced_accuracy", "macro_f1", "loss_before", "ece_before"):
        assert getattr(one, name) == getattr(other, name)
    assert np.array_equal(one.table, other.table)
    assert other.loss < one.loss == one.loss_before
    assert other.ece_after < one.ece_after == one.ece_before


def test_cross_fitted_temperatures_can_be_handed_in(rng: np.random.Generator) -> None:
    logits, labels = answers(120, 4, rng, sharpness=2)
    crossed = cross_fitted(logits, labels)
    found = score(logits, labels, "abcd", temperature=crossed.temperatures)
    wanted = -np.log(crossed.probabilities[np.arange(120), labels]).mean()
    assert found.loss == pytest.approx(wanted)


def test_a_threshold_of_val_is_judged_on_test_as_it_is(rng: np.random.Generator) -> None:
    val, test = answers(600, 4, rng, gap=5), answers(300, 4, rng, gap=5)
    chosen = score(*val, "abcd").abstention
    again = score(*test, "abcd", threshold=chosen.threshold).abstention
    assert again.threshold == chosen.threshold
    assert again.coverage.value != chosen.coverage.value


@given(st.integers(0, 10_000), st.integers(-60, 60))
@settings(max_examples=25, deadline=None)
def test_permuting_pictures_or_adding_a_constant_changes_no_score(seed: int, constant: int) -> None:
    rng = np.random.default_rng(seed)
    logits, labels = answers(60, 6, rng)
    logits = (np.round(logits * 16) / 16).astype(np.float32)  # so that adding is exact
    order = rng.permutation(60)
    one = score(logits, labels, NAMES[:6], temperature=1.5)
    other = score(logits[order] + np.float32(constant), labels[order], NAMES[:6], temperature=1.5)
    alike(one.to_dict(), other.to_dict())


@given(st.integers(0, 10_000))
@settings(max_examples=25, deadline=None)
def test_relabelling_classes_moves_rows_and_changes_no_score(seed: int) -> None:
    rng = np.random.default_rng(seed)
    logits, labels = answers(60, 6, rng)
    order = rng.permutation(6)
    one = score(logits, labels, NAMES[:6])
    other = score(logits[:, order], np.argsort(order)[labels], [NAMES[k] for k in order])
    told, moved = one.to_dict(), other.to_dict()
    assert np.array_equal(other.table, one.table[np.ix_(order, order)])
    for each in (told, moved):
        del each["confusion"], each["notes"]  # told in the order of the classes
    alike(told, moved)


def alike(one: object, other: object) -> None:
    """Equal up to rounding, through dicts and lists."""
    if isinstance(one, dict):
        assert isinstance(other, dict)
        assert one.keys() == other.keys()
        for name in one:
            alike(one[name], other[name])
    elif isinstance(one, list):
        assert isinstance(other, list)
        assert len(one) == len(other)
        for left, right in zip(one, other, strict=True):
            alike(left, right)
    else:
        assert one == (pytest.approx(other, abs=1e-6) if isinstance(other, float) else other)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_logits_that_are_no_numbers_have_no_score(value: float) -> None:
    logits = np.zeros((3, 2), np.float32)
    logits[1, 0] = value
    with pytest.raises(CannotJudge, match="row 1"):
        score(logits, np.zeros(3, np.int64), "ab")


def test_another_number_of_names_is_refused() -> None:
    with pytest.raises(CannotJudge, match="3 names .* for 2 classes"):
        score(np.zeros((3, 2), np.float32), np.zeros(3, np.int64), "abc")


def test_the_page_shows_what_its_example_gives() -> None:
    """Every `expression  # → text` of docs/judging.md."""
    text = (ROOT / "docs" / "judging.md").read_text(encoding="utf-8")
    names: dict[str, object] = {}
    shown = 0
    for block in re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        for line in block.splitlines():
            code, arrow, wanted = line.partition("# → ")
            if arrow:
                assert str(eval(code, names)) == wanted
                shown += 1
            else:
                exec(line, names)
    assert shown >= 5
