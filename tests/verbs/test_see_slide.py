"""A run slides over a picture: the grid is what the classifier says of crops."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from striate.errors import CannotLookInside, FileFault, Unreadable, UsageError
from striate.pictures.files import read, resized, to_png
from striate.seeing.figures.figure import Panel
from striate.verbs.see_opened import opened
from striate.verbs.see_slide import Sliding, slide
from striate.verbs.train_order import Working
from tests.verbs.made import digits, followed, photos


@pytest.fixture
def picture(tmp_path: Path) -> str:
    rng = np.random.default_rng(2)
    path = tmp_path / "large.png"
    path.write_bytes(to_png(resized(rng.integers(0, 256, (5, 6, 3), np.uint8), 20, 24)))
    return str(path)


def test_the_grid_covers_the_picture_and_agrees_with_crops_as_far_as_it_says(picture: str) -> None:
    events, figure = followed(slide(str(photos().path), Sliding((picture,), "dog")))
    assert events == [Working("sliding", 0, 1)]
    assert figure.facts["class"] == "dog"
    assert figure.facts["how"] == "convolution"
    assert figure.facts["grid"] == [13, 17]
    seen = opened(photos().path)
    pixels = read(picture, seen.preparation.rules)
    crops = np.stack([pixels[r : r + 8, q : q + 8] for r in (0, 6, 12) for q in (0, 8, 16)])
    scores = seen.network(seen.tensor(crops)).detach() / seen.temperature
    told = scores.softmax(1)[:, seen.place("dog")].numpy()
    mine = figure.arrays["scores"][::6, ::8]
    part = np.exp((mine - mine.max(2, keepdims=True)) / seen.temperature)
    shares = (part / part.sum(2, keepdims=True))[:, :, seen.place("dog")].ravel()
    assert np.abs(shares - told).max() <= figure.facts["apart"] + 1e-5


def test_without_a_class_the_likeliest_anywhere_is_looked_for(picture: str) -> None:
    _, figure = followed(slide(str(photos().path), Sliding((picture,))))
    shares = figure.arrays["probability"]
    assert shares.max() >= 0.5
    assert figure.facts["class"] in ("cat", "dog")


def test_a_grey_network_reads_the_picture_grey_and_scale_makes_it_larger(picture: str) -> None:
    _, figure = followed(slide(str(digits().path), Sliding((picture,), scale=2.0)))
    assert figure.facts["grid"] == [33, 41]
    tile = next(part for part in figure.parts if isinstance(part, Panel)).tiles[0]
    assert tile.pixels is not None
    assert tile.pixels.shape == (40, 48, 3)


def test_faults_say_what_would_do(picture: str, tmp_path: Path) -> None:
    run = str(photos().path)
    with pytest.raises(UsageError, match="one picture"):
        followed(slide(run, Sliding((picture, picture))))
    with pytest.raises(UsageError, match="no class 'moose'"):
        followed(slide(run, Sliding((picture,), "moose")))
    with pytest.raises(FileFault, match="nowhere.png is no file"):
        followed(slide(run, Sliding(("nowhere.png",))))
    with pytest.raises(CannotLookInside, match="smaller than the 8x8"):
        followed(slide(run, Sliding((picture,), scale=0.1)))
    with pytest.raises(CannotLookInside, match="4,800,000 pixels"):
        followed(slide(run, Sliding((picture,), scale=100.0)))
    bad = tmp_path / "bad.png"
    bad.write_bytes(b"no picture")
    with pytest.raises(Unreadable, match=r"bad\.png"):
        followed(slide(run, Sliding((str(bad),))))
