"""Karpathy (2014), ConvNetJS: the network of its CIFAR-10 demo in the browser."""

from __future__ import annotations

from striate.zoo.network import Network

NETWORKS = (
    Network(
        "convnetjs-cifar10",
        "ConvNetJS",
        2014,
        "Karpathy 2014, ConvNetJS CIFAR-10 demo",
        "3x32x32: conv5p2-16 relu max2 (conv5p2-20 relu max2)*2 fc10 softmax",
    ),
)
