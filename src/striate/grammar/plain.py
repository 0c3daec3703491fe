"""The words without a window: norms, activations, dropout, full connections, channel bookkeeping."""

from __future__ import annotations

from dataclasses import MISSING, dataclass
from typing import ClassVar, final

from striate.geometry.cost import full
from striate.geometry.shape import Shape
from striate.grammar.words import Word, option, slot

# Each activation with the meaning of the number it may take, or None where it takes none.
ACTIVATIONS: dict[str, str | None] = {
    "relu": "the cap, as in relu6",
    "leaky": "the slope below zero, 0.01",
    "prelu": None,
    "elu": "the floor, 1",
    "selu": None,
    "gelu": None,
    "silu": None,
    "hswish": None,
    "hsigmoid": None,
    "sigmoid": None,
    "tanh": None,
    "softplus": None,
    "mish": None,
}
_DIVISOR = "choose a number that divides them, or other channels before it"


@dataclass(frozen=True, kw_only=True)
class Same(Word):
    """A word that leaves the shape as it is."""

    def shape(self, given: Shape) -> Shape:
        return given


@final
@dataclass(frozen=True, kw_only=True)
class Activation(Same):
    """One number in, one number out. `prelu` learns one slope for each channel, He et al. (2015)."""

    name: ClassVar[str] = "activation"
    example: ClassVar[str] = "relu"
    called: str
    number: float | None = slot("decimal", None, low=0)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.called not in ACTIVATIONS:
            self.fault(f"unknown activation {self.called!r}", "one of " + ", ".join(ACTIVATIONS))
        if self.number is not None and ACTIVATIONS[self.called] is None:
            self.fault(f"`{self.called}` takes no number", f"write `{self.called}`")
        if self.number == 0 and self.called in {"relu", "elu"}:
            self.fault("its number must be above 0; got 0")

    @property
    def spelling(self) -> str:
        return self.called

    def parameters(self, given: Shape, bias: bool) -> int:
        return given.channels if self.called == "prelu" else 0


@final
@dataclass(frozen=True, kw_only=True)
class Softmax(Same):
    """Scores to probabilities. At the end of a plan it is dropped for training, because the loss has it."""

    name: ClassVar[str] = "softmax"
    example: ClassVar[str] = "softmax"


