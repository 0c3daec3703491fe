"""The largest of every window, with PyTorch's own pool as oracle."""

from __future__ import annotations

from typing import Any

import pytest

torch = pytest.importorskip("torch")
from hypothesis import given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402
from torch import nn  # noqa: E402

from striate.grammar import parts  # noqa: E402
from striate.grammar.parts import DenseMaxPool  # noqa: E402
from striate.grammar.plan import Plan  # noqa: E402

FLOATS = st.sampled_from([torch.float64, torch.float32, torch.bfloat16])


@given(
    st.integers(1, 5), st.integers(1, 9), st.integers(2, 9), st.integers(2, 9), FLOATS,
    st.integers(0, 2**31), st.sampled_from([1, 100, 1 << 19]),
)  # fmt: skip
@settings(deadline=None)
def test_numbers_and_gradients_are_those_of_pytorch_with_many_equal_ones(
    count: int, channels: int, height: int, width: int, kind: Any, seed: int, at_once: int
) -> None:
    """Small whole numbers, so that windows hold equal ones and no sum of gradients is rounded."""
    drawn = torch.Generator().manual_seed(seed)
    shape = (count, channels, height, width)
    x = torch.randint(-2, 3, shape, generator=drawn).to(kind)
    x = x.contiguous(memory_format=torch.channels_last)
    ours, theirs = x.clone().requires_grad_(), x.clone().requires_grad_()
    before = parts.AT_ONCE
    parts.AT_ONCE = at_once
    try:
        found, wanted = DenseMaxPool()(ours), nn.MaxPool2d(2, 1)(theirs)
        assert found.grad_fn is not None
        assert "Pooled" in found.grad_fn.name()
        assert torch.equal(found, wanted)
        assert found.is_contiguous(memory_format=torch.channels_last)
        grad = torch.randint(-9, 10, wanted.shape, generator=drawn).to(kind)
        found.backward(grad)
        wanted.backward(grad)
    finally:
        parts.AT_ONCE = before
    assert torch.equal(ours.grad, theirs.grad)


def test_what_is_no_number_is_handed_on() -> None:
    x = torch.zeros(1, 2, 4, 4).contiguous(memory_format=torch.channels_last)
    x[0, 1, 2, 2] = float("nan")
    found = DenseMaxPool()(x.requires_grad_())
    assert torch.equal(found.isnan(), nn.MaxPool2d(2, 1)(x).isnan())
    assert int(found.isnan().sum()) == 4


@pytest.mark.parametrize("why", ["judging", "no gradient", "channels apart", "a row alone"])
def test_elsewhere_the_pool_is_pytorchs(why: str) -> None:
    pool, x = DenseMaxPool(), torch.randn(2, 3, 4, 4, requires_grad=why != "no gradient")
    if why == "a row alone":
        with pytest.raises(RuntimeError, match="too small"):
            pool(x[:, :, :1].contiguous(memory_format=torch.channels_last))
        return
    if why != "channels apart":
        x = x.contiguous(memory_format=torch.channels_last)
    pool.train(why != "judging")
    found = pool(x)
    assert torch.equal(found, nn.MaxPool2d(2, 1)(x))
    assert found.grad_fn is None or "Pooled" not in found.grad_fn.name()


@pytest.mark.parametrize(
    ("word", "is_dense"),
    [("max2s1", True), ("max2", False), ("max3s1", False), ("max2s1p1", False), ("max2s1c", False)],
)
def test_the_grammar_builds_it_for_this_word_alone(word: str, is_dense: bool) -> None:
    (pool,) = Plan.read(f"3x8x8: {word}").build().children()
    assert isinstance(pool, nn.MaxPool2d)
    assert isinstance(pool, DenseMaxPool) == is_dense
