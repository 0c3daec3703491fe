"""Another rule for the way back through ReLUs: for guided backprop, the deconvnet, and to wake units.

The rule is put in where ReLU is called, not where a module stands: so modules that are used several times,
that work in place, or that are no modules at all (`F.relu`) are all met.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, cast, final

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

Rule = Literal["guided", "deconvnet", "awake"]
_OUT = {F.relu, torch.relu, Tensor.relu, F.relu6}
_IN_PLACE: set[Any] = {torch.relu_, Tensor.relu_}


class _Ruled(torch.autograd.Function):
    """ReLU (or ReLU up to `top`) whose way back lets through what the rule says."""

    @staticmethod
    def forward(ctx: Any, given: Tensor, top: float | None, rule: Rule) -> Tensor:
        """The same values as ever."""
        ctx.rule = rule
        open_ = given > 0 if top is None else (given > 0) & (given < top)
        ctx.save_for_backward(open_)
        return given.clamp(min=0) if top is None else given.clamp(0, top)

    @staticmethod
    def backward(ctx: Any, *slopes: Any) -> tuple[Tensor, None, None]:
        """guided: only positive slopes, where something went through on the way there; deconvnet: those
        wherever; awake: all slopes where something went through, and else those that would open it.
        """
        positive = slopes[0].clamp(min=0)
        (open_,) = ctx.saved_tensors
        if ctx.rule == "awake":
            return torch.where(open_, slopes[0], positive), None, None
        return positive * open_ if ctx.rule == "guided" else positive, None, None


@final
class Rectifiers(TorchFunctionMode):
    """`with Rectifiers("guided") as met: ...`; `met.count` says how many ReLUs were run."""

    def __init__(self, rule: Rule) -> None:
        super().__init__()
        self.rule: Rule = rule
        self.count = 0

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        top = _top(func, args, kwargs)
        if top is _OTHER:
            return func(*args, **kwargs)
        self.count += 1
        given = cast("Tensor", args[0] if args else kwargs["input"])
        apply = cast("Callable[..., Tensor]", _Ruled.apply)
        made = apply(given, top, self.rule)
        if func in _IN_PLACE or kwargs.get("inplace") or _inplace_by_place(func, args):
            return given.copy_(made)
        return made


_OTHER = object()


def _top(func: Any, args: tuple[Any, ...], kwargs: Any) -> Any:
    """Where a ReLU ends: None for no end; `_OTHER` where this is none."""
    if func is F.relu6:
        return 6.0
    if func in _OUT or func in _IN_PLACE:
        return None
    if func is F.hardtanh:  # nn.ReLU6 calls this
        low = args[1] if len(args) > 1 else kwargs.get("min_val", -1.0)
        high = args[2] if len(args) > 2 else kwargs.get("max_val", 1.0)
        return float(high) if low == 0 else _OTHER
    return _OTHER


def _inplace_by_place(func: Any, args: tuple[Any, ...]) -> bool:
    at = {F.relu: 1, F.relu6: 1, F.hardtanh: 3}.get(func)
    return at is not None and len(args) > at and bool(args[at])
