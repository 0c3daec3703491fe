"""Local response norm against PyTorch, for even and odd neighbourhoods."""

from __future__ import annotations

import numpy as np
import pytest

from striate.textbook.response_norm import LocalResponseNorm


@pytest.mark.parametrize("neighbours", [1, 2, 3, 4, 5, 9])
def test_outputs_and_gradients_are_pytorchs(neighbours: int, rng: np.random.Generator) -> None:
    torch = pytest.importorskip("torch")
    x, upstream = rng.normal(size=(2, 2, 7, 3, 2))  # each N C H W
    layer, twin = LocalResponseNorm(neighbours, 0.4, 0.75, 1.5), torch.nn.LocalResponseNorm
    given = torch.tensor(x, requires_grad=True)
    out = twin(neighbours, 0.4, 0.75, 1.5)(given)
    out.backward(torch.tensor(upstream))
    assert np.allclose(layer.forward(given.detach().numpy()), out.detach().numpy(), atol=1e-12)
    found = layer.backward(upstream)
    assert np.allclose(found, given.grad.numpy(), atol=1e-12)
