"""Guided backprop: on the way back only positive slopes, through units that were on. Shown as history.

It fails randomisation tests: the maps look the same with weights that know nothing (Adebayo and others 2018,
"Sanity Checks for Saliency Maps"), because it nearly restores the picture's edges.
Springenberg and others (2014), "Striving for Simplicity".
"""

from __future__ import annotations

from torch import Tensor, nn

from striate.seeing.asking import slopes
from striate.seeing.why.rectifiers import Rectifiers


def guided(model: nn.Module, pictures: Tensor, targets: Tensor) -> tuple[Tensor, int]:
    """N C H W and N classes to N C H W, and how many ReLUs were met (with none it is the plain gradient)."""
    with Rectifiers("guided") as met:
        found = slopes(model, pictures, targets)
    return found, met.count
