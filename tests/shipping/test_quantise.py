"""Eight bits: smaller, still the network, and honest about what they cost."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from onnx import numpy_helper

from striate.errors import StriateError
from striate.grammar.plan import Plan
from striate.judging.compare import paired
from striate.pictures.files import Rules, decode
from striate.shipping.quantise import CALIBRATED_ON, _correct_biases, quantised
from striate.shipping.session import Session
from striate.shipping.to_onnx import loaded, tensor_graph
from striate.zoo.pretrained import pretrained

TEXT = "3x16x16: conv3p1-16 bn relu conv3p1-32 bn relu max2 conv3p1-64 bn relu gap fc4"


@pytest.mark.parametrize("reduced", [True, False])
def test_eight_bits_are_smaller_and_give_nearly_the_same(reduced: bool) -> None:
    torch.manual_seed(0)
    tensor = tensor_graph(Plan.read(TEXT).build().eval(), (3, 16, 16))
    images = torch.randn(40, 3, 16, 16).numpy()
    small = quantised(tensor, images, {"int8": True}, reduced)
    assert len(small) < 0.6 * len(tensor)
    whole, coarse = (Session(data, threads=1) for data in (tensor, small))
    wanted, found = whole.run(images), coarse.run(images)
    assert 0 < np.abs(wanted - found).max() < 0.2 * np.abs(wanted).max()
    assert coarse.facts == {"format": 1, "int8": True}


def test_a_graph_that_cannot_be_quantised_is_a_sentence() -> None:
    with pytest.raises(StriateError, match="cannot quantise"):
        quantised(b"no graph", np.zeros((1, 3, 4, 4), np.float32), {})


def layer(kind: str) -> tuple[torch.nn.Conv2d | torch.nn.Linear, torch.Tensor, int]:
    """A layer, inputs of which every picture is flat, and how many steps its weights get at seven bits."""
    flat = torch.rand(20, 4, 1, 1).expand(20, 4, 5, 5).contiguous()
    match kind:
        case "plain":
            return torch.nn.Conv2d(4, 6, 3), flat, 64
        case "no bias":
            return torch.nn.Conv2d(4, 6, 3, bias=False), flat, 64
        case "groups":
            return torch.nn.Conv2d(4, 6, 3, groups=2), flat, 64
        case "depthwise":
            return torch.nn.Conv2d(4, 4, 3, groups=4), flat, 127
        case _:
            return torch.nn.Linear(7, 3), torch.rand(20, 7), 64


@pytest.mark.parametrize("reduced", [True, False])
@pytest.mark.parametrize("kind", ["plain", "no bias", "groups", "depthwise", "linear"])
def test_a_bias_gets_back_what_rounding_takes_on_average(kind: str, reduced: bool) -> None:
    torch.manual_seed(0)
    module, images, steps = layer(kind)
    wanted = module(images).detach().mean(0)
    made = tensor_graph(module, tuple(images.shape[1:]))  # type: ignore[arg-type]
    model = loaded(made)
    _correct_biases(model, images.numpy(), reduced)
    held = {one.name: numpy_helper.to_array(one) for one in model.graph.initializer}
    (node,) = [one for one in model.graph.node if one.op_type in ("Conv", "Gemm")]
    with torch.no_grad():
        for row in module.weight:  # one filter after another, as the quantiser does it
            step = row.abs().max() / (steps if reduced else 127)
            row.copy_((row / step).round() * step)
        plain = module(images).mean(0) if module.bias is not None else None
        module.bias = torch.nn.Parameter(torch.from_numpy(held[node.input[2]].copy()))
        found = module(images).mean(0)
    assert torch.allclose(found, wanted, atol=1e-5)
    assert plain is None or not torch.allclose(plain, wanted, atol=1e-4)
    assert len(held) == 2  # the old bias is gone


@pytest.mark.parametrize("reduced", [True, False])
def test_the_quantiser_makes_the_whole_numbers_that_were_reckoned_with(reduced: bool) -> None:
    torch.manual_seed(1)
    module = torch.nn.Conv2d(4, 6, 3)
    tensor = tensor_graph(module, (4, 5, 5))
    made = loaded(quantised(tensor, torch.randn(20, 4, 5, 5).numpy(), {}, reduced))
    arrays = [numpy_helper.to_array(one) for one in made.graph.initializer]
    (whole,) = [one for one in arrays if one.shape == (6, 4, 3, 3)]
    assert whole.dtype == np.int8
    for row, found in zip(module.weight.detach().numpy().astype(np.float64), whole, strict=True):
        step = np.abs(row).max() / (64 if reduced else 127)
        assert np.array_equal(found, np.rint(row / step))


@pytest.mark.slow
@pytest.mark.parametrize(
    "file", ["resnet20-12fca82f.th", "resnet56-4bfd9763.th"], ids=["resnet20", "resnet56"]
)
def test_eight_bits_lose_at_most_half_a_point_of_ten_thousand_pictures(
    data: Path, file: str
) -> None:
    depth = int(file[6:8])
    with zipfile.ZipFile(data / "cifar10/cifar10_jpeg_q75_60000.zip") as held:
        names = sorted(name for name in held.namelist() if name.endswith(".jpg"))
        classes = sorted({name.split("/")[-2] for name in names})
        train = [name for name in names if "train/" in name][::195][:CALIBRATED_ON]
        test = [name for name in names if "test/" in name]
        pixels = np.stack([decode(held.read(name), Rules()) for name in train + test])
    truth = np.array([classes.index(name.split("/")[-2]) for name in test])
    mean = np.array([0.485, 0.456, 0.406], np.float32)
    std = np.array([0.229, 0.224, 0.225], np.float32)
    images = ((pixels / np.float32(255) - mean) / std).transpose(0, 3, 1, 2).astype(np.float32)
    network = pretrained(f"resnet{depth}-cifar", data / "weights/resnet_cifar10" / file).network
    whole = tensor_graph(network, (3, 32, 32))
    small = quantised(whole, images[: len(train)], {})
    right = []
    for graph in (whole, small):
        session = Session(graph)
        said = [session.run(one).argmax(1) for one in np.array_split(images[len(train) :], 100)]
        right.append(np.concatenate(said) == truth)
    assert len(truth) == 10_000
    assert paired(*right).difference >= -0.005
