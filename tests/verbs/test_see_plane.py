"""Hyperplanes of a run: its own held-out pictures, or others whose labels it may not know."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from striate.verbs.see_crowd import Crowd
from striate.verbs.see_opened import opened
from striate.verbs.see_plane import hyperplanes
from striate.verbs.train_order import Working
from tests.verbs.made import folder, followed, photographs, photos


def test_pictures_lie_in_a_plane_with_the_classes_of_the_network() -> None:
    events, figure = followed(hyperplanes(str(photos().path), Crowd(data=str(photographs()))))
    assert isinstance(events[0], Working)
    assert events[0].total == 40
    assert figure.arrays["places"].shape == (40, 2)
    assert figure.facts["classes"] == ["cat", "dog"]
    assert sorted(set(figure.arrays["labels"].tolist())) == [0, 1]
    assert 0 < figure.facts["shown"] <= 1


def test_a_label_that_the_network_does_not_know_is_none(tmp_path: Path) -> None:
    other = folder(tmp_path / "other", ("bird", "dog"), (3, 3))
    seen = opened(photos().path)
    _, figure = followed(hyperplanes(seen, Crowd(data=str(other))))
    np.testing.assert_array_equal(figure.arrays["labels"], [-1, -1, -1, 1, 1, 1])
