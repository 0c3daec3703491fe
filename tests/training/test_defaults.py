"""What `auto` becomes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from striate.training.defaults import RATES, Facts, batch_for, settle
from striate.training.recipe import Recipe
from striate.training.recipe_parts import OPTIMISERS

THUMBNAILS = Facts(42_500, 10, 32, affordable=200_000, whitens=True)


def test_nothing_stays_auto() -> None:
    made = settle(Recipe(), THUMBNAILS)
    left = [n for n, v in made.flat().items() if v == "auto"]
    machine = [f"machine.{name}" for name in ("device", "precision", "compile", "resident")]
    assert left == ["pictures.fit", *machine], "decided elsewhere"
    assert made.batch > 0


def test_what_a_person_chose_is_kept() -> None:
    chosen = Recipe().changed(
        ["optimiser.name=adam", "batch=7", "pictures.augment=none", "loss.class_weights=inverse"]
    )
    made = settle(chosen, THUMBNAILS)
    for name in ("optimiser.name", "batch", "pictures.augment", "loss.class_weights"):
        assert made.flat()[name] == chosen.flat()[name]


@pytest.mark.parametrize(
    ("setting", "wanted"),
    [
        ("loss.smoothing=0", 0.0), ("loss.smoothing=0.3", 0.3), ("optimiser.momentum=0.9", 0.9),
        ("optimiser.momentum=0", 0.0), ("schedule.warm_up=0", 0.0),
    ],
)  # fmt: skip
def test_a_number_that_was_said_is_kept_though_another_would_have_been_decided(
    setting: str, wanted: float
) -> None:
    name = setting.partition("=")[0]
    for facts in (THUMBNAILS, Facts(5_000, 5, 64, has_norms=False, is_plain=True)):
        assert settle(Recipe().changed([setting]), facts).flat()[name] == wanted


def test_smoothing_momentum_and_warm_up_are_each_decided_alone() -> None:
    made = settle(Recipe().changed(["loss.class_weights=none"]), THUMBNAILS)
    assert made.loss.smoothing == 0.1
    assert made.optimiser.momentum == 0.6
    assert settle(Recipe().changed(["optimiser.name=muon"]), THUMBNAILS).optimiser.momentum == 0.6
    plain = settle(Recipe(), Facts(5_000, 5, 64, has_norms=False))
    assert (plain.loss.smoothing, plain.optimiser.momentum) == (0.0, 0.9)
    assert plain.schedule.warm_up == 0.1
    assert settle(Recipe().changed(["loss.name=hinge"]), THUMBNAILS).loss.smoothing == 0.0


@pytest.mark.parametrize("facts", [THUMBNAILS, Facts(5_000, 5, 64, has_norms=False)])
def test_a_decay_through_the_gradient_takes_an_optimiser_that_has_one(facts: Facts) -> None:
    made = settle(Recipe().changed(["optimiser.coupled=true", "optimiser.decay=1e-4"]), facts)
    assert made.optimiser.name == "adam"


@pytest.mark.parametrize(
    ("facts", "augment", "optimiser"),
    [
        (THUMBNAILS, "light", "muon"),
        (Facts(1_259, 10, 16, mirror=False, whitens=True), "digits", "muon"),
        (Facts(245, 2, 224, pretrained=True), "photos", "nesterov"),
        (Facts(5_000, 5, 64, has_norms=False), "thumbnails", "adamw"),
        (Facts(5_000, 5, 64, has_norms=False, is_plain=True), "thumbnails", "muon"),
    ],
)
def test_the_data_decides(facts: Facts, augment: str, optimiser: str) -> None:
    made = settle(Recipe(), facts)
    assert (made.pictures.augment, made.optimiser.name) == (augment, optimiser)


@pytest.mark.parametrize(
    ("facts", "wanted"),
    [
        (THUMBNAILS, "dirac"),
        (Facts(5_000, 5, 64), "torch"),
        (Facts(5_000, 5, 64, has_norms=False), "torch"),
        (Facts(5_000, 5, 64, has_norms=False, is_plain=True), "he"),
        (Facts(5_000, 5, 64, has_norms=False, is_plain=True, pretrained=True), "torch"),
    ],
)
def test_filters_that_no_norm_follows_begin_as_loud_as_what_they_get(
    facts: Facts, wanted: str
) -> None:
    assert settle(Recipe(), facts).start.filters == wanted


@pytest.mark.parametrize(
    ("settings", "affordable", "wanted"),
    [
        ([], 6 * 42_500, "light"),
        ([], 7 * 42_500, "thumbnails"),
        ([], 14 * 42_500, "thumbnails"),
        ([], 15 * 42_500, "covered"),
        ([], 0, "covered"),
        (["epochs=14"], 0, "thumbnails"),
        (["epochs=15"], 200_000, "covered"),
        (["regularise.mirrored=no"], 14 * 42_500, "light"),
        (["regularise.mirrored=no"], 15 * 42_500, "covered"),
    ],
)
def test_small_pictures_that_are_seen_often_are_shifted_further_and_all_come_in_every_pass(
    settings: list[str], affordable: int, wanted: str
) -> None:
    facts = Facts(42_500, 10, 32, affordable=affordable, whitens=True)
    made = settle(Recipe().changed(settings), facts)
    assert made.pictures.augment == wanted
    assert (made.practise.share < 1) == (wanted == "light")


@pytest.mark.parametrize(
    ("settings", "changes", "wanted"),
    [
        ([], {}, "yes"),
        (["regularise.mirrored=no"], {}, "no"),
        (["pictures.augment=none"], {}, "no"),
        ([], {"mirror": False}, "no"),
        ([], {"whitens": False}, "no"),
        ([], {"pretrained": True}, "no"),
        (["regularise.mirrored=yes"], {"whitens": False}, "yes"),
    ],
)
def test_filters_come_in_mirrored_pairs_where_mirrored_pictures_mean_the_same(
    settings: list[str], changes: dict[str, bool], wanted: str
) -> None:
    facts = replace(THUMBNAILS, **changes)
    assert settle(Recipe().changed(settings), facts).regularise.mirrored == wanted


def test_uneven_classes_are_weighed_from_three_to_one_on() -> None:
    even, uneven = (settle(Recipe(), Facts(500, 5, 64, unevenness=u)) for u in (2.9, 3.1))
    assert (even.loss.class_weights, uneven.loss.class_weights) == ("none", "effective")


def test_classes_that_are_shown_equally_often_are_not_weighed_too() -> None:
    facts = Facts(500, 5, 64, unevenness=10)
    shown = Recipe().changed(["pictures.balanced=true"])
    assert settle(shown, facts).loss.class_weights == "none"
    asked = shown.changed(["loss.class_weights=effective"])
    assert settle(asked, facts).loss.class_weights == "effective"


@given(st.integers(2, 10**6), st.integers(0, 10**7))
def test_a_batch_is_never_larger_than_train_and_leaves_steps(pictures: int, seen: int) -> None:
    made = batch_for(Facts(pictures, 2, 32, affordable=seen))
    assert 1 <= made <= pictures
    assert made <= 1024
    assert made <= 16 or made * 8 <= pictures


HEADED = Facts(245, 2, 224, pretrained=True, is_headed=True)


def test_a_headed_network_warms_up_and_averages_its_weights() -> None:
    made = settle(Recipe(), HEADED)
    assert (made.average.name, made.average.decay) == ("ema", 0.95)
    assert made.schedule.warm_up == 0.1
    for facts in (THUMBNAILS, Facts(245, 2, 224, pretrained=True)):
        made = settle(Recipe(), facts)
        assert (made.average.name, made.average.decay, made.schedule.warm_up) == ("none", 0.99, 0)


@pytest.mark.parametrize(
    ("settings", "wanted"),
    [
        (["average.name=none"], ("none", 0.95)),
        (["average.decay=0.99"], ("ema", 0.99)),
        (["average.name=swa", "average.decay=0"], ("swa", 0.0)),
        (["optimiser.lookahead=5"], ("none", 0.95)),
    ],
)
def test_an_average_that_was_said_is_kept(settings: list[str], wanted: tuple[str, float]) -> None:
    made = settle(Recipe().changed(settings), HEADED)
    assert (made.average.name, made.average.decay) == wanted


@pytest.mark.parametrize("name", OPTIMISERS)
@pytest.mark.parametrize("is_headed", [False, True])
def test_weights_that_were_trained_get_a_small_rate_whichever_optimiser_is_named(
    name: str, is_headed: bool
) -> None:
    facts = Facts(245, 2, 224, pretrained=True, is_headed=is_headed)
    part = settle(Recipe().changed([f"optimiser.name={name}"]), facts).optimiser
    if name == "auto":
        assert (part.name, part.rate) == ("nesterov", 0.0003 if is_headed else 0.01)
    else:
        scratch, trained = RATES[name]
        assert (part.name, part.rate) == (name, trained)
        assert trained == pytest.approx(scratch / 10)
    assert part.rate_others == (3e-4 if name == "muon" else 0)
    said = ["optimiser.rate=0.7", "optimiser.rate_others=0.5", f"optimiser.name={name}"]
    assert settle(Recipe().changed(said), facts).optimiser.rate == 0.7
    assert settle(Recipe().changed(said), facts).optimiser.rate_others == 0.5


@pytest.mark.parametrize(
    ("augment", "mix", "settled", "practised"),
    [
        ("strong", "auto", "either", False), ("strong", "none", "none", True),
        ("strong", "cutmix", "cutmix", False), ("light", "auto", "none", True),
        ("light", "mixup", "mixup", False),
    ],
)  # fmt: skip
def test_a_preset_mixes_where_nothing_else_is_said_and_hard_pictures_come_where_none_are_mixed(
    augment: str, mix: str, settled: str, practised: bool
) -> None:
    said = Recipe().changed([f"pictures.augment={augment}", f"pictures.mix={mix}"])
    made = settle(said, Facts(42_500, 10, 32, affordable=150_000, whitens=True))
    assert made.pictures.mix == settled
    assert (made.practise.share < 1) == practised


def test_pictures_grow_by_themselves_only_where_the_network_takes_other_sizes() -> None:
    for grows, share in ((True, 0.6), (False, 1.0)):
        facts = Facts(42_500, 10, 32, affordable=200_000, whitens=True, grows=grows)
        assert settle(Recipe(), facts).pictures.grow_from == share
