"""Features before the last layer: the right numbers, from any module, with the network left alone."""

from __future__ import annotations

import copy
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from striate.errors import CannotTrain, NotFinite
from striate.grammar.plan import Plan
from striate.pictures.dataset import Dataset
from striate.pictures.opening import open_data
from striate.pictures.prepare import Preparation
from striate.pictures.source import Arrays
from striate.pictures.store.cache import Keeping, Prepared, prepared
from striate.training.frozen import Cut, cut, features, fused_copy, key
from striate.training.frozen_head import fit_head
from striate.zoo.pretrained import pretrained
from tests.pictures.sets import numbers

TEXT = (
    "3x12x12: conv3p1-8 bn relu max2 stage1=({conv3p1-8 bn relu conv3p1-8 bn}) relu gap drop0.5 fc4"
)
EACH = np.arange(50)


def network(text: str = TEXT) -> nn.Module:
    """A network whose batch norms have seen something."""
    made = Plan.read(text).build().train()
    with torch.no_grad():
        for _ in range(3):
            made(torch.randn(16, 3, 12, 12) * 2 + 1)
    return made.eval()


def pictures(data: Dataset | None = None, **more) -> Prepared:
    return prepared(data or numbers(), Preparation((12, 12), **more), Keeping(on_disk=False))


def inputs(given: Prepared, rows: NDArray[np.int64], mirror: bool = False) -> Tensor:
    """N C H W by the other executor of the preparation, NumPy."""
    pixels = given.take(rows)
    return torch.from_numpy(given.preparation.normalise(pixels[:, :, ::-1] if mirror else pixels))


@pytest.mark.parametrize("mirror", [False, True])
def test_features_are_what_enters_the_last_layer(mirror: bool) -> None:
    made, given = network(), pictures()
    with torch.no_grad():
        wanted = made[:-1](inputs(given, EACH, mirror)).numpy()  # type: ignore[index]
    found = features(made, given, EACH, mirror=mirror)
    assert found.shape == (50, 8)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-5)


def test_rows_come_in_the_order_asked_for_whatever_the_batch() -> None:
    made, given = network(), pictures()
    whole = features(made, given, EACH)
    some = np.array([7, 3, 49, 3])
    seen: list[tuple[int, int]] = []
    found = features(
        made, given, some, batch=3, progress=lambda done, total: seen.append((done, total))
    )
    np.testing.assert_allclose(found, whole[some], rtol=1e-5, atol=1e-6)
    assert seen == [(3, 4), (4, 4)]
    assert features(made, given, EACH[:0]).shape == (0, 8)


def test_one_thread_or_three_give_the_same_and_torch_keeps_its_own_number() -> None:
    made, given, before = network(), pictures(), torch.get_num_threads()
    try:
        found = []
        for threads in (1, 3):
            torch.set_num_threads(threads)
            found.append(features(made, given, EACH, batch=4))
            assert torch.get_num_threads() == threads
    finally:
        torch.set_num_threads(before)
    np.testing.assert_allclose(found[0], found[1], rtol=1e-5, atol=1e-6)


def test_the_network_stays_as_it_was() -> None:
    made = network().train()
    list(made.modules())[2].eval()
    modes = [module.training for module in made.modules()]
    held = {name: tensor.clone() for name, tensor in made.state_dict().items()}
    before = torch.get_rng_state()
    features(made, pictures(), EACH)
    assert modes == [module.training for module in made.modules()]
    assert all(torch.equal(held[name], tensor) for name, tensor in made.state_dict().items())
    assert not any(module._forward_hooks for module in made.modules())
    assert all(parameter.grad is None for parameter in made.parameters())
    assert torch.equal(before, torch.get_rng_state())


