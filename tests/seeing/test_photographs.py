"""MobileNetV2 on photographs of ants and bees: what is seen belongs to what it learned, and is not chance."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch

from striate.seeing.believe.shuffled import shuffled, twin_of
from striate.seeing.inside.neighbours import embeddings, nearest, precision_at
from striate.seeing.why.methods import Question, explain
from striate.verbs.see_opened import Opened, read_pictures
from striate.verbs.see_zoo import opened_from_zoo

WEIGHTS = "mobilenet_v2_imagenet_from_tf2_ptq.pth"
ANT, BEE = "ant", "bee"


@cache
def network(folder: Path) -> Opened:
    return opened_from_zoo("mobilenet_v2", str(folder / "weights" / WEIGHTS))


@pytest.fixture
def seen(data: Path) -> Opened:
    if not (data / "weights" / WEIGHTS).is_file():
        pytest.skip("needs the weights of MobileNetV2 in the shared data")
    return network(data)


def photographs(data: Path, label: str, count: int) -> list[str]:
    folder = data / "hymenoptera" / "val" / label
    if not folder.is_dir():
        pytest.skip("needs the photographs of hymenoptera in the shared data")
    found = sorted(str(p) for p in folder.iterdir() if p.suffix.lower() == ".jpg")
    return found[:: max(1, len(found) // count)][:count]


def tensors(seen: Opened, names: list[str]) -> torch.Tensor:
    shown = read_pictures(names, seen.preparation)
    return seen.tensor(np.stack([one.pixels for one in shown]))


def test_neighbours_have_the_same_label_more_often_than_by_chance(seen: Opened, data: Path) -> None:
    names = [photographs(data, label, 24) for label in ("ants", "bees")]
    x = tensors(seen, names[0] + names[1])
    labels = np.repeat([0, 1], [len(one) for one in names])
    own = np.arange(len(x))

    def precision(model: torch.nn.Module) -> float:
        index = embeddings(model, x.split(16))
        return precision_at(nearest(index, index, 5, own), labels, labels)

    learned, drawn = precision(seen.network), precision(shuffled(seen.network))
    assert learned > 0.75  # by chance a half
    assert drawn < learned - 0.1


def test_class_activation_maps_and_occlusion_agree_on_where_and_not_with_their_twins(
    seen: Opened, data: Path
) -> None:
    names = [*photographs(data, "ants", 8)[:4], *photographs(data, "bees", 8)[:4]]
    x = tensors(seen, names)
    targets = torch.tensor([seen.place(ANT)] * 4 + [seen.place(BEE)] * 4)
    question = Question(seen.network, x, targets)
    cam = explain(question, "cam")
    _, alike = twin_of(cam, question)
    assert all(one is not None for one in alike)
    assert np.mean([abs(one) for one in alike if one is not None]) < 0.5
    # Where the map is high a grey patch costs more of the score than where it is low.
    costs = []
    for i in range(len(x)):
        high, low = (_covered(x[i], cam.values[i], best) for best in (True, False))
        with torch.no_grad():
            told = seen.network(torch.stack([x[i], high, low]))[:, targets[i]]
        costs.append(float(told[2] - told[1]))
    assert np.mean(costs) > 0.5
    assert np.sum(np.array(costs) > 0) >= 6


def _covered(picture: torch.Tensor, values: np.ndarray, best: bool, side: int = 64) -> torch.Tensor:
    """A square of the mean colour where a map is greatest, or least, on the mean of the square."""
    pooled = torch.nn.functional.avg_pool2d(torch.from_numpy(values)[None, None], side, stride=16)[
        0, 0
    ]
    at = int(pooled.argmax() if best else pooled.argmin())
    row, column = (16 * v for v in divmod(at, pooled.shape[1]))
    made = picture.clone()
    made[:, row : row + side, column : column + side] = 0
    return made


@pytest.mark.slow
def test_occlusion_of_a_photograph_is_sensible_and_its_twin_is_another(
    seen: Opened, data: Path
) -> None:
    x = tensors(seen, photographs(data, "bees", 8)[:2])
    question = Question(seen.network, x, torch.tensor([seen.place(BEE)] * 2))
    occlusion = explain(question, "occlusion")
    _, alike = twin_of(occlusion, question)
    assert all(abs(one) < 0.6 for one in alike if one is not None)
    cam = explain(question, "cam")
    for one, other in zip(occlusion.values, cam.values, strict=True):
        assert np.corrcoef(one.ravel(), other.ravel())[0, 1] > 0.2
