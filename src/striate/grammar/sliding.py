"""The words that slide a window over a map: convolutions and pools."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

from striate.geometry.cost import Filters
from striate.geometry.shape import Pair, Shape
from striate.grammar.words import Padding, Windows, Word, option, slid, sliding, slot, width


@dataclass(frozen=True, kw_only=True)
class Filtering(Word):
    """What the three convolutions share: windows, and a bias that a batch norm right after makes needless."""

    needs_map: ClassVar[bool] = True
    kernel: Pair = slot("pair")
    stride: Pair = option("s", "pair", (1, 1))
    padding: Padding = option("p", "padding", (0, 0), low=0)
    dilation: Pair = option("d", "pair", (1, 1))
    bias: bool | None = option("b", "switch", None)
    channels: int | None = width()

    def windows(self) -> Windows:
        return sliding(self.kernel, self.stride, self.padding, self.dilation)

    def shape(self, given: Shape) -> Shape:
        self.filters(given, True)
        return slid(self.windows(), given, self.channels or given.channels)

    def filters(self, given: Shape, bias: bool) -> Filters:
        """Its filters for an input of `given` channels."""
        return Filters(given.channels, self.channels or given.channels, self.kernel, 1, bias)

    def parameters(self, given: Shape, bias: bool) -> int:
        return self.filters(given, bias).parameters

    def macs(self, given: Shape) -> int:
        return self.filters(given, False).macs(self.shape(given))

    def has_bias(self, following: Word | None) -> bool:
        # The norm subtracts the mean, so a bias before it would never have an effect.
        return self.bias if self.bias is not None else not (following and following.name == "bn")


@final
@dataclass(frozen=True, kw_only=True)
class Conv(Filtering):
    """A convolution layer: cross-correlation with shared filters, LeCun et al. (1989)."""

    name: ClassVar[str] = "conv"
    example: ClassVar[str] = "conv3s2p1-64"
    groups: int = option("g", "int", 1)

    def filters(self, given: Shape, bias: bool) -> Filters:
        made = self.channels or given.channels
        if given.channels % self.groups or made % self.groups:
            self.fault(
                f"groups must divide the channels; got {given.channels} in, {made} out, groups {self.groups}",
                "choose a number that divides both",
            )
        return Filters(given.channels, made, self.kernel, self.groups, bias)


@final
@dataclass(frozen=True, kw_only=True)
class Depthwise(Filtering):
    """A convolution with one filter for each channel (or n): MobileNet, Howard et al. (2017)."""

    name: ClassVar[str] = "dw"
    example: ClassVar[str] = "dw3s2p1"

    def filters(self, given: Shape, bias: bool) -> Filters:
        made = self.channels or given.channels
        if made % given.channels:
            self.fault(
                "a depthwise convolution makes a multiple of its input channels; "
                f"got {given.channels} in, {made} out",
                f"leave the channels out, or give {given.channels * 2}",
            )
        return Filters(given.channels, made, self.kernel, given.channels, bias)


@final
@dataclass(frozen=True, kw_only=True)
class Local(Filtering):
    """Locally connected: a convolution that shares nothing, an own filter at every place."""

    name: ClassVar[str] = "local"
    example: ClassVar[str] = "local3-16"

    def parameters(self, given: Shape, bias: bool) -> int:
        return self.filters(given, bias).unshared(self.shape(given))


@dataclass(frozen=True, kw_only=True)
class Pooling(Word):
    """What max and average pooling share. The stride is the kernel unless it is given."""

    needs_map: ClassVar[bool] = True
    kernel: Pair = slot("pair")
    stride: Pair | None = option("s", "pair", None)
    padding: Padding = option("p", "padding", (0, 0), low=0)
    ceil: bool = option("c", "flag", False)

    def windows(self) -> Windows:
        return sliding(
            self.kernel, self.stride or self.kernel, self.padding, self.spacing, self.ceil
        )

    @property
    def spacing(self) -> Pair:
        """The dilation."""
        return (1, 1)

    def shape(self, given: Shape) -> Shape:
        for axis, window in enumerate(self.windows()):
            if max(window.before, window.after) * 2 > window.kernel:
                # PyTorch's rule too: otherwise a window could lie in the padding alone.
                self.fault(
                    f"padding may be half the kernel at most; got {window.after} for {self.kernel[axis]}",
                    "pad less, or use a larger kernel",
                )
            if window.before != window.after:
                self.fault(
                    "`same` needs an odd kernel", "use an odd kernel, or give the padding as p1"
                )
        return slid(self.windows(), given, given.channels)


@final
@dataclass(frozen=True, kw_only=True)
class MaxPool(Pooling):
    """The largest number under each window."""

    name: ClassVar[str] = "max"
    example: ClassVar[str] = "max3s2p1"
    dilation: Pair = option("d", "pair", (1, 1))

    @property
    def spacing(self) -> Pair:
        return self.dilation


@final
@dataclass(frozen=True, kw_only=True)
class AvgPool(Pooling):
    """The mean under each window, padding counted as zeros."""

    name: ClassVar[str] = "avg"
    example: ClassVar[str] = "avg2"


@dataclass(frozen=True, kw_only=True)
class Adaptive(Word):
    """Pools any map to a given size: window i covers floor(i n/p) ... ceil((i+1) n/p)."""

    needs_map: ClassVar[bool] = True
    places: Pair = slot("pair")

    def shape(self, given: Shape) -> Shape:
        return Shape(given.channels, *self.places)


@final
@dataclass(frozen=True, kw_only=True)
class AvgTo(Adaptive):
    """Average pooling to a given size."""

    name: ClassVar[str] = "avgto"
    example: ClassVar[str] = "avgto6"


@final
@dataclass(frozen=True, kw_only=True)
class MaxTo(Adaptive):
    """Max pooling to a given size."""

    name: ClassVar[str] = "maxto"
    example: ClassVar[str] = "maxto6"


@dataclass(frozen=True, kw_only=True)
class Global(Word):
    """One number for each channel, from the whole map."""

    needs_map: ClassVar[bool] = True

    @property
    def sees_all(self) -> bool:
        return True

    def shape(self, given: Shape) -> Shape:
        return Shape(given.channels)


@final
@dataclass(frozen=True, kw_only=True)
class Gap(Global):
    """Global average pooling, Lin, Chen, Yan (2013)."""

    name: ClassVar[str] = "gap"
    example: ClassVar[str] = "gap"


@final
@dataclass(frozen=True, kw_only=True)
class Gmp(Global):
    """Global max pooling."""

    name: ClassVar[str] = "gmp"
    example: ClassVar[str] = "gmp"


@final
@dataclass(frozen=True, kw_only=True)
class Every(Word):
    """Every n-th row and column, with channels of zeros around up to the number given: a shortcut
    without weights (option A of He et al. 2015)."""

    name: ClassVar[str] = "every"
    example: ClassVar[str] = "every2-32"
    needs_map: ClassVar[bool] = True
    stride: Pair = slot("pair")
    channels: int | None = width()

    def windows(self) -> Windows:
        return sliding((1, 1), self.stride, (0, 0), (1, 1))

    def shape(self, given: Shape) -> Shape:
        made = self.channels or given.channels
        if made < given.channels or (made - given.channels) % 2:
            self.fault(
                "zeros are added on both sides alike, so the channels grow by an even number; "
                f"got {given.channels} to {made}",
                f"use {given.channels + 2}, for example",
            )
        return slid(self.windows(), given, made)
