"""What PyTorch's operators and layers are called in a plan. A thing the grammar has no word for gets None.

Modules are looked at by the name of their class and their attributes, so that this file needs no torch.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from striate.errors import PlanError
from striate.geometry.shape import Pair, Shape
from striate.grammar import plain, sliding
from striate.grammar.words import Word

OFFICIAL = "torch.nn.modules."
OURS = "striate.grammar.parts"
_CALLED: Mapping[str, str] = MappingProxyType(
    {
        "relu": "relu", "silu": "silu", "hardswish": "hswish", "hardsigmoid": "hsigmoid",
        "sigmoid": "sigmoid", "tanh": "tanh", "softplus": "softplus", "mish": "mish",
    }
)  # fmt: skip
_SELU_SCALE = 1.05


def _kind(module: Any) -> type:
    """The class of a module, without what a parametrization of its weights puts before it."""
    return next(c for c in type(module).__mro__ if c.__module__ != "torch.nn.utils.parametrize")


def called(module: Any) -> str:
    """The name of a module's class."""
    return _kind(module).__name__


def home(module: Any) -> str:
    """Where the class of a module is defined."""
    return _kind(module).__module__


def is_single(module: Any) -> bool:
    """True for a module that is one row of the table, whatever it does inside: PyTorch's own layers without
    parts, and the words of a built plan."""
    if home(module) == OURS:
        return called(module) not in {"Residual", "Fork"}
    own = home(module).startswith(OFFICIAL) and home(module) != OFFICIAL + "container"
    return own and {name for name, _ in module.named_children()} <= {"parametrizations"}


def is_block(module: Any) -> bool:
    """True for the blocks of a built plan, whose row is the join that ends them."""
    return home(module) == OURS and called(module) in {"Residual", "Fork"}


def activation(name: str, given: Mapping[str, Any], channels: int) -> plain.Activation | None:
    """The word of an activation, from its operator and what it was called with."""
    number: float | None = None
    match name:
        case "hardtanh" if given.get("min_val") == 0 and given.get("max_val", 0) > 0:
            called, number = "relu", float(given["max_val"])
        case "relu6":
            called, number = "relu", 6.0
        case "leaky_relu" if given["negative_slope"] >= 0:
            called = "leaky"
            number = None if given["negative_slope"] == 0.01 else float(given["negative_slope"])
        case "elu" if round(given.get("scale", 1), 2) == _SELU_SCALE:
            called = "selu"
        case "elu" if (
            given.get("scale", 1) == 1 == given.get("input_scale", 1) and given["alpha"] > 0
        ):
            called, number = "elu", None if given["alpha"] == 1 else float(given["alpha"])
        case "gelu" if given.get("approximate", "none") == "none":
            called = "gelu"
        case "prelu" | "_prelu_kernel" if given["weight"].numbers == channels:
            called = "prelu"
        case "softplus" if (given.get("beta", 1), given.get("threshold", 20)) != (1, 20):
            return None
        case _ if name in _CALLED:
            called = _CALLED[name]
        case _:
            return None
    return plain.Activation(called=called, number=number)


def convolution(
    given: int, made: int, kernel: Pair, groups: int, sliding_by: Mapping[str, Any]
) -> Word:
    """A convolution; one with a group for each channel is depthwise."""
    if groups == given > 1 and made % given == 0:
        return sliding.Depthwise(
            kernel=kernel, channels=None if made == given else made, **sliding_by
        )
    return sliding.Conv(kernel=kernel, channels=made, groups=groups, **sliding_by)


def layer_word(module: Any, given: Shape, output: Shape) -> Word | None:
    """The word of a module where its operators do not say it, or say it less well."""
    name = called(module)
    try:
        if home(module) == OURS:
            return _our_word(module, name, given, output)
        return _official_word(module, name, output)
    except PlanError:  # beyond what the grammar can spell: a dropout of 1, more than nine digits
        return None


def _official_word(module: Any, name: str, output: Shape) -> Word | None:
    match name:
        case "Identity":
            return plain.Identity()
        case "Dropout" | "Dropout2d":
            return plain.Dropout(probability=float(module.p))
        case "Flatten" if output.flat:
            return plain.Flatten()
        case "AdaptiveAvgPool2d" if output.sides == (1, 1):
            return sliding.Gap()
        case "AdaptiveMaxPool2d" if output.sides == (1, 1):
            return sliding.Gmp()
        case "LocalResponseNorm":
            return plain.LocalResponseNorm(
                neighbours=module.size, alpha=module.alpha, beta=module.beta, offset=module.k
            )
        case "BatchNorm1d" | "BatchNorm2d" if module.affine and module.momentum is not None:
            return plain.BatchNorm(eps=module.eps, momentum=module.momentum)
        case "Conv2d" if module.padding == "same" and module.padding_mode == "zeros":
            by = {"dilation": module.dilation, "padding": "same"}
            return convolution(
                module.in_channels, module.out_channels, module.kernel_size, module.groups, by
            )
    return None


def _our_word(module: Any, name: str, given: Shape, output: Shape) -> Word | None:
    match name:
        case "SqueezeExcite":
            inner = module.squeeze.out_channels
            usual = inner == plain.SqueezeExcite().inner(given)
            hard = type(module.gate).__name__ == "Hardsigmoid"
            return plain.SqueezeExcite(squeezed=None if usual else inner, hard=hard)
        case "Local":
            word: Word = module.word
            return word
        case "PaddedConv":
            conv = module.conv
            by = {"stride": conv.stride, "dilation": conv.dilation, "padding": "same"}
            return convolution(
                conv.in_channels, conv.out_channels, conv.kernel_size, conv.groups, by
            )
        case "Shuffle":
            return plain.Shuffle(groups=module.groups)
        case "Part":
            size = module.last - module.first
            return plain.Part(parts=given.channels // size, index=module.first // size + 1)
        case "Every":
            grown = None if output.channels == given.channels else output.channels
            return sliding.Every(stride=module.stride, channels=grown)
        case "Maxout":
            return plain.Maxout(pieces=module.pieces)
        case "Scale":
            return plain.Scale(factor=module.factor)
    return None


def is_unspelt(module: Any, rank: int) -> bool:
    """True where the word of the operators inside would say too much: padding that is not zeros, a batch norm
    with a momentum that the grammar cannot write, windows over something else than N C H W."""
    name = called(module)
    padding = getattr(module, "padding_mode", "zeros")
    norm = "BatchNorm" in name
    return (
        padding != "zeros"
        or (norm and (not module.affine or module.momentum is None))
        or ("1d" in name and rank > 2)
    )
