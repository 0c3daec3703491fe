"""The factor on the rate: curves by hand, and what holds for all of them."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from striate.training.recipe_parts import SchedulePart
from striate.training.schedule import factor

NAMES = ("linear", "constant", "cosine", "one-cycle", "step")


def curve(steps: int, **knobs: object) -> list[float]:
    """All factors of a schedule."""
    part = SchedulePart(**knobs)  # type: ignore[arg-type]
    return [factor(part, step, steps) for step in range(steps)]


def test_linear_falls_evenly_and_the_last_step_still_moves() -> None:
    assert curve(5) == pytest.approx([1, 0.8, 0.6, 0.4, 0.2])
    assert curve(4, final=0.5) == pytest.approx([1, 0.875, 0.75, 0.625])


def test_constant_is_one() -> None:
    assert curve(3, name="constant") == [1, 1, 1]


def test_cosine_is_half_a_wave() -> None:
    assert curve(4, name="cosine") == pytest.approx(
        [1, (1 + 0.5**0.5) / 2, 0.5, (1 - 0.5**0.5) / 2]
    )
    assert curve(2, name="cosine", final=0.5) == pytest.approx([1, 0.75])


def test_step_drops_at_each_share_and_never_below_final() -> None:
    drops = [1] * 25 + [0.1] * 25 + [0.01] * 25 + [0.001] * 25
    assert curve(100, name="step", step_every=0.25) == pytest.approx(drops)
    assert curve(100, name="step", step_every=0.25, final=0.02)[-1] == 0.02


@pytest.mark.parametrize("tenths", range(1, 10))
def test_a_drop_comes_at_its_step_though_a_quotient_is_rounded(tenths: int) -> None:
    made = curve(10, name="step", step_every=0.1, step_factor=0.5)
    assert made[tenths] == pytest.approx(0.5**tenths)


def test_warm_up_multiplies_on_the_first_steps() -> None:
    plain, warm = curve(10), curve(10, warm_up=0.4)
    assert warm == pytest.approx([p * min(1, (t + 1) / 4) for t, p in enumerate(plain)])
    assert curve(10, name="constant", warm_up=1.0) == pytest.approx(
        [(t + 1) / 10 for t in range(10)]
    )


def test_one_cycle_goes_up_on_three_tenths_then_down_half_a_wave() -> None:
    made = curve(10, name="one-cycle")
    assert made[:3] == pytest.approx([1 / 3, 2 / 3, 1])
    assert made[3:] == pytest.approx([(1 + math.cos(math.pi * k / 7)) / 2 for k in range(7)])
    assert curve(10, name="one-cycle", warm_up=0.5)[:5] == pytest.approx([0.2, 0.4, 0.6, 0.8, 1])


@given(
    name=st.sampled_from(NAMES),
    warm_up=st.floats(0, 1),
    final=st.floats(0, 1),
    every=st.floats(0.001, 1),
    by=st.floats(0, 1),
    steps=st.integers(1, 200),
)
def test_every_factor_of_every_schedule_is_a_share_of_the_rate(
    name: str, warm_up: float, final: float, every: float, by: float, steps: int
) -> None:
    part = SchedulePart(name, warm_up, final, every, by)
    made = [factor(part, step, steps) for step in range(steps)]
    assert all(0 <= f <= 1 + 1e-12 for f in made)
    if (
        name != "step" or by > 0.5 or final > 1e-300
    ):  # others may end below the smallest number there is
        assert all(f > 0 for f in made)
    if not warm_up and name != "one-cycle":
        assert made[0] == 1
        assert all(a >= b - 1e-12 for a, b in itertools.pairwise(made))


@pytest.mark.parametrize("step", [-1, 10, 11])
def test_a_step_outside_of_the_course_is_refused(step: int) -> None:
    with pytest.raises(ValueError, match="none of the steps 0 to 9"):
        factor(SchedulePart(), step, 10)


def test_a_schedule_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="no schedule is called 'poly'"):
        factor(replace(SchedulePart(), name="poly"), 0, 1)
