"""Lines: read back from the figure by its own axes, they are the values that went in."""

from __future__ import annotations

import math

import numpy as np
import pytest

from striate.pages.chart_lines import Mark, Scale, Series, lines
from tests.pages.reading import figure, numbers, parts, places

STEP = Scale(("step", ""))


def read_back(svg: str, kind: str, is_log: bool = False) -> list[tuple[float, float]]:
    """Points in values: the places of two numbers at each axis say what a place means."""

    def scale(anchor: str, which: int, through: bool) -> tuple[float, float]:
        texts = {k.replace(",", ""): v[which] for k, v in numbers(svg, anchor).items()}
        held = sorted((float(k), at) for k, at in texts.items() if k.replace(".", "").isdigit())
        (a, at_a), (b, at_b) = held[0], held[-1]
        first, last = (math.log(a), math.log(b)) if through else (a, b)
        slope = (last - first) / (at_b - at_a)
        return slope, first - slope * at_a

    across, up = scale("middle", 0, False), scale("end", 1, is_log)
    found = []
    for x, y in places(svg, kind):
        value = up[0] * (y + 4) + up[1]  # a number stands 4 below the line it belongs to
        found.append((across[0] * x + across[1], math.exp(value) if is_log else value))
    return found


@pytest.mark.parametrize("is_log", [False, True])
def test_a_line_goes_through_its_values(rng: np.random.Generator, is_log: bool) -> None:
    points = tuple((float(i * 37), float(v)) for i, v in enumerate(rng.uniform(0.05, 3, 12)))
    svg = lines("Loss", [Series("val", "s1", points)], Scale(("step", ""), is_log=is_log))
    found = read_back(svg, "s1", is_log)
    for (x, y), (u, v) in zip(points, found, strict=True):
        assert u == pytest.approx(x, abs=0.5)
        assert v == pytest.approx(y, rel=0.01, abs=0.01)


def test_two_lines_differ_in_dash_and_are_named() -> None:
    both = [Series("val", "s1", ((0, 1), (1, 2))), Series("train", "s2", ((0, 3), (1, 4)))]
    svg = lines("Loss", both, STEP)
    names = [e.text for e in figure(svg).iter() if e.attrib.get("class") == "name"]
    assert sorted(map(str, names)) == ["train", "val"]
    assert len(parts(svg, "line", "s1")) == len(parts(svg, "line", "s2")) == 1
    assert "val begins with 1 at step 0 and ends with 2 at 1" in svg


def test_what_cannot_be_drawn_is_left_out() -> None:
    odd = ((0, 1.0), (1, float("nan")), (2, float("inf")), (float("nan"), 1.0), (3, 2.0))
    assert len(places(lines("Loss", [Series("", "s1", odd)], STEP), "s1")) == 2
    low = ((0, 0.0), (1, -1.0), (2, 0.1), (3, 1.0))
    logarithm = Scale(("step", ""), is_log=True)
    assert len(places(lines("Loss", [Series("", "s1", low)], logarithm), "s1")) == 2
    assert lines("Loss", [Series("", "s1", ((0, -1.0),))], logarithm) == ""
    assert lines("Loss", [], STEP) == ""


def test_one_point_alone_is_a_dot() -> None:
    svg = lines("Loss", [Series("val", "s1", ((40, 0.5),))], STEP)
    assert len(parts(svg, "circle", "s1 dot")) == 1
    assert "val begins with 0.5 at step 40" in svg


def test_a_long_line_is_thinned_and_keeps_its_end() -> None:
    points = tuple((float(i), float(i % 7)) for i in range(10_001))
    svg = lines("Loss", [Series("", "s1", points)], STEP)
    held = places(svg, "s1")
    assert len(held) < 500
    assert held[-1][0] == pytest.approx(420 - 14, abs=0.1)
    assert not parts(svg, "circle", "s1 dot")


def test_a_marked_point_has_a_ring_on_it_and_words_inside_the_figure() -> None:
    points = ((0.0, 1.0), (50.0, 0.2), (100.0, 0.6))
    for x, y in points:
        svg = lines("Loss", [Series("", "s1", points)], STEP, [Mark(x, y, "<lowest>")])
        (ring,) = parts(svg, "circle", "ring")
        assert (float(ring["cx"]), float(ring["cy"])) in places(svg, "s1")
        (said,) = parts(svg, "text", "said")
        assert said["text-anchor"] == ("end" if x > 50 else "start")
        assert 48 < float(said["y"]) < 262
        assert "&lt;lowest&gt;" in svg
