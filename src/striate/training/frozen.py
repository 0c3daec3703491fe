"""Frozen features first: a pretrained network runs once over the pictures, and only its last layer learns.

The features are what enters the last fully connected layer. They are found by a hook on it, so that any
module serves whose answer is that layer's. Everything is done on a copy in eval mode: weights, mode and
buffers of the network given stay as they are.

Shape legend: N pictures, n at a time, D features, C channels, H height, W width, K classes.
"""

from __future__ import annotations

import contextlib
import copy
import hashlib
import itertools
import threading
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Protocol, cast, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from striate.errors import CannotTrain, NotFinite
from striate.grammar.parts import Scale
from striate.pictures.batches import Pictures
from striate.pictures.normalised import normalised
from striate.pictures.order import Rows

Progress = Callable[[int, int], None]
_CACHED = 1 << 18  # pixels that a thread works on at a time
_AFTER = (nn.Identity, nn.Dropout, nn.Softmax, Scale)  # what may follow the last layer
_CODE = "features-1"  # changes when the same network would give other features
_NEAR = 1e-3  # of the features' own size: a fused copy that differs by more is not used


class Headed(Protocol):
    """What `attach` needs of a `frozen_head.Head`."""

    @property
    def weight(self) -> NDArray[np.float32]:
        """K D."""

    @property
    def bias(self) -> NDArray[np.float32]:
        """K."""


@final
@dataclass(frozen=True)
class Cut:
    """Where a network is cut: before its last fully connected layer. width: D; scale: what a last `scale`
    word multiplies the answers by.
    """

    name: str
    width: int
    outputs: int
    scale: float = 1.0

    def layer(self, network: nn.Module) -> nn.Linear:
        """The last fully connected layer of a network that was cut so."""
        return cast("nn.Linear", network.get_submodule(self.name))

    def attach(self, network: nn.Module, head: Headed) -> None:
        """Put a head in the place of the last layer; the network then answers what the head answers."""
        K, D = head.weight.shape
        if self.width != D:
            raise CannotTrain(f"the head is for {D} features, this network has {self.width}")
        if not self.name:
            raise CannotTrain("the network is a single layer: there is nothing to put a head on")
        last = self.layer(network)
        old = last.weight
        made = nn.Linear(D, K, device=old.device, dtype=old.dtype).train(last.training)
        with torch.no_grad():
            made.weight.copy_(torch.from_numpy(head.weight / np.float32(self.scale)))
            made.bias.copy_(torch.from_numpy(head.bias / np.float32(self.scale)))
        network.set_submodule(self.name, made)


def cut(network: nn.Module) -> Cut:
    """Find the last fully connected layer; nothing but dropout, softmax and a scale may come after it."""
    named = [
        (name, part)
        for name, part in network.named_modules()
        if isinstance(part, nn.Linear) or not any(part.children())
    ]
    places = [i for i, (_, part) in enumerate(named) if isinstance(part, nn.Linear)]
    if not places:
        raise CannotTrain(
            "the network has no fully connected layer, so there is no head to fit on frozen features",
            "take one that ends in `fc`, or train all of it: without --pretrained",
        )
    name, last = named[places[-1]]
    scale = 1.0
    for later, part in named[places[-1] + 1 :]:
        if not isinstance(part, _AFTER):
            raise CannotTrain(
                f"{later!r} ({type(part).__name__}) comes after the last fully connected layer {name!r}",
                "frozen features need a network that ends in that layer",
            )
        if isinstance(part, Scale):
            scale *= part.factor
    linear = cast("nn.Linear", last)
    return Cut(name, linear.in_features, linear.out_features, scale)


def features(
    network: nn.Module,
    pictures: Pictures,
    rows: Rows,
    *,
    mirror: bool = False,
    device: str = "cpu",
    batch: int = 0,
    progress: Progress | None = None,
    precision: str = "fp32",
) -> NDArray[np.float32]:
    """N D: the features of these rows, or of their mirrored copies. Memory is that of the answer and of
    `batch` pictures for each thread; 0 is decided, which is fastest.
    """
    place = cut(network)
    made = np.empty((len(rows), place.width), np.float32)
    if not len(rows):
        return made
    many = batch or _few(pictures, device)

    def images(start: int, count: int = many) -> Tensor:
        pixels = pictures.take(rows[start : start + count])  # n H W C
        if mirror:
            pixels = np.ascontiguousarray(pixels[:, :, ::-1])
        return normalised(torch.from_numpy(pixels).to(device), pictures.preparation)

    runner = _Runner(network, place, device, images(0, 2), precision)
    starts = range(0, len(rows), many)
    with contextlib.closing(_each(lambda at: runner(images(at)), starts, device)) as answers:
        for start, some in zip(starts, answers, strict=True):
            check_finite(some, pictures, rows[start : start + len(some)])
            made[start : start + len(some)] = some
            if progress is not None:
                progress(start + len(some), len(rows))
    return made


def key(
    network: nn.Module,
    pictures: Pictures,
    rows: Rows,
    mirror: bool,
    *,
    device: str = "cpu",
    precision: str = "fp32",
) -> str:
    """64 hexadecimal digits that name what `features` would give: a hash of the network up to the cut, its
    weights, the preparation and the prepared pixels themselves, so that a changed file is never taken for
    the old one, and of what decides the order of sums.
    """
    last = cut(network).name
    digest = hashlib.sha256(f"{type(network)}\n{pictures.preparation.digest}\n".encode())
    digest.update(f"{precision} {'mirrored' if mirror else 'plain'} {len(rows)}\n".encode())
    kind, threads = torch.backends.cpu.get_cpu_capability(), torch.get_num_threads()
    digest.update(f"{_CODE} {torch.__version__} {device} {kind} {threads}\n".encode())
    for name, part in network.named_modules():
        if name != last:
            digest.update(f"{name} {type(part).__name__} {part.extra_repr()}\n".encode())
    for name, tensor in network.state_dict().items():
        if (
            name.rpartition(".")[0] == last
        ):  # drawn anew for every seed, and no feature comes from it
            continue
        held = tensor.detach().to("cpu").contiguous()
        digest.update(f"{name} {held.dtype} {list(held.shape)}\n".encode())
        digest.update(held.reshape(-1).view(torch.uint8).numpy().data)
    for start in range(0, len(rows), 256):
        digest.update(np.ascontiguousarray(pictures.take(rows[start : start + 256])).data)
    return digest.hexdigest()


