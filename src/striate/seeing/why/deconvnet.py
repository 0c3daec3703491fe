"""The deconvnet of 2013: on the way back only positive slopes, whatever was on. Shown as history.

Its cousin guided backprop fails randomisation tests, and so does this on most networks.
Zeiler and Fergus (2013), "Visualizing and Understanding Convolutional Networks".
"""

from __future__ import annotations

from torch import Tensor, nn

from striate.seeing.asking import slopes
from striate.seeing.why.rectifiers import Rectifiers


def deconvnet(model: nn.Module, pictures: Tensor, targets: Tensor) -> tuple[Tensor, int]:
    """N C H W and N classes to N C H W, and how many ReLUs were met (with none it is the plain gradient)."""
    with Rectifiers("deconvnet") as met:
        found = slopes(model, pictures, targets)
    return found, met.count
