"""Figures as SVG."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from striate.pages.chart import histogram


def rects(text: str) -> list[dict[str, str]]:
    return [e.attrib for e in ET.fromstring(text).iter() if e.tag.endswith("rect")]


def test_bars_are_as_high_as_their_counts() -> None:
    found = rects(histogram([10, 0, 5, 1000], ["0", "1", "2", "3", "4"], "sizes"))
    heights = [float(bar["height"]) for bar in found]
    assert heights[1] == 0
    assert heights[2] / heights[3] == pytest.approx(1.5 / heights[3], abs=1e-3)
    assert heights[3] == max(heights)
    bottoms = {round(float(bar["y"]) + float(bar["height"]), 0) for bar in found}
    assert len(bottoms) == 1


def test_a_histogram_names_itself_and_its_bars() -> None:
    text = histogram([1, 2], ["1", "<2", "3"], "a & b")
    ET.fromstring(text)
    assert 'role="img" aria-label="a &amp; b"' in text
    assert "<title>1 to &lt;2: 1</title>" in text


def test_a_histogram_of_nothing_is_still_a_figure() -> None:
    assert rects(histogram([0], ["1", "2"], "none"))[0]["height"] == "0.0"
