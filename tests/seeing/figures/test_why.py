"""The figure of `why` says what was found, with the verdicts that follow and no others."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from striate.seeing.believe.deletion import Area, Areas
from striate.seeing.figures.figure import Panel, Table
from striate.seeing.figures.page import LARGEST, page_of
from striate.seeing.figures.why import Asked, Checked, why_figure
from striate.seeing.why.methods import BY_NAME, Maps

PIXELS = np.full((6, 8, 3), 100, np.uint8)
ASKED = Asked("there/is/cat.jpg", PIXELS, (("cat", 0.99999), ("dog", 0.00001)), "cat")


def maps(method: str, value: float = 1.0) -> Maps:
    return Maps(method, np.full((1, 6, 8), value), ("",), 0.0123)


def test_a_blank_map_is_said_to_be_blank_and_history_stands_apart() -> None:
    figure = why_figure("T", [ASKED], [maps("cam", 0.0), maps("guided")], {})
    panel = next(p for p in figure.parts if isinstance(p, Panel))
    assert panel.title == "is/cat.jpg"
    assert panel.said == "The answer: cat > 99.9 %, dog < 0.1 %. The maps ask: why cat?"
    _, cam, guided = panel.tiles
    assert (cam.note, cam.is_apart) == ("blank: 0 everywhere", False)
    assert guided.is_apart
    assert guided.note.endswith("fails randomisation tests")
    table = figure.parts[0]
    assert isinstance(table, Table)
    assert [row[2:] for row in table.rows] == [("12 ms", "–"), ("12 ms", "–")]
    assert figure.arrays["cam"].shape == (1, 6, 8)


def test_each_area_is_told_beside_chance_and_better_means_outside_of_it() -> None:
    better = Areas(Area(0.1, 0.5, 0.3, 0.7), Area(0.9, 0.5, 0.3, 0.7))
    neither = Areas(Area(0.4, 0.5, 0.3, 0.7), Area(0.7, 0.5, 0.3, 0.7))
    checks = {
        ("cam", 0): Checked(maps("cam"), None, -0.25, better),
        ("smooth", 0): Checked(maps("smooth"), 0.5, 1.0, neither),
        ("gradcam", 0): Checked(maps("gradcam"), None, None, None),
    }
    figure = why_figure("T", [ASKED], [maps("cam"), maps("smooth"), maps("gradcam", 0.0)], checks)
    table = figure.parts[-1]
    assert isinstance(table, Table)
    assert table.is_below
    assert table.rows == (
        ("HiResCAM", "– (blank)", "−0.25", "0.10 (0.30–0.70) better", "0.90 (0.30–0.70) better"),
        ("SmoothGrad²", "0.50", "1.00", "0.40 (0.30–0.70) no better", "0.70 (0.30–0.70) no better"),
        ("Grad-CAM", "– (blank)", "– (blank)", "– (blank)", "– (blank)"),
    )
    assert figure.facts["pictures"][0]["checks"]["gradcam"]["insertion"] is None
    assert "trust" in figure.parts[0].said  # type: ignore[union-attr]
    assert figure.facts["pictures"][0]["checks"]["smooth"]["alike"] == 0.5


def test_a_page_of_two_hundred_pictures_by_all_methods_stays_below_three_megabytes(
    rng: np.random.Generator,
) -> None:
    names = tuple(BY_NAME)
    shape = (200, 32, 32)  # too small to keep less of each
    pixels = rng.integers(0, 256, (*shape, 3), np.uint8)
    asked = [ASKED._replace(name=f"{i}.png", pixels=one) for i, one in enumerate(pixels)]
    found = [Maps(name, rng.normal(size=shape), ("",) * 200, 0.1) for name in names]
    areas = Areas(Area(0.1, 0.5, 0.3, 0.7), Area(0.9, 0.5, 0.3, 0.7))
    twin = Maps("", rng.normal(size=(1, 32, 32)), ("",), 0.1)
    checks = {
        (name, i): Checked(replace(twin, method=name), 0.1, 0.2, areas)
        for name in names
        for i in range(200)
    }
    text = page_of(why_figure("T", asked, found, checks))
    assert len(text.encode()) <= LARGEST
    assert "200 panels that stand below others and " in text
    assert "whole parts are left out, from the last on: --npz has their numbers" in text
    assert "<h3>0.png</h3>" in text
