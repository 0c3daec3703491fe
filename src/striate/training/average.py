"""Averages of the weights on the way, which are often better than the last ones.

ema: a moving average; its beginning is corrected, so that after n steps it is the mean of the n weights
with the shares d^(n-1), ..., d, 1 and nothing of a start at zero. Kept as it is used: the newest weights
enter with the share (1 - d) / (1 - d^n), which is 1 for the first.
swa: the plain mean of the weights from one step on, Izmailov et al. (2018), arXiv 1803.05407; the n-th enters
with the share 1 / n. Means of weights have other activations: `recount` the batch norms after.

Averaged are parameters and buffers of floating numbers; counters stay the network's own.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import cast, final

import torch
from torch import Tensor, nn

from striate.errors import CannotTrain
from striate.pictures.batches import Batch
from striate.training.recipe_parts import AveragePart

DECAY = 0.99  # where nothing else is said or decided


@final
class Average:
    """Made by `make`; without a name in the recipe it does nothing and has nothing."""

    def __init__(self, network: nn.Module, part: AveragePart) -> None:
        self.part, self.count = part, 0
        self.is_kept = part.name in ("ema", "swa")
        self._network = network
        self._held: dict[str, Tensor] = {}

    @torch.no_grad()
    def update(self, step: int, steps: int) -> None:
        """Take the weights in as they are when `step` of `steps` steps are done."""
        if not self.is_kept or step < self._first(steps):
            return
        now = _numbers(self._network)
        self.count += 1
        if self.count == 1:
            self._held = {name: tensor.clone() for name, tensor in now.items()}
            return
        share = self._share()
        for name, held in self._held.items():
            held.lerp_(now[name], share)

    def _first(self, steps: int) -> int:
        """How many steps are done when the first weights count."""
        return math.ceil(self.part.start * steps - 1e-9) if self.part.name == "swa" else 0

    def _share(self) -> float:
        if self.part.name == "swa":
            return 1 / self.count
        decay = DECAY if self.part.decay < 0 else self.part.decay
        return (1 - decay) / (1 - decay**self.count)

    def weights(self) -> dict[str, Tensor] | None:
        """Copies of the averaged tensors by their names in `state_dict`; None where nothing was averaged."""
        return {name: held.clone() for name, held in self._held.items()} if self.count else None

    @contextmanager
    def applied(self) -> Iterator[None]:
        """The averaged weights in the network's place, and after it the very bits that were there before.

        What the body changes in the network's state is undone as well.
        """
        if not self.count:
            yield
            return
        before = {name: tensor.clone() for name, tensor in self._network.state_dict().items()}
        try:
            _copy(self._network.state_dict(), self._held)
            yield
        finally:
            _copy(self._network.state_dict(), before)

    def state(self) -> dict[str, Tensor]:
        """Copies of everything that the average of later steps depends on."""
        if not self.is_kept:
            return {}
        held = {f"average:{name}": tensor.clone() for name, tensor in self._held.items()}
        return {"count": torch.tensor(self.count), **held}

    def load(self, state: Mapping[str, Tensor]) -> None:
        """Go on from a `state()`; one that does not fit is refused, and nothing is changed."""
        count = int(state["count"]) if "count" in state else 0
        like = _numbers(self._network) if count else {}
        wanted = {f"average:{name}": tensor.shape for name, tensor in like.items()}
        wanted |= {"count": torch.Size()} if self.is_kept else {}
        if wanted != {name: tensor.shape for name, tensor in state.items()}:
            raise CannotTrain(
                "this state belongs to another average or network",
                "continue with the recipe and the network that it was saved with",
            )
        self.count, self._held = count, {name: torch.empty_like(now) for name, now in like.items()}
        _copy(self._held, {name: state[f"average:{name}"] for name in like})


def make(network: nn.Module, part: AveragePart) -> Average:
    """The average of a recipe over the weights of a network, which goes on being trained."""
    return Average(network, part)


@torch.no_grad()
def recount(network: nn.Module, batches: Iterable[Batch | Tensor]) -> int:
    """Set the statistics of all batch norms to the plain mean of those of these batches or their images.

    All else computes as in judging, so no dropout. Modes, momenta and counters are as before. Gives how
    many batches there were; with none, or when a batch fails, the statistics stay what they were.
    """
    norms = [cast("nn.BatchNorm2d", one) for one in network.modules() if _has_statistics(one)]
    modes = [(one, one.training) for one in network.modules()]
    momenta = [one.momentum for one in norms]
    before = [[tensor.clone() for tensor in one.buffers()] for one in norms]
    sums = [place.cpu().double().zero_() for place in _statistics(norms)]
    count = 0
    try:
        network.eval()
        for one in norms:
            one.train()
            one.momentum = 1.0  # the statistics of the newest batch alone
        for place in _statistics(norms):
            place.fill_(1)  # not even 0 times NaN of what was there before
        for batch in batches:
            network(batch if isinstance(batch, Tensor) else batch.images)
            count += 1
            for total, seen in zip(sums, _statistics(norms), strict=True):
                total += seen.cpu()
    finally:
        for one, held, momentum in zip(norms, before, momenta, strict=True):
            one.momentum = momentum
            for place, was in zip(one.buffers(), held, strict=True):
                place.copy_(was)
        for module, training in modes:
            module.training = training
    if count:
        for place, total in zip(_statistics(norms), sums, strict=True):
            place.copy_(total / count)
    return count


def _has_statistics(module: nn.Module) -> bool:
    """Whether this is a batch norm, ours or PyTorch's, that keeps statistics."""
    kept = isinstance(getattr(module, "running_mean", None), Tensor)
    return kept and hasattr(module, "momentum")


def _statistics(norms: list[nn.BatchNorm2d]) -> list[Tensor]:
    """Means and variances, of each norm in order."""
    return [cast("Tensor", x) for one in norms for x in (one.running_mean, one.running_var)]


def _numbers(network: nn.Module) -> dict[str, Tensor]:
    """The tensors that can be averaged, in the network's own memory."""
    return {n: t for n, t in network.state_dict().items() if t.is_floating_point()}


@torch.no_grad()
def _copy(places: Mapping[str, Tensor], numbers: Mapping[str, Tensor]) -> None:
    for name, tensor in numbers.items():
        places[name].copy_(tensor)
