"""A head that became convolutions gives, place by place, what the network says of the crop there."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from striate.grammar.plan import Plan
from striate.seeing.inside.widened import Wide, widened
from tests.seeing.networks import Plain, ready

UNPADDED = {
    "gap": "3x12x10: conv3-6 bn relu max2 conv3-8 relu gap fc5",
    "gmp": "3x12x10: conv3-6 relu conv3s2-8 relu gmp fc5",
    "flatten": "3x12x10: conv3-6 relu max2 conv2-8 relu fc7 relu fc5",
    "linear": "3x12x10: fc5",
    "perceptron": "3x12x10: fc9 bn relu drop0.5 fc5 softmax",
    "residual": "3x12x10: conv3-6 relu {conv1 bn relu conv1 bn} relu [conv1-4 | conv1-3 relu] max2 gap fc5",
    "adaptive": "3x12x12: conv3-6 relu max2 avgto5 fc5",
    "dropout before the head": "3x12x12: conv3-6 relu max2 avgto5 drop0.5 relu fc5",
    "strided shortcut": "3x12x12: conv1-6 relu {conv1s2-8 bn} relu gap scale0.5 fc5",
}


def built(text: str, seed: int = 0) -> Any:
    """In float64 and eval mode, with norms that have seen something."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        plan = Plan.read(text)
        model = plan.build(softmax=True).double()
        with torch.no_grad():
            model(torch.randn(16, *plan.layers[0].given[:3], dtype=torch.float64))
    return model.eval()


def drawn(*shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(3), dtype=torch.float64)


@pytest.mark.parametrize("text", UNPADDED.values(), ids=list(UNPADDED))
def test_without_padding_every_place_has_the_answer_of_its_crop_to_1e_9(text: str) -> None:
    model = built(text)
    H, W = Plan.read(text).layers[0].given.sides
    picture = drawn(1, 3, H + 9, W + 7)
    wide = widened(model, picture[:, :, :H, :W])
    assert isinstance(wide, Wide)
    grid = wide.network(picture)
    assert grid.shape[2] > 1
    step = wide.stride
    for r in range(9 // step[0] + 1):
        for q in range(7 // step[1] + 1):
            top, left = r * step[0], q * step[1]
            own = model(picture[:, :, top : top + H, left : left + W])
            torch.testing.assert_close(grid[:, :, r, q], own, rtol=1e-9, atol=1e-9)
    assert grid.shape[2] >= 9 // step[0] + 1
    assert grid.shape[3] >= 7 // step[1] + 1


def test_a_padded_first_layer_agrees_where_the_neighbourhood_is_what_padding_is() -> None:
    model = built("3x8x8: conv3p1-6 relu gap fc5")
    picture = torch.zeros(1, 3, 24, 24, dtype=torch.float64)
    picture[:, :, 8:16, 8:16] = drawn(1, 3, 8, 8)
    wide = widened(model, picture[:, :, :8, :8])
    assert isinstance(wide, Wide)
    grid = wide.network(picture)
    torch.testing.assert_close(grid[:, :, 8, 8], model(picture[:, :, 8:16, 8:16]))
    elsewhere = (grid[:, :, 4, 4] - model(picture[:, :, 4:12, 4:12])).abs().max()
    assert elsewhere > 1e-3  # there padding matters


def test_the_network_itself_is_left_as_it_was() -> None:
    model = built(UNPADDED["perceptron"]).train()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    modes = [module.training for module in model.modules()]
    widened(model, drawn(1, 3, 12, 10))
    assert [module.training for module in model.modules()] == modes
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("3x12x12: conv3-6 relu se2 gap fc5", "se1, SqueezeExcite, depends on the size"),
        ("3x12x12: conv3-6 relu max3c gap fc5", "the last windows of max1 hang over the border"),
        ("3x12x12: conv3-6 relu avgto3 fc5", "avgto1, AdaptiveAvgPool2d, has no form"),
        (
            "3x12x12: conv3-6 relu {avgto10 conv1} gap fc5",
            "body.avgto1, AdaptiveAvgPool2d, depends",
        ),
        ("3x12x12: conv3-6 relu avgto10 flatten maxout2 fc5", "maxout1, Maxout, has no form"),
        ("3x12x12: local3-6 relu gap fc5", "local1, Local, depends on the size"),
    ],
)
def test_what_depends_on_the_size_of_the_picture_is_refused_with_its_name(
    text: str, told: str
) -> None:
    found = widened(built(text), drawn(1, 3, 12, 12))
    assert isinstance(found, str)
    assert told in found


def test_a_module_that_is_no_sequence_is_refused() -> None:
    found = widened(ready(Plain), drawn(1, 3, 12, 10))
    assert found == "the network, Plain, depends on the size of the picture or is not known"


def test_a_sequence_of_torch_works_as_one_of_the_grammar_does() -> None:
    model = nn.Sequential(
        nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(inplace=True)), nn.AdaptiveAvgPool2d((1, 1)),
        nn.Flatten(), nn.Linear(4, 2),
    ).double().eval()  # fmt: skip
    found = widened(model, drawn(1, 3, 8, 8))
    assert isinstance(found, Wide)
    assert found.stride == (1, 1)
    assert found.network(drawn(1, 3, 10, 9)).shape == (1, 2, 3, 2)
