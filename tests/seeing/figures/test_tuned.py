"""The figure of tuning: roses reach where the answers are, and what has no preference is told as such."""

from __future__ import annotations

import numpy as np

from striate.seeing.figures.colours import ABOVE
from striate.seeing.figures.figure import Panel, Table
from striate.seeing.figures.tuned import rose, tuning_figure
from striate.seeing.inside.filters import Filters
from striate.seeing.inside.tuning import Preference, Tuning


def test_a_rose_reaches_towards_the_bars_that_are_liked() -> None:
    turns = np.full(12, 0.05)
    turns[3] = 1.0  # 45 degrees: from below on the left to above on the right
    inked = (rose(turns) == ABOVE).all(2)
    last = len(inked) - 1
    assert inked[last - 20, 20]
    assert inked[20, last - 20]
    assert not inked[20, 20]
    assert not inked[last // 2, 5]


def test_units_that_answer_to_nothing_are_counted_and_the_rest_have_numbers() -> None:
    answers = np.random.default_rng(0).random((3, 12, 4)) + 0.1
    found = Tuning("conv1", np.array([0.4, 0.3, 0.2, 0.1]), answers, answers, answers)
    liked = [
        (2, Preference(2.0, 45.2, 30.0, 0.5, 0.21, None, 1.4)),
        (0, Preference(1.0, None, None, 0.1, 0.1, 1.2, None)),
        (1, None),
    ]
    filters = Filters("conv1", np.ones((3, 3, 5, 5)), True)
    figure = tuning_figure("net", found, liked, filters)
    assert "3 units" in figure.lead
    assert "1 of them answer to no grating" in figure.lead
    panel = next(p for p in figure.parts if isinstance(p, Panel))
    assert [t.name for t in panel.tiles] == ["unit 2", "2", "", "unit 0", "0", ""]
    table = next(p for p in figure.parts if isinstance(p, Table))
    assert table.rows[0] == ("2", "2", "45°", "30°", "0.50", "0.210", "–", "1.40")
    assert table.rows[1][2:4] == ("any", "–")
    assert figure.facts["units"][2] == {"unit": 1, "answer": 0.0}
    assert tuning_figure("net", found, [(1, None)], None).parts == ()
