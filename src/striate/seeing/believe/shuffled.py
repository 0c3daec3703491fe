"""The same network with weights that know nothing: every tensor keeps its values, in a drawn order.

A map that hardly changes when this is done shows the picture, not the network. A map that does change is not
proven right by that: the check can convict, it cannot acquit. Adebayo and others (2018), "Sanity Checks for
Saliency Maps"; Yona and Greenfeld (2021) for its limits.
"""

from __future__ import annotations

import copy
from typing import Literal

import numpy as np
import torch
from torch import nn

from striate import seeds
from striate.seeing.believe.ranks import rank_correlation
from striate.seeing.why.methods import Maps, Question, explain

Part = Literal["head", "all"]


def shuffled(model: nn.Module, part: Part = "all", seed: int = 0) -> nn.Module:
    """A copy with the weights of its last layer, or all, in a drawn order; the model stays as it is."""
    twin = copy.deepcopy(model)
    modules = [m for m in twin.modules() if any(True for _ in m.parameters(recurse=False))]
    drawn = modules[-1:] if part == "head" else modules
    with torch.no_grad():
        for i, module in enumerate(drawn):
            for k, weights in enumerate(module.parameters(recurse=False)):
                order = seeds.generator(seed, "shuffled weights", epoch=k, index=i)
                at = torch.from_numpy(order.permutation(weights.numel()))
                weights.copy_(weights.flatten()[at.to(weights.device)].view_as(weights))
    return twin


def twin_of(maps: Maps, asked: Question, part: Part = "all") -> tuple[Maps, list[float | None]]:
    """The same method on shuffled weights, and how alike each pair of maps is: N, or None for a blank map."""
    twin = shuffled(asked.model, part, asked.seed)
    question = Question(twin, asked.pictures, asked.targets, asked.layer, asked.seed)
    other = explain(question, maps.method)
    alike = [
        rank_correlation(np.abs(a), np.abs(b))
        for a, b in zip(maps.values, other.values, strict=True)
    ]
    return other, alike
