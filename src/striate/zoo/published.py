"""What others measured: published accuracy with its source, and which family to choose when.

Numbers of ImageNet are those that torchvision states for its weights (a test compares them); all others are
their papers', whose title or number stands in the network's row.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from striate.zoo.network import Network


class Published(NamedTuple):
    """Shares that were right, in per cent. where: the table of the paper, or that it is the weights' own."""

    top1: float
    top5: float | None
    data: str
    where: str


_IMAGENET, _CIFAR = "ImageNet", "CIFAR-10"
_OF_WEIGHTS: Mapping[str, tuple[float, float]] = MappingProxyType(
    {
        "alexnet": (56.522, 79.066),
        "vgg16": (71.592, 90.382),
        "vgg16_bn": (73.360, 91.516),
        "vgg19": (72.376, 90.876),
        "vgg19_bn": (74.218, 91.842),
        "googlenet": (69.778, 89.530),
        "inception_v3": (77.294, 93.450),
        "resnet18": (69.758, 89.078),
        "resnet34": (73.314, 91.420),
        "resnet50": (76.130, 92.862),
        "resnet101": (77.374, 93.546),
        "resnet152": (78.312, 94.046),
        "mobilenet_v2": (71.878, 90.286),
        "mobilenet_v3_large": (74.042, 91.340),
        "mobilenet_v3_small": (67.668, 87.402),
        "shufflenet_v2_x0_5": (60.552, 81.746),
        "shufflenet_v2_x1_0": (69.362, 88.316),
        "shufflenet_v2_x1_5": (72.996, 91.086),
        "shufflenet_v2_x2_0": (76.230, 93.006),
    }
)
_OF_PAPERS: Mapping[str, Published] = MappingProxyType(
    {
        "lenet5": Published(99.05, None, "MNIST", "section III.B: error 0.95 %"),
        "alexnet-2012": Published(59.3, 81.8, _IMAGENET, "table 2, 1 CNN on val: errors 40.7 and 18.2 %"),
        "allconv": Published(92.75, None, _CIFAR, "with shifts and flips: error 7.25 %"),
        "resnet20-cifar": Published(91.25, None, _CIFAR, "table 6: error 8.75 %"),
        "resnet32-cifar": Published(92.49, None, _CIFAR, "table 6: error 7.51 %"),
        "resnet44-cifar": Published(92.83, None, _CIFAR, "table 6: error 7.17 %"),
        "resnet56-cifar": Published(93.03, None, _CIFAR, "table 6: error 6.97 %"),
        "mobilenet_v1": Published(70.6, None, _IMAGENET, "1.0 MobileNet-224: 70.6 %"),
    }
)  # fmt: skip
# The lecture's advice for all, and a sentence for each family. Comparisons are of the numbers above.
CHOICE = "take a network with a proven record rather than designing one, and start from pretrained weights"
CHOICES: Mapping[str, str] = MappingProxyType(
    {
        "ResNet": "if accuracy is all you care about: ResNet-50 or ResNet-101; -18 where less will do",
        "MobileNet": "if it has to be efficient, in real time or on a phone",
        "ShuffleNet": "if it has to be efficient; x0_5 takes the fewest multiply-adds at 224 pixels",
        "Striate": "small pictures and no pretrained weights: what `striate train` takes by itself",
        "Inception": "as accurate as ResNet-101 with half its parameters, on 299 pixels",
        "VGG": "plain, and liked for style; ResNet-50 is more accurate with a fifth of its parameters",
        "GoogLeNet": "few parameters; as accurate as ResNet-18, which is plainer",
        "All-CNN": "to see how far convolutions alone go, on small pictures",
        "AlexNet": "history: less accurate than ResNet-18 with five times its parameters",
        "LeNet": "to learn from, and for digits",
        "ConvNetJS": "to compare with the demo in the browser",
        "Neocognitron": "history: where convnets come from",
    }
)


def published(network: Network) -> Published | None:
    """What is published for the weights of a network, or in its paper; None where neither is known."""
    found = _OF_WEIGHTS.get(network.name)
    if found is not None and network.weights is not None:
        return Published(*found, _IMAGENET, network.weights.source)
    return _OF_PAPERS.get(network.name)
