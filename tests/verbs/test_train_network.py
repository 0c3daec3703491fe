"""Which network is trained, and what its weights begin with."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
import torch

from striate.errors import CannotTrain, FileFault, PlanError, UnknownModel
from striate.shipping.network import weights_of
from striate.verbs.train_network import (
    checked,
    choose,
    model_of,
    norms_of,
    planned,
    stated,
    with_weights,
)
from striate.verbs.train_order import Order
from striate.zoo.catalogue import plan_of
from striate.zoo.pretrained import Loaded
from tests.verbs import made


def chosen(model: str, shape: tuple[int, int, int] = (3, 8, 8), classes: int = 3, seed: int = 0):
    return choose(model, shape, classes, pretrained=None, seed=seed, announce=lambda _: None)


def test_a_text_is_bound_to_the_pictures_and_the_classes() -> None:
    found = chosen("conv3p1-4 bn relu gap fc10", (3, 12, 9))
    assert found.name == "own text"
    assert found.text == "3x12x9: conv3p1-4 bn relu gap fc3"
    assert found.network(torch.zeros(2, 3, 12, 9)).shape == (2, 3)
    assert found.parameters == 4 * 27 + 8 + 4 * 3 + 3
    assert found.macs == 12 * 9 * 4 * 27 + 12


def test_a_seed_decides_the_weights_and_leaves_the_draws_of_others_alone() -> None:
    torch.manual_seed(1)
    wanted = torch.rand(3)
    torch.manual_seed(1)
    one, same, other = (chosen("conv3p1-4 gap fc", seed=seed).network for seed in (5, 5, 6))
    assert torch.equal(torch.rand(3), wanted)
    values = [torch.nn.utils.parameters_to_vector(n.parameters()) for n in (one, same, other)]
    assert torch.equal(values[0], values[1])
    assert not torch.equal(values[0], values[2])


@pytest.mark.parametrize(
    ("model", "given"),
    [
        ("auto", None), ("timm:resnet18", None), ("resnet18", None), ("conv3-4 gap fc", None),
        ("3x12x20: conv3-4 gap fc", (3, 12, 20, False)),
    ],
)  # fmt: skip
def test_only_a_text_states_an_input(model: str, given: tuple[int, ...] | None) -> None:
    assert stated(model) == given


def test_a_name_that_nobody_has_is_answered_with_what_is_near() -> None:
    with pytest.raises(UnknownModel) as caught:
        checked(Order("digits", "resnet81"), 10)
    assert "resnet18" in caught.value.hint


def test_a_network_that_does_not_fit_the_pictures_says_which_they_are() -> None:
    with pytest.raises(CannotTrain, match="pictures of 3x8x8: conv9-4 does not fit"):
        planned("conv9-4 gap fc", (3, 8, 8), 2)
    with pytest.raises(PlanError):
        stated("3x8x8: conv3-4 gap fk")


def test_weights_from_a_file_that_is_not_there_are_refused() -> None:
    with pytest.raises(FileFault, match="no file cats"):
        checked(Order("digits", pretrained="cats"), 10)
    checked(Order("digits", pretrained=""), 10)


def test_the_network_of_the_run_it_starts_from_is_meant_unless_another_is_named() -> None:
    source = str(made.digits().path)
    assert model_of(Order("digits", source=source)) == made.MODEL
    assert model_of(Order("digits", "resnet18", source=source)) == "resnet18"
    assert model_of(Order("digits")) == "auto"
    assert model_of(Order("digits", pretrained="")) == "mobilenet_v2"


def test_weights_that_fit_are_taken_and_the_rest_is_new_and_said() -> None:
    tensors = weights_of(made.digits().path)
    found = with_weights(chosen(made.MODEL, (1, 8, 8), 3), tensors, "runs/a")
    state = found.network.state_dict()
    assert torch.equal(state["conv1.weight"], tensors["conv1.weight"])
    assert state["fc1.weight"].shape[0] == 3
    assert found.notes == ("started from runs/a: 6 of 8 tensors; new: fc1.bias, fc1.weight",)
    with pytest.raises(CannotTrain, match="no weights of runs/a fit"):
        with_weights(chosen("conv5-7 gap fc"), tensors, "runs/a")


def test_the_norms_of_a_network_are_found() -> None:
    assert len(list(norms_of(chosen("conv3p1-4 bn relu conv3p1-4 bn gap fc").network))) == 2


@pytest.fixture
def weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, torch.Tensor]:
    """Published weights that need no download: what `pretrained` gives, and a file that stands for them."""
    plan = plan_of("resnet20-cifar")
    network = plan.build()
    loaded = Loaded(network, plan, (0.4, 0.5, 0.6), (0.2, 0.2, 0.2), ("a note",))
    monkeypatch.setattr("striate.zoo.pretrained.pretrained", lambda *_, **__: loaded)
    (tmp_path / "w.pth").write_bytes(b"weights")
    monkeypatch.chdir(tmp_path)
    return network.state_dict()


def test_weights_of_another_number_of_channels_are_refused(
    weights: dict[str, torch.Tensor],
) -> None:
    with pytest.raises(CannotTrain, match="trained on 3 channels, these have 1"):
        choose("resnet20-cifar", (1, 32, 32), 2, pretrained="w.pth", seed=0, announce=print)


def test_pretrained_weights_come_with_a_new_head_for_these_classes(
    weights: dict[str, torch.Tensor],
) -> None:
    found = choose("resnet20-cifar", (3, 32, 32), 2, pretrained="w.pth", seed=0, announce=print)
    state = found.network.state_dict()
    same = [name for name in weights if weights[name].shape == state[name].shape]
    assert len(weights) - len(same) == 2
    assert all(torch.equal(weights[name], state[name]) for name in same)
    assert state["fc1.weight"].shape[0] == 2
    assert found.pretrained == {
        "source": "w.pth", "licence": "as the file's source says",
        "sha256": hashlib.sha256(b"weights").hexdigest(),
    }  # fmt: skip
    assert (found.mean, found.notes) == ((0.4, 0.5, 0.6), ("a note",))


def test_timm_networks_are_built_for_the_channels_and_a_typo_gets_what_is_near() -> None:
    pytest.importorskip("timm")
    found = chosen("timm:resnet10t", (1, 32, 32), 4)
    assert found.text == "timm:resnet10t channels=1"
    assert found.plan is None
    assert found.network.eval()(torch.zeros(1, 1, 32, 32)).shape == (1, 4)
    with pytest.raises(CannotTrain) as caught:
        chosen("timm:resnet10")
    assert "did you mean timm:resnet" in caught.value.hint


def test_a_network_of_timm_for_one_size_alone_says_which() -> None:
    pytest.importorskip("timm")
    with pytest.raises(CannotTrain, match=r"takes no pictures of 64 x 64: Input height") as caught:
        chosen("timm:vit_tiny_patch16_224", (3, 64, 64))
    assert caught.value.hint == "--set pictures.size=224"
    assert chosen("timm:test_resnet", (3, 64, 64)).network.training
