"""Batch norm over all ranks: the statistics of the whole batch, as one process would have them.

Without it gradients of one process and of two differ by a tenth, even in float64, and PyTorch's own
`SyncBatchNorm` refuses processors. Sums are exchanged, not means: count, sum, and then the sum of squared
deviations from the mean of all, which loses no digits; the backward pass exchanges its two sums likewise.

Shape legend: N pictures of this rank, C channels, H height, W width.
"""

from __future__ import annotations

from typing import Any, cast, final

import torch
from torch import Tensor, nn
from torch.autograd import Function
from torch.nn.modules.batchnorm import _BatchNorm

from striate.training.ranks import together


def exchanges(network: nn.Module) -> bool:
    """Whether ranks wait for one another inside of it, as it stands: norms that do not learn need nobody."""
    return any(isinstance(one, RankNorm) and one.training for one in network.modules())


def _summed(values: Tensor) -> Tensor:
    """Over all ranks, in place."""
    from torch import distributed

    with together():
        distributed.all_reduce(values)
    return values


@final
class _Normalise(Function):
    """(x - mean) / sqrt(variance + eps), with the gradient that one process would compute."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, eps: float) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """N C ... to the same; also mean, variance (biased) and count of all ranks."""
        dims = [d for d in range(x.ndim) if d != 1]
        wide = x.double() if x.dtype == torch.float64 else x.float()
        here = torch.full((1,), x.numel() / x.shape[1], dtype=torch.float64, device=x.device)
        sums = _summed(torch.cat([here, wide.sum(dims).double()]))
        count, mean = sums[0], sums[1:] / sums[0]
        shape = [1, -1] + [1] * (x.ndim - 2)
        centred = wide - mean.to(wide.dtype).view(shape)
        variance = _summed((centred * centred).sum(dims).double()) / count
        scale = (variance + eps).rsqrt().to(wide.dtype).view(shape)
        made = centred * scale
        ctx.save_for_backward(made, scale)
        ctx.count = float(count)
        return made.to(x.dtype), mean, variance, count

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None]:
        """dL/dx = scale (g - mean(g) - made mean(g made)), means over all ranks."""
        made, scale = ctx.saved_tensors
        grad = grads[0].to(made.dtype)
        dims = [d for d in range(made.ndim) if d != 1]
        own = torch.cat([grad.sum(dims), (grad * made).sum(dims)]).double()
        sums = (_summed(own) / ctx.count).to(made.dtype)
        C = made.shape[1]
        shape = [1, -1] + [1] * (made.ndim - 2)
        found = scale * (grad - sums[:C].view(shape) - made * sums[C:].view(shape))
        return found.to(grads[0].dtype), None


@final
class RankNorm(nn.Module):
    """Takes the place of a batch norm and shares its parameters and buffers, under the same names."""

    def __init__(self, norm: _BatchNorm) -> None:
        super().__init__()
        self.eps, self.momentum = norm.eps, norm.momentum
        self.weight, self.bias = norm.weight, norm.bias
        for name in ("running_mean", "running_var", "num_batches_tracked"):
            self.register_buffer(name, getattr(norm, name))

    def forward(self, x: Tensor) -> Tensor:
        """N C ... to the same."""
        mean, var = cast("Tensor", self.running_mean), cast("Tensor", self.running_var)
        if not self.training:
            return nn.functional.batch_norm(
                x, mean, var, self.weight, self.bias, False, 0.0, self.eps
            )
        made, found, variance, count = _Normalise.apply(x, self.eps)
        share = 0.1 if self.momentum is None else self.momentum
        with torch.no_grad():
            cast("Tensor", self.num_batches_tracked).add_(1)
            mean.lerp_(found.to(mean.dtype), share)
            unbiased = variance * count / (count - 1).clamp(min=1)
            var.lerp_(unbiased.to(var.dtype), share)
        shape = [1, -1] + [1] * (x.ndim - 2)
        if self.weight is not None:
            made = made * self.weight.view(shape)
        if self.bias is not None:
            made = made + self.bias.view(shape)
        return cast("Tensor", made)


def install(network: nn.Module) -> int:
    """Every batch norm becomes one over all ranks; gives how many."""
    changed = 0
    for parent in list(network.modules()):
        for name, child in parent.named_children():
            if isinstance(child, _BatchNorm) and child.track_running_stats:
                setattr(parent, name, RankNorm(child).train(child.training))
                changed += 1
    return changed
