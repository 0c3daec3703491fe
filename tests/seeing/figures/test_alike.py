"""The figure of two pictures says the answer, the errors and where the distance lies among pairs."""

from __future__ import annotations

import numpy as np
import pytest

from striate.judging.intervals import Interval, Measure
from striate.seeing.figures.alike import Judged, Pair, same_figure
from striate.seeing.figures.figure import Chart, Panel, Table
from striate.seeing.inside.pairs import Counted, Rates, Threshold

PIXELS = np.zeros((8, 8, 3), np.uint8)


def judged(threshold: Threshold) -> Judged:
    share = Measure(0.04, Interval(0.02, 0.07))
    counts = np.zeros(4096, np.int64)
    counts[100], counts[400] = 8, 2
    rates = Rates(share, share, share, share, share, Measure(), (10, 20), 9)
    return Judged(threshold, rates, Counted(counts, counts[::-1].copy()), "val of x", "test of x")


@pytest.mark.parametrize(
    ("distance", "said", "answer"),
    [(0.1, "The same", "same"), (0.5, "Not sure", "not sure"), (0.9, "Different", "different")],
)
def test_the_answer_is_told_with_its_errors(distance: float, said: str, answer: str) -> None:
    pair = Pair(("a/one.png", "b/two.png"), (PIXELS, PIXELS), distance)
    figure = same_figure("net", pair, judged(Threshold(0.4, 0.2, 0.6)))
    panel, table, chart = figure.parts
    assert isinstance(panel, Panel)
    assert isinstance(table, Table)
    assert isinstance(chart, Chart)
    assert panel.said.startswith(f"{said}: {distance:.3f} apart")
    assert [t.note for t in panel.tiles] == ["one.png", "two.png"]
    assert table.rows[0][1:] == ("4.00 %", "2.00 to 7.00 %")
    assert table.rows[-1][1:] == ("–", "–")
    assert chart.series[2].points == ((distance, 0.0), (distance, 1.0))
    assert max(y for _, y in chart.series[0].points) == 1
    assert figure.facts["answer"] == answer
    assert figure.facts["rates"]["accepted"] == {"value": 0.04, "interval_95": [0.02, 0.07]}
    np.testing.assert_array_equal(figure.arrays["rate: accepted"], [0.04, 0.02, 0.07])
    assert figure.arrays["distance, threshold, low, high"].tolist() == [distance, 0.4, 0.2, 0.6]


def test_without_a_band_there_are_two_errors() -> None:
    pair = Pair(("a", "b"), (PIXELS, PIXELS), 0.1)
    figure = same_figure("net", pair, judged(Threshold(0.4, 0.4, 0.4)))
    panel, table = figure.parts[:2]
    assert isinstance(panel, Panel)
    assert isinstance(table, Table)
    assert len(table.rows) == 2
    assert "different above." in panel.said
