"""A network as code that PyTorch's compiler writes for it. Weights stay in the network, under their names.

Code is made for one shape at a time and never for all: a run that goes on would meet shapes in another order
than an unbroken one, and get other code for them, with other last bits.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

INDUCTOR = "inductor"  # PyTorch's own backend; tests have others
Backend = str | Callable[..., Callable[..., object]]
# Sides times sizes of micro-batches, of all networks of a process. Above the limit PyTorch goes on without
# compiling, and says so in a log that nobody reads.
_SHAPES = 256
_LONGEST = 300  # letters of a fault


def compiled(network: nn.Module, backend: Backend = INDUCTOR) -> Callable[[Tensor], Tensor]:
    """N C H W to what the network answers. The compiler works, for seconds to minutes, when a shape first
    comes; what it cannot do is its own kind of fault then.
    """
    from torch._dynamo import config

    # A function of ours: where somebody else's networks reach the limit, PyTorch gives up on the code that
    # it shares among all networks that are compiled directly, ours among them, and runs them as they are.
    def call(images: Tensor) -> Tensor:
        answer: Tensor = network(images)
        return answer

    through = torch.compile(call, dynamic=False, backend=backend)

    def forward(images: Tensor) -> Tensor:
        # Code is shared by networks of one structure, and PyTorch does not ask by itself whether they have
        # the same hooks: stochastic depth was left out of a network that came after one without it.
        with config.patch(recompile_limit=_SHAPES, skip_nnmodule_hook_guards=False):
            answer: Tensor = through(images)
        return answer

    return forward


def told(fault: BaseException) -> str:
    """A fault in one line: compilers write pages, and who raised what stands in the first two lines."""
    lines = [line.strip() for line in f"{type(fault).__name__}: {fault}".splitlines()]
    kept = [line for line in lines if line and not line.startswith("Set TORCH")]  # advice
    return " ".join(kept[:2])[:_LONGEST]
