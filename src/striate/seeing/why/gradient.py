"""The plain gradient: which numbers of a picture would move the score most, by the smallest change.

Simonyan, Vedaldi, Zisserman (2013), "Deep Inside Convolutional Networks".
"""

from __future__ import annotations

from torch import Tensor, nn

from striate.seeing.asking import slopes


def gradient(model: nn.Module, pictures: Tensor, targets: Tensor) -> Tensor:
    """N C H W and N classes to N C H W: the slope of each logit."""
    return slopes(model, pictures, targets)
