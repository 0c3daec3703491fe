"""The recipe: one object, all faults at once, TOML in and out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from striate.errors import RecipeFault
from striate.training import recipe_file
from striate.training.recipe import Recipe
from striate.training.recipe_parts import OPTIMISERS


def test_defaults_are_a_valid_recipe_and_differ_from_nothing() -> None:
    assert Recipe().differences() == {}


def test_settings_as_typed_get_the_kind_of_their_knob() -> None:
    made = Recipe().changed(
        ["optimiser.rate=0.1", "pictures.balanced=yes", "batch=64", "loss.name=hinge", "epochs=3"]
    )
    assert (made.optimiser.rate, made.pictures.balanced, made.batch) == (0.1, True, 64)
    assert (made.loss.name, made.epochs, type(made.epochs)) == ("hinge", 3.0, float)
    assert set(made.differences()) == {
        "optimiser.rate", "pictures.balanced", "batch", "loss.name", "epochs",
    }  # fmt: skip


def test_all_faults_are_told_at_once() -> None:
    with pytest.raises(RecipeFault) as caught:
        Recipe().changed(["optimizer.rate=1", "batch=1.5", "loss.name=mse", "schedule.final=2"])
    told = caught.value.report()
    assert "'optimizer.rate' is no knob of the recipe; did you mean optimiser.rate?" in told
    assert "batch is a whole number, not '1.5'" in told
    with pytest.raises(RecipeFault) as caught:
        Recipe().changed(["loss.name=mse", "schedule.final=2", "optimiser.rate=nan"])
    told = caught.value.report()
    assert "loss.name is one of cross-entropy, hinge, not 'mse'" in told
    assert "schedule.final is from 0 to 1, not 2.0" in told
    assert "optimiser.rate is from 0 to 1000, not nan" in told


def test_faults_of_every_kind_are_told_together() -> None:
    with pytest.raises(RecipeFault, match=r"and 4 more") as caught:
        Recipe().changed(
            ["foo=1", "loss.smoothing=5", "batch=many", "loss.name=hinge", "optimiser.rate"]
        )
    told = caught.value.report()
    assert "'optimiser.rate' has no `=`" in told
    assert "'foo' is no knob" in told
    assert "batch is a whole number, not 'many'" in told
    assert "loss.smoothing is from -1 to 0.9, not 5.0" in told
    assert "the hinge has no labels to smooth" in told


def test_what_contradicts_is_refused_with_a_sentence() -> None:
    with pytest.raises(RecipeFault, match="the hinge has no labels to smooth"):
        Recipe().changed(["loss.name=hinge", "loss.smoothing=0.1"])
    with pytest.raises(RecipeFault, match="two averages of the same weights"):
        Recipe().changed(["average.name=ema", "optimiser.lookahead=5"])


@pytest.mark.parametrize("name", ["adamw", "muon"])
def test_coupled_decay_is_told_with_all_other_faults_where_an_optimiser_has_none(name: str) -> None:
    with pytest.raises(RecipeFault, match=r"and 1 more") as caught:
        Recipe().changed([f"optimiser.name={name}", "optimiser.coupled=true", "loss.smoothing=5"])
    assert f"optimiser.coupled: {name} has no coupled decay" in caught.value.report()
    for other in set(OPTIMISERS) - {"adamw", "muon"}:
        made = Recipe().changed([f"optimiser.name={other}", "optimiser.coupled=true"])
        assert made.optimiser.coupled


def test_a_preset_that_mixes_is_refused_beside_practising_unless_it_is_told_not_to() -> None:
    both = ["practise.share=0.3", "pictures.augment=strong"]
    with pytest.raises(
        RecipeFault, match=r"practise.share and pictures.augment=strong both decide"
    ):
        Recipe().changed(both)
    assert Recipe().changed([*both, "pictures.mix=none"]).practise.share == 0.3


def test_a_share_of_mixing_is_decided_or_large_enough_to_draw_from() -> None:
    for value in ("0", "0.01", "10"):
        assert Recipe().changed([f"pictures.mix_alpha={value}"]).pictures.mix_alpha == float(value)
    with pytest.raises(RecipeFault, match=r"mix_alpha is 0, which is decided, or 0\.01 and more"):
        Recipe().changed(["pictures.mix_alpha=0.001"])


def test_a_setting_without_a_sign_of_equality_is_refused() -> None:
    with pytest.raises(RecipeFault, match="has no `=`"):
        Recipe().changed(["optimiser.rate"])


@given(
    st.sampled_from(OPTIMISERS), st.floats(0, 1000), st.integers(0, 1000), st.booleans(),
    st.floats(0, 1),
)  # fmt: skip
def test_what_is_written_is_read_again(
    name: str, rate: float, batch: int, balanced: bool, final: float
) -> None:
    made = Recipe().with_values(
        {
            "optimiser.name": name, "optimiser.rate": rate, "batch": batch,
            "pictures.balanced": balanced, "schedule.final": final,
        }
    )  # fmt: skip
    assert recipe_file.from_text(recipe_file.to_text(made)) == made


@given(st.text())
def test_no_text_ends_in_anything_but_a_recipe_or_its_fault(text: str) -> None:
    try:
        recipe_file.from_text(text)
    except RecipeFault:
        return
