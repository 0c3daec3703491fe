"""What is decided before step 0."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from striate.training.course import Course, of_epochs, of_steps, sides
from striate.training.recipe import Recipe


@given(st.integers(0, 5000), st.integers(1, 500), st.integers(1, 40), st.floats(0.25, 1))
def test_a_course_survives_json(steps: int, per_epoch: int, looks: int, grow: float) -> None:
    recipe = Recipe().with_values({"looks": looks, "pictures.grow_from": grow})
    made = of_steps(recipe, steps, per_epoch, 64, 32, why=("because",), device="cpu")
    assert Course.from_dict(json.loads(json.dumps(made.to_dict()))) == made


def test_epochs_are_whole_batches_and_a_set_smaller_than_a_batch_is_one_step() -> None:
    made = of_epochs(Recipe().changed(["epochs=2"]), 1000, 128, 32)
    assert (made.steps, made.steps_per_epoch) == (14, 7)
    tiny = of_epochs(Recipe().changed(["epochs=3"]), 10, 16, 32)
    assert (tiny.steps, tiny.steps_per_epoch) == (3, 1)


@given(st.integers(8, 256), st.floats(0.25, 0.99), st.floats(0.1, 1), st.integers(10, 10_000))
def test_sides_never_shrink_and_end_at_the_full_size(
    size: int, grow: float, until: float, steps: int
) -> None:
    recipe = Recipe().with_values({"pictures.grow_from": grow, "pictures.grow_until": until})
    made = sides(recipe, steps, size)
    if made:
        assert made[0][0] == 0
        assert [s for _, s in made] == sorted(s for _, s in made)
        assert made[-1][1] == size
        assert [f for f, _ in made] == sorted(f for f, _ in made)
        assert made[-1][0] <= steps


def test_without_growth_pictures_have_the_size_they_have() -> None:
    made = of_steps(Recipe(), 100, 10, 64, 32)
    assert made.side_at(0) is None
    grown = of_steps(Recipe().changed(["pictures.grow_from=0.5"]), 100, 10, 64, 32)
    assert [grown.side_at(s) for s in (0, 44, 45, 74, 75, 99)] == [16, 16, 24, 24, 32, 32]
