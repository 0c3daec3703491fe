"""Points over a cost, numbered, with intervals."""

from __future__ import annotations

import re

from striate.pages.chart_points import Point, best_for_cost, points


def point(number: int, cost: float, share: float) -> Point:
    return Point(number, f"m{number}", cost, share, (share - 0.05, share + 0.05), number == 1)


def places(figure: str) -> list[tuple[float, float]]:
    return [
        (float(x), float(y))
        for x, y in re.findall(r'<circle[^>]* cx="([\d.]+)" cy="([\d.]+)"', figure)
    ]


def test_better_is_higher_and_dearer_is_further_to_the_right() -> None:
    figure = points("T", [point(1, 100, 0.9), point(2, 1, 0.3)], "ms", "right")
    cheap, dear = places(figure)  # drawn last to first
    assert dear[0] > cheap[0]
    assert dear[1] < cheap[1]
    assert "m1 90.0% at 100; m2 30.0% at 1" in figure


def test_discs_at_the_same_place_are_moved_apart_and_say_where_they_belong() -> None:
    held = [point(i, 10, 0.5) for i in range(1, 6)] + [point(6, 1000, 0.7)]
    figure = points("T", held, "ms", "right")
    found = places(figure)
    assert all(
        (a - c) ** 2 + (b - d) ** 2 > 17**2
        for i, (a, b) in enumerate(found) for c, d in found[:i]
    )  # fmt: skip
    assert figure.count('class="axis"') > 4 + 1


def test_the_line_goes_through_those_that_no_cheaper_one_reaches() -> None:
    held = [point(1, 5, 0.9), point(2, 1, 0.5), point(3, 3, 0.4), point(4, 9, 0.9)]
    assert [one.number for one in best_for_cost(held)] == [2, 1]


def test_points_without_a_cost_are_left_out_and_none_make_no_figure() -> None:
    assert points("T", [point(1, 0, 0.5)], "ms", "right") == ""
    assert places(points("T", [point(1, 0, 0.5), point(2, 3, 0.5)], "ms", "right"))


def test_names_are_escaped_where_they_are_told() -> None:
    figure = points("T", [Point(1, "<b>", 1, 0.5, (0.4, 0.6))], "ms", "right")
    assert "<b>" not in figure
    assert "&lt;b&gt;" in figure
