"""Eight bits: smaller, still the network, and honest about what they cost."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from striate.errors import StriateError
from striate.grammar.plan import Plan
from striate.shipping import quantise
from striate.shipping.quantise import quantised
from striate.shipping.session import Session
from striate.shipping.to_onnx import tensor_graph

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


def test_the_range_is_reduced_where_sums_of_bytes_could_overflow(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(quantise, "cpu_flags", lambda: frozenset({"avx2"}))
    assert not quantise.has_vnni()
    monkeypatch.setattr(quantise, "cpu_flags", lambda: frozenset({"avx2", "avx512_vnni"}))
    assert quantise.has_vnni()
