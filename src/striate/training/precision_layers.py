"""The layers of one network, each computed in bf16 and in fp32 on this very machine.

How wrong bf16 may be follows from how it rounds. Both ways get the same numbers, which bf16 holds exactly,
so products are exact and only sums are rounded. A sum of K products whose scale is s = sqrt(sum (x w)^2) is
rounded once at its end, and on the way as often as the sum is cut into parts that are kept in bf16: at most
sqrt(K) times, which is what blocked sums do. Each of these roundings is off by at most u s / sqrt(3) in the
root mean square, u = 2^-8, and they add up like a random walk; twice that is allowed:

    error / s <= 2 u sqrt(1 + sqrt(K)) / sqrt(3)

Of 4 products 0.8 % are allowed, of 2,304 3.2 %. A sum that lost one product of K is off by 1 / sqrt(K), so it
is seen up to about 1,300 products; https://github.com/pytorch/pytorch/issues/163347 lost three of four.

Shape legend: N pictures, C channels in, O channels out, H height, W width, K products of one sum.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, final

import torch
from torch import Tensor, nn
from torch.nn import functional

ROUNDING = 2.0**-8  # bf16 has 8 digits; half a unit of the last one
Pair = tuple[int, int]
_MOST_WEIGHTS = 1 << 22


@final
@dataclass(frozen=True)
class Layer:
    """What decides which code runs: a convolution, or a fully connected layer (size: rows a picture, 1)."""

    kind: str
    given: int
    made: int
    size: Pair
    kernel: Pair = (1, 1)
    stride: Pair = (1, 1)
    padding: Pair = (0, 0)
    dilation: Pair = (1, 1)
    groups: int = 1
    bias: bool = True

    @property
    def label(self) -> str:
        """As people read it: conv 3x3 64>128 at 16x16."""
        if self.kind == "linear":
            return f"fc {self.given}>{self.made}"
        more = f" stride {self.stride[0]}" if self.stride != (1, 1) else ""
        more += f" in {self.groups} groups" if self.groups > 1 else ""
        kernel, size = ("x".join(map(str, pair)) for pair in (self.kernel, self.size))
        return f"conv {kernel} {self.given}>{self.made}{more} at {size}"

    def answer(self, size: Pair) -> Pair:
        """Rows and columns that come out."""
        if self.kind == "linear":
            return size
        sides = zip(size, self.kernel, self.stride, self.padding, self.dilation, strict=True)
        rows, columns = ((n + 2 * p - d * (k - 1) - 1) // s + 1 for n, k, s, p, d in sides)
        return rows, columns

    def sums(self) -> tuple[int, int]:
        """Products of one number of the answer, and of the gradient of the input."""
        taps = self.kernel[0] * self.kernel[1]
        return self.given // self.groups * taps, self.made // self.groups * taps

    def work(self, size: Pair) -> float:
        """Multiplications and additions of a picture, forward and backward."""
        rows, columns = self.answer(size)
        return 6.0 * rows * columns * self.made * self.sums()[0]

    def thinner(self) -> Layer:
        """The same with fewer outputs where its weights are so many that drawing them would take seconds."""
        most = max(1, _MOST_WEIGHTS // self.sums()[0])
        return replace(self, made=most) if self.groups == 1 and self.made > most else self

    def smaller(self, most: float) -> Pair:
        """The size, or a smaller one of the same shape with about this much work a picture."""
        share = min(1.0, math.sqrt(most / max(1.0, self.work(self.size))))
        if self.kind == "linear":
            return max(1, int(self.size[0] * share**2)), 1
        sides = zip(self.size, self.kernel, self.padding, self.dilation, strict=True)
        least = ((n, min(n, max(1, d * (k - 1) + 1 - 2 * p))) for n, k, p, d in sides)
        rows, columns = (max(low, int(n * share)) for n, low in least)
        return rows, columns


class Compared(NamedTuple):
    """error, allowed: of the worst of answer and gradients, in shares of its sums' scale."""

    what: str
    error: float
    allowed: float

    @property
    def is_right(self) -> bool:
        """Whether bf16 rounds as it may; not for NaN."""
        return self.error <= self.allowed


def layers_of(network: nn.Module, shape: tuple[int, int, int]) -> dict[Layer, int]:
    """The distinct layers that a picture C H W meets, and how often: by hooks, on one grey picture in eval
    mode, so that nothing of the network changes. (Shapes alone would do, but torch's first look at shapes
    loads 900 modules, for two seconds.)
    """
    found: dict[Layer, int] = {}

    def meet(module: nn.Module, given: tuple[Tensor, ...], _: object) -> None:
        layer = _layer(module, given[0])
        if layer is not None:
            found[layer] = found.get(layer, 0) + 1

    modes = {module: module.training for module in network.modules()}
    handles = [module.register_forward_hook(meet) for module in modes]
    first = next(network.parameters(), torch.empty(0))
    try:
        network.eval()
        with torch.no_grad():
            network(torch.zeros(1, *shape, device=first.device, dtype=first.dtype))
    finally:
        for handle in handles:
            handle.remove()
        for module, training in modes.items():
            module.training = training
    return found


