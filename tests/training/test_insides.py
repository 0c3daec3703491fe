"""What enters the last layer with weights, beside the same layers run by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from striate.errors import NotFinite
from striate.training.insides import insides
from striate.verbs.train_order import Order
from tests.verbs import made

BEGIN = "1x8x8: conv3p1-8 bn relu"
ENDS = ("gap fc", "conv1-10 gap", "conv1-10 relu gap", "gap flatten fc10 bn", "gap fc10 relu")


@pytest.mark.parametrize("end", ENDS)
def test_what_enters_the_last_weights_is_what_a_run_by_hand_gives(end: str) -> None:
    ready = made.readied(
        Order("digits", f"{BEGIN} {end}"), made.place() / f"ends-{ENDS.index(end)}"
    )
    network = ready.chosen.network.train()
    rows = ready.dataset.places("train")[:70]
    got = insides(network, ready.pictures, rows)
    assert all(part.training for part in network.modules())
    pixels = torch.from_numpy(ready.pictures.take(rows)).permute(0, 3, 1, 2).float() / 255
    mean, std = (
        torch.tensor(v) for v in (ready.pictures.preparation.mean, ready.pictures.preparation.std)
    )
    given = (pixels - mean[:, None, None]) / std[:, None, None]
    parts = list(network.eval().children())
    last = max(i for i, part in enumerate(parts) if isinstance(part, nn.Linear | nn.Conv2d))
    with torch.inference_mode():
        wanted = nn.Sequential(*parts[:last])(given)
    if wanted.ndim == 4:
        wanted = wanted.mean((2, 3))
    np.testing.assert_allclose(got, wanted.numpy(), rtol=1e-4, atol=1e-5)


def test_of_two_heads_the_last_that_runs_is_taken_and_tokens_are_averaged() -> None:
    class Heads(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.second, self.first = nn.Linear(1, 10), nn.Linear(1, 10)

        def forward(self, x: Tensor) -> Tensor:
            tokens = x.flatten(2).transpose(1, 2)  # n 64 1
            return self.first(tokens).mean(1) + self.second(2 * tokens).mean(1)

    ready = made.readied(Order("digits", f"{BEGIN} gap fc"), made.place() / "ends-heads")
    rows = ready.dataset.places("train")[:5]
    got = insides(Heads(), ready.pictures, rows)
    pixels = ready.pictures.take(rows).reshape(5, -1) / 255
    wanted = 2 * (pixels - ready.pictures.preparation.mean[0]) / ready.pictures.preparation.std[0]
    np.testing.assert_allclose(got[:, 0], wanted.mean(1), rtol=1e-4, atol=1e-5)


def test_features_that_are_no_numbers_are_refused_however_a_network_ends() -> None:
    ready = made.readied(Order("digits", f"{BEGIN} conv1-10 gap"), made.place() / "ends-odd")
    with torch.no_grad():
        next(p for p in ready.chosen.network.parameters() if p.ndim == 4).fill_(float("inf"))
    with pytest.raises(NotFinite, match="features of 5 picture"):
        insides(ready.chosen.network, ready.pictures, ready.dataset.places("train")[:5])
