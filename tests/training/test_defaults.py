"""What `auto` becomes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from striate.training.defaults import Facts, batch_for, settle
from striate.training.recipe import Recipe

THUMBNAILS = Facts(42_500, 10, 32, affordable=200_000, whitens=True)


def test_nothing_stays_auto() -> None:
    made = settle(Recipe(), THUMBNAILS)
    left = [n for n, v in made.flat().items() if v == "auto"]
    assert left == ["pictures.fit", "machine.device", "machine.precision"], "decided elsewhere"
    assert made.batch > 0


def test_what_a_person_chose_is_kept() -> None:
    chosen = Recipe().changed(
        ["optimiser.name=adam", "batch=7", "pictures.augment=none", "loss.class_weights=inverse"]
    )
    made = settle(chosen, THUMBNAILS)
    for name in ("optimiser.name", "batch", "pictures.augment", "loss.class_weights"):
        assert made.flat()[name] == chosen.flat()[name]


@pytest.mark.parametrize(
    ("facts", "augment", "optimiser"),
    [
        (THUMBNAILS, "thumbnails", "muon"),
        (Facts(1_259, 10, 16, mirror=False, whitens=True), "digits", "muon"),
        (Facts(245, 2, 224, pretrained=True), "photos", "nesterov"),
        (Facts(5_000, 5, 64, has_norms=False), "thumbnails", "adamw"),
    ],
)
def test_the_data_decides(facts: Facts, augment: str, optimiser: str) -> None:
    made = settle(Recipe(), facts)
    assert (made.pictures.augment, made.optimiser.name) == (augment, optimiser)


def test_uneven_classes_are_weighed_from_three_to_one_on() -> None:
    even, uneven = (settle(Recipe(), Facts(500, 5, 64, unevenness=u)) for u in (2.9, 3.1))
    assert (even.loss.class_weights, uneven.loss.class_weights) == ("none", "effective")


@given(st.integers(2, 10**6), st.integers(0, 10**7))
def test_a_batch_is_never_larger_than_train_and_leaves_steps(pictures: int, seen: int) -> None:
    made = batch_for(Facts(pictures, 2, 32, affordable=seen))
    assert 1 <= made <= pictures
    assert made <= 1024
    assert made <= 16 or made * 8 <= pictures
