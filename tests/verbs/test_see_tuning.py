"""Tuning of a run: the most selective unit first, one unit by number, any layer."""

from __future__ import annotations

import numpy as np
import pytest

from striate.errors import UsageError
from striate.verbs.see_inside import Inside
from striate.verbs.see_tuning import tuning
from tests.verbs.made import digits, photos


def test_units_of_a_run_stand_in_the_order_of_their_selectivity() -> None:
    figure = tuning(str(digits().path), Inside())
    told = [u["selectivity"] for u in figure.facts["units"] if u["answer"]]
    assert told == sorted(told, reverse=True)
    assert figure.arrays["answers"].shape[:2] == (4, 12)
    assert tuning(str(digits().path), Inside()).facts == figure.facts
    one = tuning(str(digits().path), Inside(unit=2))
    assert [u["unit"] for u in one.facts["units"]] == [2]
    with pytest.raises(UsageError, match="conv1 has 4 units"):
        tuning(str(digits().path), Inside(unit=4))


def test_the_scores_themselves_are_units_too() -> None:
    figure = tuning(str(photos().path), Inside(layer="fc1"))
    assert figure.arrays["answers"].shape[0] == 2
    assert np.isfinite(figure.arrays["answers"]).all()
