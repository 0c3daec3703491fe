"""Dropout (Srivastava et al. 2014) and stochastic depth (Huang et al. 2016, arXiv 1603.09382) whose coins
have an address: seed, layer, epoch and row of the picture in the dataset.

So what picture 17 loses in epoch 3 does not depend on the batch it is in, on ranks, micro-batches, or the
steps before, and a resumed run draws what an unbroken one does. Of one picture, each layer has a stream of
16-bit coins: a probability is rounded to 1 / 65,536, and what is kept is scaled by the rounded one.

Shape legend: N pictures of the micro-batch; F numbers of one picture in a layer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from striate import seeds
from striate.grammar.parts import Residual
from striate.training.recipe_parts import RegularisePart

_COINS = 65_536
_IN_WORD = 4  # coins in a random word of 64 bits
Rows = NDArray[np.int64]


@final
class Address:
    """Which pictures, in which epoch, the next forward pass is of; shared by all layers, and by copies."""

    def __init__(self, seed: int) -> None:
        self.seed, self.epoch = seed, 0
        self.rows: Rows | None = None
        self._held: dict[str, NDArray[np.uint16]] = {}

    def set_to(self, epoch: int, rows: Rows) -> None:
        """The rows of the next batch, in its order."""
        if len(rows) and int(rows.min()) < 0:
            raise ValueError("rows are places in the dataset, from 0 on")
        self.epoch, self.rows = epoch, np.array(rows, np.int64)
        self._held.clear()

    def __deepcopy__(self, memo: dict[int, Any]) -> Address:
        """A copied network goes by the same address."""
        return self

    def coins(self, purpose: str, count: int, pictures: int) -> NDArray[np.uint16]:
        """N x count coins 0 ... 65,535 for the pictures of this batch."""
        if self.rows is None or len(self.rows) != pictures:
            told = "none was given" if self.rows is None else f"one of {len(self.rows)} was given"
            raise ValueError(
                f"a batch of {pictures} in train mode needs its address, and {told}: call "
                "masks.address(epoch, rows) before each forward pass"
            )
        words = np.empty((pictures, -(-count // _IN_WORD)), np.dtype("<u8"))
        stream = np.random.Philox(key=seeds.at(self.seed, purpose, self.epoch))
        state: Any = (
            stream.state
        )  # of a stream that was not drawn from: nothing of another row is left over
        for i, row in enumerate(self.rows.tolist()):
            # The row is the second word of the counter, so each has 2**66 words of its own.
            state["state"]["counter"][:] = (0, row, 0, 0)
            stream.state = state
            words[i] = stream.random_raw(words.shape[1])
        return words.view(np.dtype("<u2"))[:, :count]

    def of_batch(self, purpose: str, count: int, pictures: int) -> NDArray[np.uint16]:
        """The same, drawn once for all layers that share a purpose."""
        held = self._held.get(purpose)
        if held is None or held.shape != (pictures, count):
            held = self._held[purpose] = self.coins(purpose, count, pictures)
        return held


@final
class Dropped(nn.Module):
    """Stands where a dropout stood, under the same name and with nothing to save."""

    def __init__(self, probability: float, purpose: str, address: Address) -> None:
        super().__init__()
        self.probability, self.purpose, self.address = probability, purpose, address

    def forward(self, x: Tensor) -> Tensor:
        """N ... to the same; in eval mode x itself."""
        least = round(self.probability * _COINS)
        if not self.training or not least or not len(x):
            return x
        kept = _eagerly(self._kept)(x, least)
        # A product and no choice: what is no number stays none, and is seen.
        return x * kept * _scale(least)

    def _kept(self, x: Tensor, least: int) -> Tensor:
        coins = self.address.coins(self.purpose, x.numel() // len(x), len(x))
        return _on(coins >= least, x).view(x.shape)

    @property
    def p(self) -> float:
        """For attention that reads how likely its dropout is, and drops in its own kernel: nothing, since
        what is drawn there has no address.
        """
        return 0.0

    def extra_repr(self) -> str:
        """As PyTorch's own dropout shows itself."""
        return f"p={self.probability}"


