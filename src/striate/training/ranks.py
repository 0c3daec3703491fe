"""Several processes that train one network: who am I, sums over all, and a share of the machine.

Gradients are summed by hand, after all micro-batches, as one flat tensor: each rank holds its part of
every batch of the one global order, so the sum is the gradient that one process would have.

torchrun's store listens on all interfaces and believes whoever connects: see docs/scale.md.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, final

from striate import machine
from striate.errors import ProcessLost

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import nn

HANGS_AFTER_S = 60.0  # a rank that does not come ends all, and torchrun starts them again
PREPARED_WITHIN = timedelta(days=1)  # copies, pictures, features and the measuring, before step 0


@final
@dataclass(frozen=True)
class Ranks:
    """This process's number among `count`, of which `here` are on this machine. patient: the group in which
    all wait while rank 0 prepares.
    """

    rank: int = 0
    count: int = 1
    here: int = 1
    patient: Any = field(default=None, compare=False)

    @property
    def is_first(self) -> bool:
        """Whether this one writes and prints."""
        return self.rank == 0

    @property
    def threads(self) -> int:
        """How many threads are this one's: those of the machine, shared by all processes on it. torchrun says
        one for each, whatever the machine has.
        """
        return max(1, machine.usable_threads() // self.here)

    def sum_of(self, value: float) -> float:
        """The sum of a number over all ranks, in float64."""
        return self._summed([value])[0] if self.count > 1 else value

    def sums_of(self, *values: int) -> tuple[int, ...]:
        """The sums of whole numbers over all ranks, exact below 2**53."""
        if self.count == 1:
            return values
        return tuple(round(v) for v in self._summed([float(v) for v in values]))

    def largest_of(self, *values: int) -> tuple[int, ...]:
        """The largest of each of these whole numbers over all ranks."""
        if self.count == 1:
            return values
        from torch import distributed

        largest = distributed.ReduceOp.MAX
        return tuple(round(v) for v in self._summed([float(v) for v in values], largest))

    def _summed(self, values: list[float], how: Any = None) -> list[float]:
        import torch
        from torch import distributed

        device = "cuda" if distributed.get_backend() == "nccl" else "cpu"
        held = torch.tensor(values, dtype=torch.float64, device=device)
        with together():
            distributed.all_reduce(held, how or distributed.ReduceOp.SUM)
        return [float(v) for v in held]

    def sum_gradients(self, parameters: Iterable[nn.Parameter]) -> None:
        """Every gradient becomes its sum over all ranks."""
        if self.count == 1:
            return
        import torch
        from torch import distributed

        grads = [p.grad for p in parameters if p.requires_grad and p.grad is not None]
        for dtype in {g.dtype for g in grads}:
            some = [g for g in grads if g.dtype == dtype]
            flat = torch.cat([g.reshape(-1) for g in some])
            with together():
                distributed.all_reduce(flat)
            at = 0
            for grad in some:
                grad.copy_(flat[at : at + grad.numel()].view(grad.shape))
                at += grad.numel()

    def agree(self, asked: bool) -> bool:
        """Whether any rank was asked; all get the same answer, so that none waits for one that has left."""
        return self.sum_of(float(asked)) > 0 if self.count > 1 else asked

    def told(self, text: str) -> str:
        """What rank 0 says, to all; as bytes in a tensor, since objects would go by pickle."""
        if self.count == 1:
            return text
        import torch
        from torch import distributed

        device = "cuda" if distributed.get_backend() == "nccl" else "cpu"
        data = text.encode("utf-8", "surrogateescape")
        length = torch.tensor([len(data)], device=device)
        with together():
            distributed.broadcast(length, 0, self.patient)
        held = torch.zeros(int(length), dtype=torch.uint8, device=device)
        if self.is_first:
            held.copy_(torch.frombuffer(bytearray(data), dtype=torch.uint8))
        with together():
            distributed.broadcast(held, 0, self.patient)
        return bytes(held.cpu().tolist()).decode("utf-8", "surrogateescape")

    def joined_rows(self, mine: NDArray[np.float32], first: int, count: int) -> NDArray[np.float32]:
        """All rows of all ranks, each of which has the rows from `first` on: zeros elsewhere, then a sum,
        which changes no number.
        """
        if self.count == 1:
            return mine
        import torch
        from torch import distributed

        device = "cuda" if distributed.get_backend() == "nccl" else "cpu"
        whole = torch.zeros((count, mine.shape[1]), device=device)
        whole[first : first + len(mine)] = torch.from_numpy(mine).to(device)
        with together():
            distributed.all_reduce(whole)
        made: NDArray[np.float32] = whole.cpu().numpy()
        return made

    def wait(self) -> None:
        """Until all are here, however long they prepare."""
        if self.count > 1:
            from torch import distributed

            with together():
                distributed.barrier(self.patient)


ALONE = Ranks()


@contextlib.contextmanager
def together() -> Iterator[None]:
    """Something that all ranks do: where it fails, but not for want of memory, one of the others is gone."""
    try:
        yield
    except RuntimeError as fault:
        if "out of memory" in str(fault):
            raise
        raise ProcessLost(
            "another process of this training has ended, or does not answer",
            "its own message says why; the same command goes on from the last checkpoint",
            where=str(fault).strip().split("\n")[0],
        ) from fault


@contextlib.contextmanager
def joined() -> Iterator[Ranks]:
    """This process among those that torchrun started, connected; alone without torchrun.

    On one machine gloo is kept to the loopback interface where nothing else is said.
    """
    here = from_environment()
    if here.count == 1:
        yield here
        return
    import torch
    from torch import distributed
    from torch.distributed.rendezvous import rendezvous

    backend = "nccl" if torch.cuda.is_available() else "gloo"
    alone_here = os.environ.get("LOCAL_WORLD_SIZE") == os.environ.get("WORLD_SIZE")
    if alone_here:
        os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")
    if backend == "nccl":
        torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", "0")))
    limit = timedelta(seconds=HANGS_AFTER_S)
    store, rank, count = next(iter(rendezvous("env://", timeout=limit)))
    if alone_here:
        # torchrun keeps its store over restarts, and with it the addresses of ranks that were killed. Several
        # machines count their restarts each for itself, so there is no common name to tell tries apart by.
        tried = os.environ.get("TORCHELASTIC_RESTART_COUNT", "0")
        store = distributed.PrefixStore(f"try {tried}", store)  # type: ignore[attr-defined]
    distributed.init_process_group(backend, timeout=limit, store=store, rank=rank, world_size=count)
    try:
        yield replace(here, patient=distributed.new_group(timeout=PREPARED_WITHIN))
    finally:
        distributed.destroy_process_group()


def from_environment() -> Ranks:
    """What torchrun says; one process without it."""
    count = int(os.environ.get("WORLD_SIZE", "1"))
    here = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    return Ranks(int(os.environ.get("RANK", "0")), count, here) if count > 1 else ALONE
