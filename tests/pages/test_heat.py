"""Shaded tables: counts, shades, colours that nobody confuses, and ink that stays readable."""

from __future__ import annotations

import re

import numpy as np
import pytest

from striate.pages.heat import confusion_table, shortened, whisker, with_interval
from striate.pages.style import STYLE
from tests.pages.reading import Read

Colour = tuple[float, ...]
DARK = "prefers-color-scheme: dark"
# Machado, Oliveira and Fernandes 2009: what people without one kind of cones see, on linear light.
BLINDNESS = {
    "protan": [[0.1523, 1.0526, -0.2049], [0.1145, 0.7863, 0.0992], [-0.0039, -0.0481, 1.052]],
    "deutan": [[0.3673, 0.8606, -0.228], [0.2801, 0.6725, 0.0474], [-0.0118, 0.0429, 0.9689]],
    "tritan": [[1.2555, -0.0767, -0.1788], [-0.0784, 0.9308, 0.1476], [0.0047, 0.6914, 0.3039]],
}


def colours(is_dark: bool) -> dict[str, Colour]:
    """The colours of the style by day or by night."""
    start = STYLE.index(DARK) if is_dark else 0
    block = STYLE[STYLE.index(":root", start) : STYLE.index("}", start)]
    found: dict[str, Colour] = {}
    for name, value in re.findall(r"--(\w+):\s*([^;]+);", block):
        if value.startswith("#"):
            digits = value[1:] if len(value) == 7 else "".join(2 * d for d in value[1:])
            found[name] = tuple(int(digits[i : i + 2], 16) for i in (0, 2, 4))
        else:
            found[name] = tuple(int(part) for part in value.split(","))
    return found


def linear(colour: Colour) -> np.ndarray:
    held = np.array(colour) / 255
    return np.where(held <= 0.04045, held / 12.92, ((held + 0.055) / 1.055) ** 2.4)


def contrast(one: Colour, other: Colour) -> float:
    """As WCAG 2 counts it."""
    lights = sorted(float(linear(c) @ [0.2126, 0.7152, 0.0722]) for c in (one, other))
    return (lights[1] + 0.05) / (lights[0] + 0.05)


def laid_over(colour: Colour, alpha: float, ground: Colour) -> Colour:
    return tuple(alpha * c + (1 - alpha) * g for c, g in zip(colour, ground, strict=True))


def lab(light: np.ndarray) -> np.ndarray:
    xyz = (
        np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
        @ light
    )
    f = np.cbrt(np.maximum(xyz / [0.9505, 1, 1.089], 0))
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def test_counts_stand_in_rows_of_truth_and_the_darkest_is_the_largest_share() -> None:
    classes = ["a", "b", "<c>"]
    counts = [[8, 2, 0], [0, 5, 5], [1, 0, 99]]
    page = confusion_table(classes, counts, "confusion")
    read = Read(page)
    assert not read.faults
    assert read.text.split("\n")[1:] == ["a 8 2 10", "b 5 5 10", "<c> 1 99 100"]
    cells = [held for held in read.all("td") if "style" in held]
    shades = {held["title"]: float(held["style"].removeprefix("--a:")) for held in cells}
    assert shades["a said to be b: 2 of 10 (20.0%)"] < shades["b said to be <c>: 5 of 10 (50.0%)"]
    assert max(shades.values()) <= 0.72
    kinds = {held["title"].split(":")[0]: held["class"] for held in cells}
    assert kinds["b said to be b"] == "right"
    assert kinds["<c> said to be a"] == "wrong"


@pytest.mark.parametrize("is_dark", [False, True])
def test_ink_is_readable_on_every_shade(is_dark: bool) -> None:
    held = colours(is_dark)
    for name in ("right", "wrong"):
        for alpha in (0.14, 0.4, 0.72):
            ground = laid_over(held[name], alpha, held["ground"])
            assert contrast(held["ink"], ground) >= 4.5, (name, alpha)
    for name in ("ink", "soft", "mark", "error", "warning", "note"):
        assert contrast(held[name], held["ground"]) >= 4.5, name
        assert contrast(held[name], held["panel"]) >= 4.5, name
    for name in ("one", "two", "three"):
        assert contrast(held[name], held["ground"]) >= 3, name


@pytest.mark.parametrize("is_dark", [False, True])
@pytest.mark.parametrize("kind", BLINDNESS)
def test_pairs_of_colours_stay_apart_for_the_colour_blind(is_dark: bool, kind: str) -> None:
    held, seen = colours(is_dark), np.array(BLINDNESS[kind])
    shades = {name: laid_over(held[name], 0.5, held["ground"]) for name in ("right", "wrong")}
    for one, other in ((held["one"], held["two"]), (shades["right"], shades["wrong"])):
        apart = lab(np.clip(seen @ linear(one), 0, 1)) - lab(np.clip(seen @ linear(other), 0, 1))
        assert np.linalg.norm(apart) > 25


def test_many_classes_become_small_and_long_names_short() -> None:
    names = [f"class {i} of a name that is far too long" for i in range(20)]
    counts = np.eye(20, dtype=int).tolist()
    page = confusion_table(names, counts, "confusion")
    assert 'class="heat dense"' in page
    assert f'title="{names[3]}"' in page
    assert f">{names[3]}<" not in page
    assert shortened("ab", 2) == "ab"
    assert len(shortened("abcdefghij", 5)) == 5


def test_a_whisker_lies_within_its_line() -> None:
    assert 'left:20.0%;width:50.0%"></i><b style="left:30.0%"' in whisker(0.3, (0.2, 0.7))
    assert 'left:0.0%;width:100.0%"></i><b style="left:100.0%"' in whisker(1.2, (-1, 2))
    assert "<i" not in whisker(0.5, None)


def test_an_interval_stands_beside_its_value() -> None:
    assert with_interval(0.5, (0.25, 1.0)) == "50.0% <small>(25.0–100)</small>"
    assert with_interval(None, None) == "–"
