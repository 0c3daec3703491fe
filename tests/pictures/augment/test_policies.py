"""RandAugment and TrivialAugment: drawn by us, carried out by torchvision."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from striate.pictures.augment import policies
from striate.pictures.augment.draws import Draws
from striate.pictures.augment.policies import Policy
from tests.pictures.sets import numbers

SLOTS = np.arange(60)


@pytest.fixture
def pictures() -> np.ndarray:
    return numbers(60, side=24).source.pictures.copy()  # type: ignore[attr-defined]


@pytest.mark.parametrize("kind", ["trivial", "rand"])
def test_pictures_change_by_their_address_and_keep_their_shape(pictures, kind) -> None:
    step = Policy(kind)
    whole = step(pictures.copy(), Draws(1, 0, 60), SLOTS)
    assert whole.shape == pictures.shape
    assert (whole != pictures).any(axis=(1, 2, 3)).mean() > 0.5
    some = SLOTS[5:50:7]
    torch.manual_seed(99)
    assert np.array_equal(step(pictures[some], Draws(1, 0, 60), some), whole[some])


@pytest.mark.parametrize("which", range(14))
@pytest.mark.parametrize("channels", [1, 3])
def test_every_change_of_the_table_works_at_its_extremes(which, channels) -> None:
    pictures = numbers(4, side=24, channels=channels).source.pictures.copy()  # type: ignore[attr-defined]
    for strength in (0.0, 0.5, 0.999):
        for sign in (0.0, 0.9):
            drawn = np.array([[[(which + 0.5) / 14, strength, sign]]] * 4)
            made = Policy().apply(pictures.copy(), drawn)
            assert made.shape == pictures.shape


def test_the_changes_are_those_of_torchvision() -> None:
    transforms = pytest.importorskip("torchvision.transforms")
    wide = transforms.TrivialAugmentWide()._augmentation_space(31)
    theirs = {
        "ShearX": "shear x", "ShearY": "shear y", "TranslateX": "move x", "TranslateY": "move y",
        "Rotate": "turn", "Brightness": "brightness", "Color": "colour", "Contrast": "contrast",
        "Sharpness": "sharpness", "Solarize": "solarize",
    }  # fmt: skip
    for name, ours in theirs.items():
        most = float(wide[name][0].max())
        assert policies._WIDE[ours] == pytest.approx(most)
    rand = transforms.RandAugment()._augmentation_space(31, (331, 331))
    for name in ("ShearX", "Rotate", "Brightness", "Contrast"):
        assert policies._RAND[theirs[name]] == pytest.approx(float(rand[name][0].max()))
    assert len(wide) == len(policies._WIDE)


def test_without_torchvision_the_fault_says_what_to_install(pictures, monkeypatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "torchvision.transforms.v2.functional", None)
    from striate.errors import MissingExtra

    with pytest.raises(MissingExtra, match=r"augment by a policy"):
        Policy()(pictures, Draws(0, 0, 60), SLOTS)