def compare(layer: Layer, size: Pair, pictures: int, device: str) -> tuple[Compared, Runs]:
    """bf16 against fp32 on the same numbers; and both ways ready to be timed."""
    numbers = _numbers(layer, size, pictures, device)
    wanted = _run(layer, numbers, bf16=False)
    got = _run(layer, numbers, bf16=True)
    scales = _run(layer, [tensor.square() for tensor in numbers], bf16=False)
    rows, columns = layer.answer(size)
    places = pictures * rows * columns
    counts = (*layer.sums(), places, places)
    names = ("answer", "gradient of the input", "gradient of the weights", "gradient of the bias")
    found = [
        Compared(name, _error(a, b, s.clamp_min(0).sqrt()), allowed(count))
        for name, a, b, s, count in zip(names, wanted, got, scales, counts, strict=False)
    ]
    worst = max(found, key=lambda one: one.error / one.allowed if one.error >= 0 else math.inf)
    return worst, Runs(
        lambda: _run(layer, numbers, bf16=False), lambda: _run(layer, numbers, bf16=True)
    )


class Runs(NamedTuple):
    """The same work in both ways."""

    fp32: Callable[[], object]
    bf16: Callable[[], object]


def allowed(products: int) -> float:
    """How far off a sum of so many products may be, in shares of its scale."""
    return 2 * ROUNDING * math.sqrt(1 + math.sqrt(products)) / math.sqrt(3)


class Took(NamedTuple):
    """Seconds of one run by the clock, and of this process alone."""

    clock: float
    own: float


def timed(work: Callable[[], Any], device: str) -> Took:
    """How long one run takes. On a processor that others use too the clock also counts the waiting, which
    can be fifty times the work; what our own threads were busy for is then nearer to the truth.
    """
    card = torch.device(device).type == "cuda"
    if card:
        torch.cuda.synchronize(device)
    begun, busy = time.perf_counter(), time.process_time()
    work()
    if card:
        torch.cuda.synchronize(device)
    clock, own = time.perf_counter() - begun, time.process_time() - busy
    return Took(clock, clock if card else min(clock, own))


def _layer(module: nn.Module, given: Tensor) -> Layer | None:
    """The layer of a module, if it is of a kind that is tested."""
    if isinstance(module, nn.Linear):
        rows = given.numel() // max(1, given.shape[0] * given.shape[-1])
        return Layer(
            "linear",
            module.in_features,
            module.out_features,
            (rows, 1),
            bias=module.bias is not None,
        )
    if not isinstance(module, nn.Conv2d) or given.dim() != 4:
        return None
    kernel, dilation = _pair(module.kernel_size), _pair(module.dilation)
    if isinstance(module.padding, str):  # rounded down: half a pixel changes no code that runs
        around = [d * (k - 1) // 2 for k, d in zip(kernel, dilation, strict=True)]
        padding = _pair(around if module.padding == "same" else (0, 0))
    else:
        padding = _pair(module.padding)
    return Layer(
        "conv",
        module.in_channels,
        module.out_channels,
        _pair(given.shape[-2:]),
        kernel,
        _pair(module.stride),
        padding,
        dilation,
        module.groups,
        module.bias is not None,
    )


def _pair(sides: Any) -> Pair:
    rows, columns = sides
    return int(rows), int(columns)


def _numbers(layer: Layer, size: Pair, pictures: int, device: str) -> list[Tensor]:
    """Input, weights, gradient of the answer, bias: of mean 0, all of them numbers that bf16 has."""
    drawn = torch.Generator().manual_seed(163347)
    rows, columns = layer.answer(size)
    shapes: list[tuple[int, ...]]
    if layer.kind == "linear":
        count = pictures * size[0]
        shapes = [(count, layer.given), (layer.made, layer.given), (count, layer.made)]
    else:
        shapes = [
            (pictures, layer.given, *size),
            (layer.made, layer.given // layer.groups, *layer.kernel),
            (pictures, layer.made, rows, columns),
        ]
    shapes += [(layer.made,)] if layer.bias else []
    made = [torch.randn(shape, generator=drawn).bfloat16().float().to(device) for shape in shapes]
    return [t.contiguous(memory_format=torch.channels_last) if t.dim() == 4 else t for t in made]


def _run(layer: Layer, numbers: list[Tensor], *, bf16: bool) -> tuple[Tensor, ...]:
    """Answer and gradients of input, weights and bias, as training computes them."""
    x, w, upstream, *rest = (tensor.detach() for tensor in numbers)
    leaves = [tensor.requires_grad_() for tensor in (x, w, *rest)]
    bias = leaves[2] if layer.bias else None
    with torch.enable_grad(), torch.autocast(x.device.type, torch.bfloat16, enabled=bf16):
        if layer.kind == "linear":
            made = functional.linear(leaves[0], leaves[1], bias)
        else:
            made = functional.conv2d(
                leaves[0],
                leaves[1],
                bias,
                layer.stride,
                layer.padding,
                layer.dilation,
                layer.groups,
            )
    gradients = torch.autograd.grad(made, leaves, upstream.to(made.dtype))
    return (made.detach().float(), *(one.float() for one in gradients))


def _error(wanted: Tensor, got: Tensor, scale: Tensor) -> float:
    """The root mean square error in shares of the scale, or the largest one where that is more than the
    largest of so many roundings may be. NaN where the answer is none.
    """
    off = (got - wanted).abs() / scale.clamp_min(1e-30)
    peak = math.sqrt(2 * math.log(2 * max(1, off.numel()))) + 2
    mean, largest = float(off.square().mean().sqrt()), float(off.max())
    return max(mean, largest / peak) if math.isfinite(mean + largest) else math.nan
