"""A network as ONNX: the same answers, any batch, the same bytes each time, and no trace of where it was
made.
"""

from __future__ import annotations

import json

import numpy as np
import onnx
import pytest
import torch
from torch import nn

from striate.errors import StriateError
from striate.grammar.plan import Plan
from striate.shipping.session import Session
from striate.shipping.to_onnx import OPSET, tensor_graph

TEXTS = [
    "1x8x8: conv3p1-4 bn relu gap fc10",
    "3x16x16: whiten=(conv2-24 gelu) group1=(conv3p1b0-8 max2 bn gelu conv3p1-8 bn gelu) gmp fc10",
    "3x20x24: conv5-6 tanh avg2 conv3s2-8 silu flatten fc16 relu drop0.5 fc3",
    "3x32x32: conv3p1-8 bn relu6 conv3p1g8-8 bn hswish gap fc5",
]


def network(text: str) -> nn.Module:
    made = Plan.read(text).build()
    for part in made.modules():
        if isinstance(part, nn.BatchNorm2d):
            assert part.running_mean is not None
            assert part.running_var is not None
            part.running_mean.uniform_(-0.3, 0.3)
            part.running_var.uniform_(0.5, 1.5)
    return made.eval()


@pytest.mark.parametrize("text", TEXTS)
def test_the_graph_gives_the_logits_of_the_network_for_any_batch(text: str) -> None:
    made = network(text)
    C, H, W = (int(side) for side in text.split(":", maxsplit=1)[0].split("x"))
    shape = (C, H, W)
    session = Session(tensor_graph(made, shape), threads=1)
    for count in (1, 7, 64):
        given = torch.randn(count, *shape)
        with torch.no_grad():
            wanted = made(given).numpy()
        assert np.abs(session.run(given.numpy()) - wanted).max() < 2e-5


@pytest.mark.parametrize("text", [TEXTS[0], TEXTS[3]])
def test_the_graph_gives_the_logits_of_the_network_one_can_read(text: str) -> None:
    made = network(text)
    readable = Plan.read(text).build("textbook")
    readable.load({name: value.double().numpy() for name, value in made.state_dict().items()})
    C, H, W = (int(side) for side in text.split(":", maxsplit=1)[0].split("x"))
    given = torch.randn(3, C, H, W).numpy()
    found = Session(tensor_graph(made, (C, H, W)), threads=1).run(given)
    assert np.abs(found - readable.forward(given.astype(float))).max() < 2e-5


def test_the_same_network_gives_the_same_bytes_without_a_trace_of_the_place() -> None:
    made = network(TEXTS[1])
    first, second = (tensor_graph(made, (3, 16, 16), {"classes": ["a", "b"]}) for _ in range(2))
    assert first == second
    assert b"site-packages" not in first
    assert b"/" + b"work" not in first
    model = onnx.load_from_string(first)
    assert [one.version for one in model.opset_import if one.domain == ""] == [OPSET]
    assert not any(node.doc_string for node in model.graph.node)


def test_what_it_says_of_itself_can_be_read_without_onnx() -> None:
    data = tensor_graph(network(TEXTS[0]), (1, 8, 8), {"classes": ["ä", "b"]})
    session = Session(data, threads=1)
    assert session.facts == {"format": 1, "classes": ["ä", "b"]}
    told = ort_metadata(data)
    assert json.loads(told["striate"])["classes"] == ["ä", "b"]
    assert session.kind == "tensor"


def ort_metadata(data: bytes) -> dict[str, str]:
    """As the base install sees it."""
    import onnxruntime as ort

    return dict(ort.InferenceSession(data).get_modelmeta().custom_metadata_map)


def test_a_network_in_training_is_exported_as_it_judges_and_stays_in_training() -> None:
    made = network(TEXTS[2]).train()
    session = Session(tensor_graph(made, (3, 20, 24)), threads=1)
    assert made.training
    given = np.ones((2, 3, 20, 24), np.float32)
    assert np.array_equal(session.run(given), session.run(given))


def test_a_network_that_cannot_be_exported_is_a_sentence() -> None:
    class Odd(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            raise RuntimeError("not today\nand more")

    with pytest.raises(
        StriateError, match="cannot export this network to ONNX: RuntimeError: not today"
    ):
        tensor_graph(Odd(), (1, 4, 4))


def test_an_operator_that_onnx_lacks_is_a_sentence_and_nothing_stands_among_results(
    capfd: pytest.CaptureFixture[str],
) -> None:
    class Resampled(nn.Module):  # as transformers of timm do with their positions
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return nn.functional.interpolate(x, (3, 3), mode="bicubic", antialias=True).flatten(1)

    with pytest.raises(StriateError, match="UnsupportedOperatorError: .*bicubic2d_aa"):
        tensor_graph(Resampled(), (1, 4, 4))
    assert capfd.readouterr().out == ""