@final
class SometimesNothing:
    """A hook on the body of a residual block: of some pictures nothing comes out of it.

    It is computed for all the same, so this costs no time and saves none.
    """

    def __init__(self, probability: float, index: int, blocks: int, address: Address) -> None:
        self.probability, self.index, self.blocks = probability, index, blocks
        self.address = address

    def __call__(self, body: nn.Module, given: Any, x: Tensor) -> Tensor:
        """N ... to the same."""
        least = round(self.probability * _COINS)
        if not body.training or not least or not len(x):
            return x
        return x * _eagerly(self._kept)(x, least) * _scale(least)

    def _kept(self, x: Tensor, least: int) -> Tensor:
        coins = self.address.of_batch("stochastic depth", self.blocks, len(x))
        return _on(coins[:, self.index] >= least, x).view(-1, *[1] * (x.ndim - 1))


@final
class Masks:
    """What `install` put into a network. `layers` names them; `notes` tells what was asked for in vain."""

    def __init__(self, address: Address, layers: tuple[str, ...], notes: tuple[str, ...]) -> None:
        self.layers, self.notes, self._address = layers, notes, address

    def address(self, epoch: int, rows: Rows) -> None:
        """Say whose pictures come next; before each forward pass in train mode, also of micro-batches."""
        if self.layers:
            self._address.set_to(epoch, rows)


def install(network: nn.Module, part: RegularisePart, seed: int) -> Masks:
    """Put dropout with an address in the place of every `nn.Dropout`, and stochastic depth on every residual
    block; the names in `state_dict` stay.

    Of L blocks the l-th loses its body with the probability l / L x stochastic_depth.
    """
    address = Address(seed)
    found = {n: one for n, one in network.named_modules() if isinstance(one, nn.Dropout)}
    if "" in found:
        raise ValueError(
            "a network that is one dropout and nothing else cannot be changed in place"
        )
    for name, one in found.items():
        above, _, own = name.rpartition(".")
        chance = one.p if part.dropout < 0 else part.dropout
        made = Dropped(chance, f"dropout {name}", address)
        setattr(network.get_submodule(above), own, made.train(one.training))
    blocks = []
    if part.stochastic_depth:
        blocks = [(n, one) for n, one in network.named_modules() if isinstance(one, Residual)]
    for i, (_, block) in enumerate(blocks):
        chance = (i + 1) / len(blocks) * part.stochastic_depth
        block.body.register_forward_hook(SometimesNothing(chance, i, len(blocks), address))
    layers = (*found, *(f"{name}.body" if name else "body" for name, _ in blocks))
    return Masks(address, layers, tuple(_in_vain(part, bool(found), bool(blocks))))


def _in_vain(part: RegularisePart, drops: bool, skips: bool) -> Iterator[str]:
    if part.dropout > 0 and not drops:
        yield "regularise.dropout changes nothing: the network has no dropout"
    if part.stochastic_depth and not skips:
        yield "regularise.stochastic_depth changes nothing: the network has no residual block of ours"


def _eagerly(drawing: Callable[[Tensor, int], Tensor]) -> Callable[[Tensor, int], Tensor]:
    """Coins are drawn by NumPy, so a compiled network steps out for it; asking for that imports the
    compiler, so it is only done within it.
    """
    if not torch.compiler.is_compiling():
        return drawing
    made: Callable[[Tensor, int], Tensor] = torch.compiler.disable(drawing)  # type: ignore[no-untyped-call]
    return made


def _on(kept: NDArray[np.bool_], x: Tensor) -> Tensor:
    """As numbers like those of x; one byte each on the way to its device."""
    return torch.from_numpy(kept).to(x.device, non_blocking=True).to(x.dtype)


def _scale(least: int) -> float:
    """By how much what is kept grows; where nothing is, by nothing."""
    return _COINS / (_COINS - least) if least < _COINS else 1.0