class Foreign(nn.Module):
    """As people write them: parts called in `forward`, the head not last among the names of a sequence."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, stride=2)
        self.norm = nn.BatchNorm2d(8)
        self.gate = nn.Linear(8, 8)
        self.classifier = nn.Sequential(nn.Dropout(0.5), nn.Linear(8, 4))

    def before(self, x: Tensor) -> Tensor:
        x = torch.relu(self.norm(self.stem(x))).mean((2, 3))
        return x * torch.sigmoid(self.gate(x))

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(self.before(x))


def test_any_module_that_ends_in_its_last_linear_serves() -> None:
    made, given = Foreign().eval(), pictures()
    assert cut(made) == Cut("classifier.1", 8, 4)
    with torch.no_grad():
        wanted = made.before(inputs(given, EACH)).numpy()
    np.testing.assert_allclose(features(made, given, EACH), wanted, rtol=1e-4, atol=1e-5)


def test_networks_of_torchvision_are_cut_where_their_features_end() -> None:
    from torchvision import models

    widths = {
        "resnet18": 512, "mobilenet_v2": 1280, "vgg11": 4096, "densenet121": 1024, "googlenet": 1024,
        "shufflenet_v2_x0_5": 1024, "vit_b_16": 768, "convnext_tiny": 768,
    }  # fmt: skip
    for name, width in widths.items():
        with torch.device("meta"):
            more = {"aux_logits": True, "init_weights": False} if name == "googlenet" else {}
            found = cut(models.get_model(name, weights=None, **more))
        assert (found.width, found.outputs) == (width, 1000), name


def test_batch_norms_become_part_of_the_convolutions_before_them() -> None:
    made = network()
    fused = fused_copy(made)
    left = [module for module in fused.modules() if isinstance(module, nn.BatchNorm2d)]
    assert not left
    x = torch.randn(4, 3, 12, 12)
    with torch.no_grad():
        torch.testing.assert_close(fused(x), made(x), rtol=1e-4, atol=1e-5)


def test_an_activation_that_is_used_twice_keeps_its_place_between_the_two() -> None:
    relu, conv, norm = nn.ReLU(), nn.Conv2d(3, 5, 3), nn.BatchNorm2d(5)
    made = nn.Sequential(relu, conv, relu, norm, relu).eval()
    x = torch.randn(4, 3, 12, 12)
    with torch.no_grad():
        torch.testing.assert_close(fused_copy(made)(x), made(x))
    assert isinstance(fused_copy(made)[3], nn.BatchNorm2d)  # type: ignore[index]


def test_a_fused_copy_that_answers_otherwise_is_not_used() -> None:
    class Tapped(nn.Module):
        """Also uses what lies between a convolution and its norm."""

        def __init__(self) -> None:
            super().__init__()
            self.chain = nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8))
            nn.init.uniform_(self.chain[1].weight, 2, 3)  # type: ignore[arg-type]
            self.head = nn.Linear(8, 4)

        def before(self, x: Tensor) -> Tensor:
            return (self.chain(x) + self.chain[0](x)).mean((2, 3))

        def forward(self, x: Tensor) -> Tensor:
            return self.head(self.before(x))

    made, given = Tapped().eval(), pictures()
    with torch.no_grad():
        wanted = made.before(inputs(given, EACH)).numpy()
        otherwise = fused_copy(made).before(inputs(given, EACH)).numpy()  # type: ignore[operator]
    assert np.abs(otherwise - wanted).max() > 0.01
    np.testing.assert_allclose(features(made, given, EACH), wanted, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("end", ["fc4", "fc4 scale0.125", "fc4 softmax"])
def test_a_head_that_is_attached_answers_what_it_answered(end: str) -> None:
    made, given = network(TEXT.replace("fc4", end)), pictures()
    place = cut(made)
    found = features(made, given, EACH)
    rng = np.random.default_rng(3)
    head = SimpleNamespace(
        weight=rng.normal(size=(6, 8)).astype(np.float32),
        bias=rng.normal(size=6).astype(np.float32),
    )
    place.attach(made, head)
    with torch.no_grad():
        got = made.eval()(inputs(given, EACH)).numpy()
    np.testing.assert_allclose(got, found @ head.weight.T + head.bias, rtol=1e-3, atol=1e-4)
    assert (place.layer(made).out_features, place.layer(made).training) == (6, False)


def test_a_head_of_another_width_is_refused() -> None:
    made = network()
    head = SimpleNamespace(weight=np.zeros((4, 9), np.float32), bias=np.zeros(4, np.float32))
    with pytest.raises(CannotTrain, match="the head is for 9 features, this network has 8"):
        cut(made).attach(made, head)


def test_a_network_without_a_last_linear_is_refused_with_what_to_do() -> None:
    with pytest.raises(CannotTrain, match="no fully connected layer.*take one that ends in `fc`"):
        cut(Plan.read("3x12x12: conv3-8 relu conv1-4 gap flatten").build())
    with pytest.raises(
        CannotTrain, match=r"'2' \(ReLU\) comes after the last fully connected layer '1'"
    ):
        cut(nn.Sequential(nn.Flatten(), nn.Linear(432, 4), nn.ReLU()))


def test_a_network_that_answers_something_else_than_its_last_linear_is_refused() -> None:
    class Twisted(Foreign):
        def forward(self, x: Tensor) -> Tensor:
            return super().forward(x).flip(1)

    with pytest.raises(CannotTrain, match="does not answer what its last fully connected layer"):
        features(Twisted().eval(), pictures(), EACH)

    class Idle(Foreign):
        def forward(self, x: Tensor) -> Tensor:
            return self.before(x)[:, :4]

    with pytest.raises(CannotTrain, match="'classifier.1' runs 0 times"):
        features(Idle().eval(), pictures(), EACH)


def test_features_that_are_no_numbers_name_the_picture() -> None:
    class Broken(Foreign):
        def before(self, x: Tensor) -> Tensor:
            made = super().before(x)
            return made / (x.mean((1, 2, 3)) > 1.9)[:, None]  # not finite for black pictures alone

    pixels = np.full((20, 12, 12, 3), 255, np.uint8)
    pixels[17] = 0
    data = numbers(20)
    data = Dataset(
        "a set", Arrays(pixels, "pixels"), data.paths, data.classes, data.labels, data.split
    )
    with pytest.raises(NotFinite, match=r"features of 1 picture\(s\) are not finite") as met:
        features(Broken().eval(), pictures(data), np.arange(20), batch=2)
    assert "0017" in met.value.where


def test_bf16_features_are_near_those_in_fp32() -> None:
    made, given = network(), pictures()
    plain, short = (features(made, given, EACH, precision=kind) for kind in ("fp32", "bf16"))
    assert not np.array_equal(plain, short)
    assert np.abs(plain - short).max() < 0.05 * np.abs(plain).max()


def test_the_key_changes_with_everything_that_features_depend_on() -> None:
    made, given = network(), pictures()
    same = key(made, given, EACH, False)
    assert len(same) == 64
    assert key(copy.deepcopy(made), pictures(), EACH, False) == same
    other = copy.deepcopy(made)
    with torch.no_grad():
        next(other.parameters())[0] += 1e-6
    shown = numbers()
    pixels = shown.source.pictures.copy()  # type: ignore[attr-defined]
    pixels[31, 2, 2, 1] ^= 1
    changed = Dataset(
        "a set", Arrays(pixels, "numbers"), shown.paths, shown.classes, shown.labels, shown.split
    )
    keys = [
        same,
        key(other, given, EACH, False),
        key(made, given, EACH, True),
        key(made, given, EACH[::-1], False),
        key(made, given, EACH[:-1], False),
        key(made, pictures(std=(0.2, 0.2, 0.2)), EACH, False),
        key(made, pictures(changed), EACH, False),
        key(made, given, EACH, False, precision="bf16"),
    ]
    assert len(set(keys)) == len(keys)


def test_the_key_is_the_same_whatever_the_last_layer_is() -> None:
    made, given = network(), pictures()
    same = key(made, given, EACH, False)
    last = cut(made)
    made.set_submodule(last.name, torch.nn.Linear(last.width, 7))
    assert key(made, given, EACH, False) == same


def test_a_head_on_frozen_features_tells_ants_from_bees(data: Path) -> None:
    """A third of train: 0.987 was measured; the whole of it gives 0.980, and 0.993 at 289 pixels."""
    file = data / "weights" / "mobilenet_v2_imagenet_from_tf2_ptq.pth"
    if not file.exists() or not (data / "hymenoptera").is_dir():
        pytest.skip("needs hymenoptera and the weights of MobileNetV2 in the shared data")
    loaded = pretrained("mobilenet_v2", file)
    how = Preparation((257, 257), ratio=0.875, mean=loaded.mean or (), std=loaded.std or ())
    given = prepared(open_data(data / "hymenoptera"), how, Keeping(on_disk=False, skip_bad=True))
    train, val = given.dataset.places("train")[::3], given.dataset.places("val")
    shown, asked = (features(loaded.network, given, rows) for rows in (train, val))
    labels = given.dataset.labels
    head = fit_head(shown, labels[train], asked, labels[val], 2)
    assert head.val_accuracy >= 0.95
    place = cut(loaded.network)
    place.attach(loaded.network, head)
    with torch.inference_mode():
        answers = loaded.network(inputs(given, val[:20])).argmax(1).numpy()
    assert np.array_equal(answers, head.logits(asked[:20]).argmax(1))
