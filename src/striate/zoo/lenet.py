"""LeCun, Bottou, Bengio, Haffner (1998), "Gradient-based learning applied to document recognition",
Proc. IEEE 86(11).
"""

from __future__ import annotations

from striate.zoo.network import Network

PAPER = "LeCun et al. 1998, Gradient-based learning applied to document recognition"

NETWORKS = (
    Network(
        "lenet5",
        "LeNet",
        1998,
        PAPER,
        "1x32x32: conv5-6 tanh avg2 conv5-16 tanh avg2 conv5-120 tanh fc84 tanh fc10",
        note="every map of the third layer sees all six before it, and pools have no coefficients to learn",
    ),
)
