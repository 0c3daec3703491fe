"""Networks of the zoo are looked into without a run: prepared as their weights want it, classes by name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torchvision import models

from striate.errors import FileFault, UsageError
from striate.verbs import see, see_inside
from striate.verbs.see_inside import Inside
from striate.verbs.see_why import Why, why
from striate.verbs.see_zoo import is_meant, opened_from_zoo
from tests.verbs.made import followed, photographs


def test_weights_of_a_file_answer_as_in_torchvision_on_a_picture_it_prepares(
    tmp_path: Path,
) -> None:
    torch.manual_seed(3)
    theirs = models.get_model("resnet18", weights=None).eval()
    torch.save(theirs.state_dict(), tmp_path / "weights.pth")
    seen = opened_from_zoo("resnet18", str(tmp_path / "weights.pth"))
    pixels = np.random.default_rng(0).integers(0, 256, (2, 224, 224, 3), np.uint8)
    with torch.no_grad():
        ours = seen.network(seen.tensor(pixels))
        asked = (torch.from_numpy(pixels).permute(0, 3, 1, 2) / 255).float()
        mean, std = (
            torch.tensor(v).view(1, 3, 1, 1) for v in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
        )
        torch.testing.assert_close(ours, theirs((asked - mean) / std), atol=1e-4, rtol=1e-4)
    assert (seen.preparation.size, seen.preparation.ratio) == ((224, 224), 224 / 256)
    assert seen.classes[:3] == ("tench", "goldfish", "great white shark")
    assert seen.notes == ()


def test_classes_without_names_have_numbers_and_that_is_said(tmp_path: Path) -> None:
    drawn = opened_from_zoo("resnet20-cifar", "random")
    torch.save(drawn.network.state_dict(), tmp_path / "w.pth")
    seen = opened_from_zoo("resnet20-cifar", str(tmp_path / "w.pth"))
    assert seen.classes == tuple("0123456789")
    assert "mean 0.5" in seen.notes[0]
    assert "have numbers" in seen.notes[1]
    for mine, other in zip(seen.network.parameters(), drawn.network.parameters(), strict=True):
        torch.testing.assert_close(mine, other, rtol=0, atol=0)


def test_drawn_weights_are_the_same_again_and_the_figure_says_that_they_are_drawn() -> None:
    seen, again = (opened_from_zoo("lenet5", "random", seed=4) for _ in range(2))
    other = opened_from_zoo("lenet5", "random", seed=5)
    one, same, apart = (next(iter(s.network.parameters())) for s in (seen, again, other))
    assert torch.equal(one, same)
    assert not torch.equal(one, apart)
    figure = see.with_notes(see_inside.filters(seen, Inside()), seen)
    assert "drawn at random" in figure.lead
    assert figure.facts["notes"] == list(seen.notes)
    assert see.with_notes(figure, "a run") is figure


def test_why_asks_a_network_that_is_open_already() -> None:
    seen = opened_from_zoo("resnet20-cifar", "random")
    picture = str(photographs() / "cat" / "003.jpg")
    _, figure = followed(why(seen, [picture], Why("cam", checks=0)))
    assert figure.title == "Why? resnet20-cifar"
    assert figure.facts["pictures"][0]["asked"] in "0123456789"


def test_what_is_no_network_of_the_zoo_or_has_no_weights_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UsageError, match="no weights of its own") as fault:
        opened_from_zoo("resnet18")
    assert "--weights FILE" in fault.value.hint
    with pytest.raises(UsageError, match="is not one") as fault:
        opened_from_zoo("resnt18", "random")
    assert "resnet18" in fault.value.hint
    with pytest.raises(FileFault, match=r"no file nowhere\.pth"):
        opened_from_zoo("resnet18", "nowhere.pth")
    monkeypatch.chdir(tmp_path)
    assert is_meant("resnet18")
    (tmp_path / "resnet18").mkdir()
    assert not is_meant("resnet18")
    with pytest.raises(UsageError, match="a run or a file here"):
        opened_from_zoo("resnet18", "random")


def test_a_download_is_told_before_it_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Stop(Exception):
        pass

    monkeypatch.setenv("TORCH_HOME", str(tmp_path))

    def announce(text: str) -> None:
        assert "torchvision" in text
        raise Stop

    with pytest.raises(Stop):
        opened_from_zoo("shufflenet_v2_x0_5", "published", announce)


def test_the_command_takes_a_name_of_the_zoo(
    striate: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = striate("see", "lenet5", "filters", "--weights", "random", "-o", "f.html")
    assert done.code == 0, done.err
    assert "drawn at random" in done.err
    assert "drawn at random" in (tmp_path / "f.html").read_text(encoding="utf-8")
    assert striate("see", "lenet5", "filters").code == 2
