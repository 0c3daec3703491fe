"""The measuring of `precision.py`, within the seconds it is given.

Where bf16 is emulated a product of middling size takes minutes, and some convolutions are thirty times
slower than such a product. So every size is tried only after a smaller one has shown what it will cost.
"""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal, NamedTuple, final

import torch
from torch import nn

from striate.training.precision_layers import Compared, Layer, Took, compare, timed
from striate.training.threads import one_thread

Precision = Literal["fp32", "bf16"]
HOPELESS = 2.0  # layers this many times slower: the whole step is not tried
_MOST_LAYERS = 12
_FIRST_WORK = (
    2e7  # operations of the first try of a layer: half a second in the slowest emulation met
)
_SIDES = (32, 64, 128, 256)
_MOST_PICTURES = 256
_MOST_PIXELS = {"cpu": 1 << 19, "cuda": 1 << 22}  # of one step, for its memory
_ROUNDS = 3
_RUNS = 9  # to compare and to time one layer


class Wrong(NamedTuple):
    """The first layer that bf16 gets wrong."""

    layer: Layer
    found: Compared


class Tried(NamedTuple):
    """One layer: shape N C H W; fp32, bf16: seconds with one thread; both: with as many as help; clock: what
    one run of the slower way takes.
    """

    shape: tuple[int, ...]
    worst: Compared
    work: float
    fp32: float
    bf16: float
    both: float
    clock: float