@final
@dataclass(frozen=True, kw_only=True)
class Maxout(Word):
    """The largest of each run of n channels, Goodfellow et al. (2013)."""

    name: ClassVar[str] = "maxout"
    example: ClassVar[str] = "maxout2"
    pieces: int = slot("int", 2, low=2)

    def shape(self, given: Shape) -> Shape:
        if given.channels % self.pieces:
            self.fault(f"{self.pieces} must divide the channels; got {given.channels}", _DIVISOR)
        return given._replace(channels=given.channels // self.pieces)


@final
@dataclass(frozen=True, kw_only=True)
class BatchNorm(Same):
    """Batch norm with a scale and a shift for each channel, Ioffe and Szegedy (2015); n: its epsilon."""

    name: ClassVar[str] = "bn"
    example: ClassVar[str] = "bn0.001m0.01"
    eps: float = slot("decimal", 1e-5, low=0, high=1)
    momentum: float = option("m", "decimal", 0.1, low=0, high=1)

    def parameters(self, given: Shape, bias: bool) -> int:
        return 2 * given.channels


@final
@dataclass(frozen=True, kw_only=True)
class LocalResponseNorm(Same):
    """Each number divided by (k + a/n x the sum of squares over n channels)^b, Krizhevsky et al. (2012)."""

    name: ClassVar[str] = "lrn"
    example: ClassVar[str] = "lrn5k2"
    needs_map: ClassVar[bool] = True
    neighbours: int = slot("int", 5)
    alpha: float = option("a", "decimal", 1e-4, low=0)
    beta: float = option("b", "decimal", 0.75, low=0)
    offset: float = option("k", "decimal", 2.0, low=0)


@final
@dataclass(frozen=True, kw_only=True)
class Dropout(Same):
    """Zeroes numbers with probability p in training, the rest times 1/(1 - p), Srivastava et al. (2014)."""

    name: ClassVar[str] = "drop"
    example: ClassVar[str] = "drop0.5"
    probability: float = slot("decimal", 0.5, low=0, high=1)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.probability == 1:
            self.fault("a probability of 1 drops everything", "use a number below 1")


@final
@dataclass(frozen=True, kw_only=True)
class Flatten(Word):
    """C H W to a vector of C x H x W, channels first."""

    name: ClassVar[str] = "flatten"
    example: ClassVar[str] = "flatten"

    @property
    def sees_all(self) -> bool:
        return True

    def shape(self, given: Shape) -> Shape:
        return Shape(given.count, flat=True)


@final
@dataclass(frozen=True, kw_only=True)
class Full(Word):
    """A fully connected layer; it flattens what it is given. The last one may go without its number:
    it takes the number of classes."""

    name: ClassVar[str] = "fc"
    example: ClassVar[str] = "fc10"
    features: int | None = slot("int", None)
    bias: bool = option("b", "switch", True)

    @property
    def sees_all(self) -> bool:
        return True

    def shape(self, given: Shape) -> Shape:
        return Shape(self.features or 0, flat=True)

    def parameters(self, given: Shape, bias: bool) -> int:
        return full(given.count, self.features or 0, self.bias)

    def macs(self, given: Shape) -> int:
        return given.count * (self.features or 0)


@final
@dataclass(frozen=True, kw_only=True)
class Shuffle(Same):
    """Channel shuffle: g groups of channels are interleaved, Zhang et al. (2017)."""

    name: ClassVar[str] = "shuffle"
    example: ClassVar[str] = "shuffle2"
    needs_map: ClassVar[bool] = True
    groups: int = slot("int")

    def shape(self, given: Shape) -> Shape:
        if given.channels % self.groups:
            self.fault(f"{self.groups} must divide the channels; got {given.channels}", _DIVISOR)
        return given


@final
@dataclass(frozen=True, kw_only=True)
class Part(Word):
    """Channel split: `part2i1` is the first of two equal parts of the channels, `part2i2` the second."""

    name: ClassVar[str] = "part"
    example: ClassVar[str] = "part2i1"
    needs_map: ClassVar[bool] = True
    parts: int = slot("int")
    index: int = option("i", "int", MISSING)

    def shape(self, given: Shape) -> Shape:
        if given.channels % self.parts:
            self.fault(f"{self.parts} must divide the channels; got {given.channels}", _DIVISOR)
        if self.index > self.parts:
            self.fault(f"there is no part {self.index} of {self.parts}", f"use i1 to i{self.parts}")
        return given._replace(channels=given.channels // self.parts)

    def bounds(self, channels: int) -> tuple[int, int]:
        """First and one past the last channel of this part."""
        size = channels // self.parts
        return (self.index - 1) * size, self.index * size


@final
@dataclass(frozen=True, kw_only=True)
class SqueezeExcite(Same):
    """Each channel scaled by a gate that saw the whole picture, Hu et al. (2017): gap, fc to the number given
    (a sixteenth of the channels if none is), relu, fc, sigmoid (`h`: the hard sigmoid of MobileNet v3)."""

    name: ClassVar[str] = "se"
    example: ClassVar[str] = "se16h"
    needs_map: ClassVar[bool] = True
    squeezed: int | None = slot("int", None)
    hard: bool = option("h", "flag", False)

    @property
    def sees_all(self) -> bool:
        return True

    def inner(self, given: Shape) -> int:
        """The squeezed width for this input."""
        return self.squeezed or max(1, given.channels // 16)

    def parameters(self, given: Shape, bias: bool) -> int:
        inner = self.inner(given)
        return full(given.channels, inner) + full(inner, given.channels)

    def macs(self, given: Shape) -> int:
        return 2 * given.channels * self.inner(given)


@final
@dataclass(frozen=True, kw_only=True)
class Scale(Same):
    """Everything times one fixed number: a logit scale."""

    name: ClassVar[str] = "scale"
    example: ClassVar[str] = "scale0.125"
    factor: float = slot("decimal", low=0)


@final
@dataclass(frozen=True, kw_only=True)
class Identity(Same):
    """Nothing at all: the arm of a branch that passes its input on."""

    name: ClassVar[str] = "id"
    example: ClassVar[str] = "id"
