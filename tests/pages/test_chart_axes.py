"""Axes: round numbers that hold all values, and places that are in proportion."""

from __future__ import annotations

import numpy as np
import pytest

from striate.pages import chart_axes as axes
from striate.pages.chart_axes import along, upright


def test_an_axis_holds_all_values_and_few_round_numbers(rng: np.random.Generator) -> None:
    for _ in range(300):
        low = float(rng.normal()) * 10.0 ** float(rng.integers(-6, 7))
        values = [low, low + float(rng.exponential()) * 10.0 ** float(rng.integers(-6, 7))]
        axis = upright(values)
        slack = 1e-6 * (axis.high - axis.low)
        assert axis.low - slack <= min(values) <= max(values) <= axis.high + slack
        assert 2 <= len(axis.ticks) <= 8
        steps = np.diff(axis.ticks)
        assert np.allclose(steps, steps[0], rtol=1e-6)
        assert f"{steps[0]:.0e}"[0] in "125"


def test_shares_stay_between_nothing_and_all() -> None:
    for values in ([0.0, 1.0], [0.993, 1.0], [1.0], [0.0], [0.5]):
        axis = upright(values, is_share=True)
        assert 0 <= axis.low < axis.high <= 1
        assert axis.low <= values[0] <= axis.high
    assert upright([0.93, 0.97], is_share=True).text(0.95) == "95%"


@pytest.mark.parametrize(
    ("low", "high", "wanted"),
    [
        (0.07, 1.7, (0.05, 0.1, 0.2, 0.5, 1, 2)),
        (1.0, 1.0, (1, 2)),
        (0.5, 0.6, (0.5, 1)),
        (3e-4, 20, (1e-3, 1e-2, 1e-1, 1, 10)),
    ],
)
def test_a_logarithm_begins_and_ends_at_round_numbers(
    low: float, high: float, wanted: tuple[float, ...]
) -> None:
    axis = upright([low, high], is_log=True)
    assert axis.ticks == pytest.approx(wanted)
    assert axis.low <= low <= high <= axis.high


def test_a_logarithm_over_many_decades_keeps_few_numbers() -> None:
    assert len(upright([1e-20, 1e20], is_log=True).ticks) <= 8


def test_equal_ratios_are_equally_far_apart_on_a_logarithm() -> None:
    axis = upright([0.01, 100], is_log=True)
    parts = [axis.part(10.0**i) for i in (-2, -1, 0, 1, 2)]
    assert np.allclose(np.diff(parts), 0.25)


def test_steps_are_whole_numbers_and_the_axis_ends_with_the_values() -> None:
    axis = along(417)
    assert axis.high == 417
    assert axis.ticks == (0, 100, 200, 300, 400)
    assert all(tick == int(tick) for tick in along(5).ticks)
    assert along(0).high > 0


def test_places_are_in_proportion_and_never_outside() -> None:
    axis = along(10)
    assert axes.x_at(axis, 5) == (axes.x_at(axis, 0) + axes.x_at(axis, 10)) / 2
    assert axes.x_at(axis, 99) == axes.x_at(axis, 10)
    assert axes.y_at(axis, 10) < axes.y_at(axis, 0)


def test_texts_in_a_figure_are_escaped() -> None:
    assert "&lt;b&gt;" in axes.text(0, 0, "<b>", "start")
    assert 'aria-label="a &amp; &quot;b&quot;"' in axes.whole([], 'a & "b"')
    assert "<title>&lt;i&gt;</title>" in axes.dot(0, 0, 1, "disc", "<i>")