@final
class _Runner:
    """A copy of the network that gives the features of a batch: n C H W to n D; for several threads."""

    def __init__(
        self, network: nn.Module, place: Cut, device: str, first: Tensor, precision: str
    ) -> None:
        self.place, self.device, self.precision = place, device, "fp32"
        self.seen = threading.local()
        plain = copy.deepcopy(network).to(device).eval().to(memory_format=torch.channels_last)
        fused = fused_copy(plain)
        for made in (plain, fused):
            place.layer(made).register_forward_hook(self._keep)
        wanted = self._checked(plain, first)
        got, _, _ = self._run(fused, first)
        same = bool((wanted - got).abs().max() <= _NEAR * wanted.abs().max().clamp_min(1e-30))
        self.network = fused if same else plain
        self.precision = precision

    def __call__(self, images: Tensor) -> NDArray[np.float32]:
        """n C H W to n D."""
        return np.asarray(self._run(self.network, images)[0].float().cpu().numpy())

    def _keep(self, _: nn.Module, given: tuple[Tensor, ...], answer: Tensor) -> None:
        self.seen.met.append((given[0], answer))

    def _run(self, network: nn.Module, images: Tensor) -> tuple[Tensor, Tensor, Any]:
        """What enters the last layer, what leaves it, and what the network answers."""
        self.seen.met = []
        bf16, kind = self.precision == "bf16", torch.device(self.device).type
        with torch.inference_mode(), torch.autocast(kind, torch.bfloat16, enabled=bf16):
            answer = network(images)
        met = self.seen.met
        if len(met) != 1 or met[0][0].dim() != 2:
            times = (
                f"runs {len(met)} times" if len(met) != 1 else "is not given one vector a picture"
            )
            raise CannotTrain(f"the last fully connected layer {self.place.name!r} {times}")
        return (*met[0], answer)

    def _checked(self, network: nn.Module, images: Tensor) -> Tensor:
        """The features. The network must answer what its last layer answers, or a head would be put in the
        wrong place.
        """
        given, left, answer = self._run(network, images)
        ends = isinstance(answer, Tensor) and answer.shape == left.shape
        scaled = left.float() * self.place.scale
        if not ends or not (
            torch.allclose(answer.float(), scaled, 1e-2, 1e-3, equal_nan=True)
            or torch.allclose(answer.float(), torch.softmax(scaled, 1), 1e-2, 1e-3)
        ):
            raise CannotTrain(
                f"the network does not answer what its last fully connected layer {self.place.name!r} does",
                "frozen features need a network that ends in that layer",
            )
        return given


def fused_copy(network: nn.Module) -> nn.Module:
    """A copy in which batch norms right after a convolution are a part of it; only for eval mode."""
    made = copy.deepcopy(network)
    for chain in list(made.modules()):
        if type(chain).forward is not nn.Sequential.forward:
            continue
        # Twice the same activation is listed twice, or its neighbours would seem to touch.
        every = chain.named_modules(remove_duplicate=False)
        parts = [(name, part) for name, part in every if name and "." not in name]
        for (name, conv), (after, norm) in itertools.pairwise(parts):
            if (
                isinstance(conv, nn.Conv2d)
                and isinstance(norm, nn.BatchNorm2d)
                and norm.track_running_stats
            ):
                chain.set_submodule(name, fuse_conv_bn_eval(conv, norm))
                chain.set_submodule(after, nn.Identity())
    return made


def _few(pictures: Pictures, device: str) -> int:
    """How many pictures at a time: on a processor so few that what lies between two layers stays in its
    caches; with 64 photographs at a time it took twice as long.
    """
    height, width = pictures.preparation.size
    most = _CACHED if torch.device(device).type == "cpu" else 32 * _CACHED
    return max(1, min(256, most // (height * width)))


def _each(
    work: Callable[[int], NDArray[np.float32]], starts: range, device: str
) -> Generator[NDArray[np.float32]]:
    """The answers in order. On a processor every core has pictures of its own: that wants no waiting for
    one another after each layer, which costs most where others use the machine too.
    """
    threads = torch.get_num_threads()
    if torch.device(device).type != "cpu" or threads == 1 or len(starts) == 1:
        yield from map(work, starts)
        return
    try:
        with ThreadPoolExecutor(min(threads, len(starts)), "features", _alone) as pool:
            yield from pool.map(work, starts)
    finally:
        torch.set_num_threads(threads)  # for threads that torch has not met yet


def _alone() -> None:
    """A thread whose layers do not start threads of their own."""
    torch.set_num_threads(1)


def check_finite(some: NDArray[np.float32], pictures: Pictures, rows: Rows) -> None:
    """Refuse features that are no numbers, with the first picture that has such."""
    bad = rows[~np.isfinite(some).all(axis=1)]
    if len(bad):
        raise NotFinite(
            f"the network's features of {len(bad)} picture(s) are not finite",
            "the weights are damaged, or the pictures are not normalised for them",
            where=pictures.dataset.source.shown(pictures.dataset.paths[int(bad[0])]),
        )