@final
class Trial:
    """tried: the layers that were compared. ran_s: seconds in both ways of what was tried of them, with one
    thread. whole_s: of the whole of them, a picture, both ways together, with as many threads as help.
    product_s: of one product of matrices. step_ms: of a whole step, for `pictures` pictures.
    """

    def __init__(self, seconds: float, device: str) -> None:
        self.seconds, self.device = seconds, device
        self.begun = time.perf_counter()
        self.tried: dict[Layer, Tried] = {}
        self.wrong: Wrong | None = None
        self.broken = ""
        self.whole_s = 0.0
        self.ran_s: dict[str, float] = {"fp32": 0.0, "bf16": 0.0}
        self.product_s: dict[Precision, float] = {}
        self.step_ms: dict[str, float] = {}
        self.pictures = 0
        self._rate = 1e8  # operations a second in bf16: the slowest met

    @property
    def left(self) -> float:
        """Seconds that may still be used; a tenth is kept for what cannot be foreseen."""
        return self.begun + 0.9 * self.seconds - time.perf_counter()

    @property
    def slower(self) -> float | None:
        """How many times as long bf16 takes, by the step, else by the layers, else by one product."""
        if {"bf16", "fp32"} <= set(self.step_ms):
            return self.step_ms["bf16"] / self.step_ms["fp32"]
        if self.ran_s["fp32"]:  # what was tried only in part counts in part
            return self.ran_s["bf16"] / self.ran_s["fp32"]
        known = len(self.product_s) == 2
        return self.product_s["bf16"] / self.product_s["fp32"] if known else None

    def products(self) -> None:
        """Products of matrices in growing sizes, while the next one can be afforded."""
        side = _SIDES[0]
        for side in _SIDES:
            took = self._product(side, torch.bfloat16)
            self._rate = 2.0 * side**3 / max(took.own, 1e-9)
            self.product_s = {"bf16": took.own}
            if 3 * 16 * took.clock > self.left / 20:  # eight times the work, and out of a cache
                break
        self.product_s["fp32"] = self._product(side, torch.float32).own

    def _product(self, side: int, dtype: torch.dtype) -> Took:
        """The least of three."""
        given = torch.ones(side, side, dtype=dtype, device=self.device)
        with one_thread():
            return _least([timed(lambda: given @ given, self.device) for _ in range(3)])

    def layers(self, found: Mapping[Layer, int], share: float) -> None:
        """The costliest layers, and those with even windows, whose sums were wrong before: all of them
        small, then larger, and the four costliest as large as `share` of the time that is left allows.
        """
        costly = sorted(found, key=lambda layer: -found[layer] * layer.work(layer.size))
        even = [layer for layer in costly if 0 in (layer.kernel[0] % 2, layer.kernel[1] % 2)]
        listed = list(dict.fromkeys([*even[:4], *costly[:_MOST_LAYERS]]))
        end = time.perf_counter() + share * self.left
        for until, some in ((0.3, listed), (0.5, listed), (0.7, costly[:4]), (1.0, costly[:4])):
            for i, layer in enumerate(some):
                left = end - time.perf_counter()
                if left > 0:
                    self._layer(layer, left * until / (len(some) - i))
        for layer, tried in self.tried.items():
            self.ran_s["fp32"] += found[layer] * tried.fp32
            self.ran_s["bf16"] += found[layer] * tried.bf16
            self.whole_s += found[layer] * tried.both * layer.work(layer.size) / tried.work

    def _layer(self, layer: Layer, seconds: float) -> None:
        """Larger than before, if twice as much work can be afforded."""
        thin, before = layer.thinner(), self.tried.get(layer)
        if before is None:
            # Convolutions in groups fall to code that is another ten times slower.
            most = min(_FIRST_WORK, seconds * self._rate / (20 if thin.groups == 1 else 200))
            if thin.work(thin.smaller(most)) > seconds * self._rate:
                return
        else:
            most = before.work * seconds / (_RUNS * before.clock)
        pictures = 2 if most > 2 * thin.work(thin.smaller(0)) else 1
        size = thin.smaller(most / pictures)
        work = pictures * thin.work(size)
        if before is not None and work < 2 * before.work:
            return
        worst, ways = compare(thin, size, pictures, self.device)
        with one_thread():  # the times of two would mostly be those of their waiting
            turns = [
                (timed(ways.bf16, self.device), timed(ways.fp32, self.device)) for _ in range(2)
            ]
        bf16, fp32 = (_least(column) for column in zip(*turns, strict=True))
        clock = max(1e-6, fp32.clock, bf16.clock)
        both = min(bf16.own, timed(ways.bf16, self.device).clock)
        both += min(fp32.own, timed(ways.fp32, self.device).clock)
        shape = (pictures, thin.given, *size)
        self.tried[layer] = Tried(shape, worst, work, fp32.own, bf16.own, both, clock)
        if work > 1e6:  # less is all overhead
            self._rate = min(self._rate, work / max(bf16.own, 1e-9))
        if not worst.is_right and self.wrong is None:
            self.wrong = Wrong(layer, worst)

    @property
    def rows(self) -> list[dict[str, Any]]:
        """Plain values of every layer that was compared."""
        return [
            {
                "layer": layer.label,
                "shape": list(tried.shape),
                "what": tried.worst.what,
                "error": round(tried.worst.error, 6) if math.isfinite(tried.worst.error) else None,
                "allowed": round(tried.worst.allowed, 6),
                "fp32_ms": round(1e3 * tried.fp32, 4),
                "bf16_ms": round(1e3 * tried.bf16, 4),
            }
            for layer, tried in self.tried.items()
        ]

    def step(self, network: nn.Module, shape: tuple[int, int, int], batch: int) -> None:
        """Forward and backward of the whole network in turns: bf16, fp32, and fp32 with channels first;
        not at all if two pictures in each way take longer than there is left.
        """
        kind = torch.device(self.device).type
        most = max(2, min(batch, _MOST_PICTURES, _MOST_PIXELS[kind] // (shape[1] * shape[2])))
        few = min(2, most)
        # Norms, activations and layers that were not compared come on top: half as much again.
        expected = 2 * few * 1.5 * self.whole_s
        if expected > self.left:
            return
        ways = _ways(network, self.device, both=kind == "cpu" and 4 * expected < self.left)
        clock = self._round(ways, few, shape, first=True)
        if clock < 0.2 * self.left:  # the first time is a slow one
            clock = self._round(ways, few, shape, first=False)
        count = few
        while 2 * count <= most and 2 * count / few * (_ROUNDS + 1) * clock < 0.7 * self.left:
            count *= 2
        if count > few:
            clock = self._round(ways, count, shape, first=True)  # warms up
            self.step_ms = {}
        self.pictures = count
        for turn in range(_ROUNDS):
            if not self.step_ms or clock < self.left:
                clock = self._round(ways, count, shape, first=turn % 2 == 1)

    def _round(
        self, ways: Mapping[str, _Way], count: int, shape: tuple[int, int, int], *, first: bool
    ) -> float:
        """Each way once, from the first on or backwards; what the round took by the clock."""
        begun = time.perf_counter()
        for name, way in list(ways.items())[:: 1 if first else -1]:
            took = 1e3 * self._timed(way, count, shape).own
            self.step_ms[name] = min(took, self.step_ms.get(name, math.inf))
        return time.perf_counter() - begun

    def _timed(self, way: _Way, pictures: int, shape: tuple[int, int, int]) -> Took:
        images = torch.zeros(pictures, *shape, device=self.device)
        images.uniform_(-1, 1)
        if way.channels_last:
            images = images.contiguous(memory_format=torch.channels_last)
        return timed(lambda: way.run(images), self.device)


class _Way(NamedTuple):
    """One way to do a step."""

    run: Callable[[torch.Tensor], None]
    channels_last: bool


def _least(runs: Iterable[Took]) -> Took:
    return Took(*(min(column) for column in zip(*runs, strict=True)))


def _ways(network: nn.Module, device: str, *, both: bool) -> dict[str, _Way]:
    """Copies of the network, so that weights, gradients and running means stay as they are."""
    last = _copied(network, device).to(memory_format=torch.channels_last)
    made = {
        "bf16": _Way(lambda images: _step(last, images, bf16=True), True),
        "fp32": _Way(lambda images: _step(last, images, bf16=False), True),
    }
    if both:
        first = _copied(network, device)
        made["fp32, channels first"] = _Way(lambda images: _step(first, images, bf16=False), False)
    return made


def _copied(network: nn.Module, device: str) -> nn.Module:
    made = copy.deepcopy(network).to(device).train()
    if not any(parameter.requires_grad for parameter in made.parameters()):
        made.requires_grad_(True)
    return made


def _step(network: nn.Module, images: torch.Tensor, *, bf16: bool) -> None:
    """Forward and backward; what is lost plays no part in the time."""
    network.zero_grad(set_to_none=True)
    with torch.enable_grad(), torch.autocast(images.device.type, torch.bfloat16, enabled=bf16):
        answer = network(images)
    logits = answer if isinstance(answer, torch.Tensor) else answer[0]
    logits.float().square().mean().backward()
