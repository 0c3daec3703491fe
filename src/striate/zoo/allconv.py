"""Springenberg, Dosovitskiy, Brox, Riedmiller (2014), "Striving for simplicity: the all
convolutional net", arXiv 1412.6806.
"""

from __future__ import annotations

from striate.zoo.network import Network

NETWORKS = (
    Network(
        "allconv",
        "All-CNN",
        2014,
        "Springenberg et al. 2014, arXiv 1412.6806 (All-CNN-C)",
        "3x32x32: drop0.2 (conv3p1-96 relu)*2 conv3s2p1-96 relu drop0.5 (conv3p1-192 relu)*2 "
        "conv3s2p1-192 relu drop0.5 conv3-192 relu conv1-192 relu conv1-10 relu gap",
        note="no pool and no fully connected layer: strides do the one, the mean of ten maps the other",
    ),
)
