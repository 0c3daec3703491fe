"""Krizhevsky, Sutskever, Hinton (2012), "ImageNet classification with deep convolutional neural
networks", NIPS.

`alexnet` is torchvision's, after Krizhevsky (2014), arXiv 1404.5997, with 64 first filters; the
paper's network has 96, two groups (one on each GPU) and local response norm.
"""

from __future__ import annotations

from striate.zoo.network import Network, Weights

PAPER = "Krizhevsky, Sutskever, Hinton 2012, ImageNet classification with deep convolutional neural networks"

NETWORKS = (
    Network(
        "alexnet",
        "AlexNet",
        2012,
        PAPER,
        "3x224x224: conv11s4p2-64 relu max3s2 conv5p2-192 relu max3s2 conv3p1-384 relu "
        "(conv3p1-256 relu)*2 max3s2 avgto6 (drop0.5 fc4096 relu)*2 fc1000",
        Weights("AlexNet_Weights.IMAGENET1K_V1"),
        note="one tower with 64 first filters, arXiv 1404.5997",
    ),
    Network(
        "alexnet-2012",
        "AlexNet",
        2012,
        PAPER,
        "3x227x227: conv11s4-96 relu lrn5 max3s2 conv5p2g2-256 relu lrn5 max3s2 "
        "conv3p1-384 relu conv3p1g2-384 relu conv3p1g2-256 relu max3s2 (fc4096 relu drop0.5)*2 fc1000",
        note="227 pixels: with the 224 of the text, no filter fits",
    ),
)
