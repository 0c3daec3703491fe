"""A kernel of a run slides over what its layer sees, and gives what the network gives there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from striate.errors import CannotLookInside
from striate.grammar.plan import Plan
from striate.lectures.conv import conv
from striate.pictures.prepare import Preparation
from striate.seeing.tap import tap
from striate.verbs.see_opened import Opened
from striate.verbs.show_run import taken
from tests.verbs.made import digits

TEXT = "3x12x12: conv3p1s2-4 relu conv3d2g2p1-6 relu gap fc2"


@pytest.fixture
def picture(tmp_path: Path) -> str:
    drawn = np.random.default_rng(0).integers(0, 256, (12, 12, 3), np.uint8)
    Image.fromarray(drawn).save(tmp_path / "p.png")
    return str(tmp_path / "p.png")


@pytest.mark.parametrize(("layer", "unit"), [("conv1", 3), ("conv2", 1), ("conv2", 5)])
def test_what_slides_gives_the_map_of_the_network(picture: str, layer: str, unit: int) -> None:
    torch.manual_seed(0)
    network = Plan.read(TEXT).build().eval()
    seen = Opened(Path("net"), network, Preparation((12, 12)), ("a", "b"))
    found = taken(seen, picture, layer, unit)
    shown = conv(found.x, found.kernel, found.slide, found.note)
    with tap(network, layer) as told:
        network(seen.tensor(np.asarray(Image.open(picture))[None]))
    np.testing.assert_allclose(shown.arrays["output"], told[layer][0, unit].numpy(), atol=1e-5)
    assert f"filter {unit} of {layer} of net over p.png" in shown.lines[0]


def test_a_filter_that_is_not_there_is_told(picture: str) -> None:
    with pytest.raises(CannotLookInside, match="there is no filter 99"):
        taken(str(digits().path), picture, None, 99)


def test_the_command_takes_a_run_and_refuses_what_it_would_not_use(
    striate: Callable, picture: str
) -> None:
    run = str(digits().path)
    done = striate("show", "conv", "--run", run, "--unit", "2", "--image", picture)
    assert done.code == 0, done.err
    assert "filter 2 of conv1" in done.out
    for more, text in (
        (("--run", run, "--image", picture, "--stride", "2"), "--run does not use --stride"),
        (("--run", run), "--run needs a picture"),
        (("--unit", "2"), "--unit is used with --run alone"),
    ):
        done = striate("show", "conv", *more)
        assert done.code == 2
        assert text in done.err
