"""The independent side of the zoo's tests: torchvision's networks, made without their auxiliary
heads.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

AUXILIARY = {"googlenet", "inception_v3"}


def torchvision_twin(name: str) -> nn.Module:
    """torchvision's network of that name, random weights, eval mode."""
    from torchvision import models

    options: dict[str, Any] = {"aux_logits": False} if name in AUXILIARY else {}
    if name in AUXILIARY:
        options["init_weights"] = False  # its truncated normal takes half a minute
    return models.get_model(name, weights=None, **options).eval()


def copy_in_order(source: nn.Module, target: nn.Module) -> None:
    """Every parameter and buffer of `source` into `target`, by place; shapes must agree one by
    one.
    """
    given, taken = source.state_dict(), target.state_dict()
    assert len(given) == len(taken)
    for (left, a), (right, b) in zip(given.items(), taken.items(), strict=True):
        assert a.shape == b.shape, f"{left} {tuple(a.shape)} is not {right} {tuple(b.shape)}"
    target.load_state_dict(dict(zip(taken, given.values(), strict=True)))


def stir(network: nn.Module, seed: int = 0) -> None:
    """Running statistics that are not 0 and 1, so that a norm in the wrong place shows."""
    generator = torch.Generator().manual_seed(seed)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            assert module.running_mean is not None
            assert module.running_var is not None
            module.running_mean.normal_(0, 0.1, generator=generator)
            module.running_var.uniform_(0.5, 1.5, generator=generator)
