"""Fukushima (1980), "Neocognitron: a self-organizing neural network model", Biological Cybernetics
36.
"""

from __future__ import annotations

from striate.zoo.network import Network

PAPER = (
    "Fukushima 1980, Neocognitron: a self-organizing neural network model for pattern recognition"
)

NETWORKS = (
    Network(
        "neocognitron",
        "Neocognitron",
        1980,
        PAPER,
        "1x32x32: simple1=(conv5p2-24 relu) complex1=(avg3s2p1) "
        "simple2=(conv5p2-24 relu) complex2=(avg3s2p1) simple3=(conv5p2-24 relu) complex3=(gap) fc10",
        note="its sandwich of simple and complex cells (SCSCSC), trained as convnets are today",
    ),
)
