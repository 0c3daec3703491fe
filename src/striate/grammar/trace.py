"""The table of any `nn.Module`, made by running a copy of it once on shapes alone: no numbers, no memory.

Every operator is seen as PyTorch dispatches it, and put down to the module that called it: functional calls,
parameters used by hand and branches never entered are told too. The user's module is neither run nor changed.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, final

import torch
from torch import Tensor, nn
from torch.nn.parameter import UninitializedTensorMixin  # type: ignore[attr-defined]
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map

from striate.errors import CannotTrace
from striate.geometry.field import Field
from striate.geometry.shape import Shape
from striate.grammar.sheet import Sheet
from striate.grammar.trace_flow import Flow, Operand, Spot, unions
from striate.grammar.trace_known import COSTLY, HANDLERS, is_new
from striate.grammar.trace_rows import Ledger, few, idle
from striate.grammar.trace_step import Op

_VALUES = re.compile(
    r"meta tensor|meta device|data-dependent|'Meta' backend|no data|data_ptr|numpy\(\)",
    re.IGNORECASE,
)


def trace(module: nn.Module, given: Shape, text: str = "") -> Sheet:
    """The table of `module` for one picture of shape `given`, in eval mode.

    Rows are named after the modules; a functional call is its module's name and the operator, `layer1.0.add`;
    what is called again ends in `:2`. Maps are C x H x W, vectors flat, L tokens of C numbers are C x L x 1.
    The user's own hooks are not run.
    """
    module = getattr(module, "_orig_mod", module)  # what torch.compile wraps
    name = type(module).__name__
    twin, parameters, hooks = _twin(module, name)
    kinds = [p.dtype for p in parameters if p.dtype.is_floating_point]
    sizes = (1, given.channels) if given.flat else (1, *given[:3])
    picture = torch.empty(sizes, device="meta", dtype=kinds[0] if kinds else torch.float32)
    walk = _Walk(parameters)
    spot = None if given.flat else Spot(2, 3, given.height, given.width)
    walk.tell(picture, Flow(True, spot, (Field(), Field()) if spot else None))
    walk.watch(twin)
    try:
        with torch.no_grad(), walk:
            twin(picture)
    except Exception as fault:
        raise _refused(fault, name, given, walk.ledger) from fault
    ledger = walk.ledger
    layers, notes = ledger.layers(), ledger.notes()
    unused = {id(p) for i, p in enumerate(module.parameters()) if i not in ledger.met}
    if unused:
        count = sum(p.numel() for p in module.parameters() if id(p) in unused)
        names = [n.rpartition(".")[0] or n for n, p in module.named_parameters() if id(p) in unused]
        layers.append(idle(count, layers))
        notes.append(
            f"never used       {count:,} parameters take no part: {few(list(dict.fromkeys(names)))}"
        )
    if hooks:
        notes.append(f"hooks            {hooks} of the module's own were not run")
    return Sheet(
        text or name, given, tuple(layers), ledger.shared, tuple(notes), tuple(ledger.unknown)
    )


def _twin(module: nn.Module, name: str) -> tuple[nn.Module, list[nn.Parameter], int]:
    """A copy on the meta device in eval mode, its parameters, and how many hooks it lacks. Weights are not
    copied, and tied ones stay tied."""
    parameters = list(module.parameters())
    if any(isinstance(part, torch.jit.ScriptModule) for part in module.modules()):
        raise CannotTrace(
            f"{name} is TorchScript, whose parts cannot be watched",
            "trace the module it was made from",
        )
    if any(isinstance(p, UninitializedTensorMixin) for p in parameters):
        raise CannotTrace(
            f"{name} has lazy layers, which have no sizes before their first run",
            "run it once on a batch of zeros, then trace it",
        )
    memo: dict[int, Any] = {}
    for tensor in _tensors(module):
        if isinstance(tensor, nn.Parameter):
            memo[id(tensor)] = nn.Parameter(
                torch.empty_like(tensor, device="meta"), requires_grad=False
            )
        elif tensor.numel() == 1:  # a flag or a counter, which forward may look at
            memo[id(tensor)] = tensor.detach().clone()
        else:
            memo[id(tensor)] = torch.empty_like(tensor, device="meta", requires_grad=False)
    ours = [memo[id(p)] for p in parameters]
    try:
        twin = copy.deepcopy(module, memo).eval()
    except Exception as fault:
        raise CannotTrace(
            f"{name} cannot be copied: {_line(fault)}", "drop what cannot be copied from it"
        ) from fault
    return twin, ours, sum(_without_hooks(part) for part in twin.modules())


def _tensors(module: nn.Module) -> Iterator[Tensor]:
    yield from module.parameters()
    yield from module.buffers()
    for part in module.modules():
        yield from (value for value in vars(part).values() if isinstance(value, Tensor))


def _without_hooks(module: nn.Module) -> int:
    """Take the hooks off a copy, but for PyTorch's own, such as weight norm; how many these were."""
    count = 0
    for kind in ("_forward_pre_hooks", "_forward_hooks"):
        hooks = getattr(module, kind)
        for key in [
            k for k, hook in hooks.items() if not type(hook).__module__.startswith("torch.nn.utils")
        ]:
            del hooks[key]
            count += 1
    return count


def _refused(fault: Exception, name: str, given: Shape, ledger: Ledger) -> CannotTrace:
    call = ledger.calls[-1]
    said = _line(fault)
    looked = isinstance(fault, NotImplementedError) or _VALUES.search(said)
    hint = (
        "its forward looks at the values of tensors, and shapes alone have none"
        if looked
        else "give the size it is made for, as in `--input 3x299x299`; forward takes one batch of pictures"
    )
    at = f"{call.path} ({type(call.module).__name__})" if call.path else name
    return CannotTrace(f"{name} cannot be run on {given}: {said}", hint, f"in {at}")


def _line(fault: Exception) -> str:
    """The class of an exception and its first sentence, in one line."""
    said = " ".join(str(fault).split("\n\n")[0].split())
    return f"{type(fault).__name__}: {said[:200]}{'…' if len(said) > 200 else ''}".rstrip(": ")


@final
class _Walk(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Sees every operator of a run, and knows of every tensor what flows in it."""

    def __init__(self, parameters: Sequence[nn.Parameter]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.ledger = Ledger([p.numel() for p in parameters])
        self._flows: dict[int, Flow] = {}
        self._kept: list[
            Tensor
        ] = []  # so that no id is used twice; on the meta device they weigh nothing
        for i, parameter in enumerate(parameters):
            self.tell(parameter, Flow(params=frozenset({i})))

    def tell(self, tensor: Tensor, flow: Flow) -> None:
        """Remember what flows in a tensor."""
        self._kept.append(tensor)
        fits = flow.spot is None or flow.spot.fits(tuple(tensor.shape))
        self._flows[id(tensor)] = flow if fits else flow.at(None)

    def operand(self, tensor: Tensor) -> Operand:
        """A tensor as the operators' functions see it."""
        return Operand(tuple(tensor.shape), self._flows.get(id(tensor), Flow()))

    def watch(self, twin: nn.Module) -> None:
        """Be told of every call of a module of the copy."""
        for path, module in twin.named_modules():
            module.register_forward_pre_hook(self._entering(path), prepend=True, with_kwargs=True)
            module.register_forward_hook(self._leave)

    def _entering(self, path: str) -> Callable[..., None]:
        def enter(module: nn.Module, args: Any, kwargs: Any) -> None:
            given = next(iter(_tensors_in((args, kwargs))), None)
            self.ledger.enter(
                path, module, Operand((), Flow()) if given is None else self.operand(given)
            )

        return enter

    def _leave(self, module: nn.Module, args: Any, output: Any) -> None:
        made = next(iter(_tensors_in(output)), None)
        if made is None:
            self.ledger.leave(None, 0)
        elif (flow := self.ledger.leave(self.operand(made), id(made))) is not None:
            self.tell(made, flow)

    def __torch_dispatch__(
        self,
        func: Any,
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Run an operator on shapes, and follow the picture through it."""
        kwargs = dict(kwargs or {})
        if _name(func) not in HANDLERS:  # under inference mode what is made of others arrives whole
            with self:
                parts = func.decompose(*args, **kwargs)
            if parts is not NotImplemented:
                return parts
        tensors = _tensors_in((args, kwargs))
        operands = tuple(self.operand(t) for t in tensors)
        meant: tuple[Any, Any] = (args, kwargs)
        if any(t.is_meta for t in tensors) and not all(t.is_meta for t in tensors):
            meant = tree_map(
                lambda t: t.to("meta") if isinstance(t, Tensor) and t.dim() else t, meant
            )
        result = func(*meant[0], **meant[1])
        made = _tensors_in(result)
        name, waiting = _name(func), unions([o.flow for o in operands])
        meets = any(o.flow.data for o in operands) and not is_new(name)
        if made and (meets or (waiting and name in COSTLY and not self.ledger.is_making_weights)):
            self._follow(func, (args, kwargs), tensors, made)
        else:
            for tensor in made:
                self.tell(tensor, Flow() if is_new(name) else Flow(params=waiting))
        return result

    def _follow(
        self, func: Any, given: tuple[Any, Any], tensors: list[Tensor], made: list[Tensor]
    ) -> None:
        """One operator that meets the picture."""
        args, kwargs = tree_map(lambda t: self.operand(t) if isinstance(t, Tensor) else t, given)
        schema = func._schema.arguments  # noqa: SLF001 - an operator has no other name for it
        named = {a.name: a.default_value for a in schema if a.has_default_value()}
        named |= dict(zip((a.name for a in schema), args, strict=False)) | kwargs
        operands = tuple(self.operand(t) for t in tensors)
        op = Op(_name(func), named, operands, tuple(tuple(t.shape) for t in made))
        flow = self.ledger.step(op, [id(t) for t in tensors], id(made[0]))
        for tensor in made:
            self.tell(tensor, flow)
        base = made[0]._base if made[0] is tensors[0] else None  # noqa: SLF001 - what a view shows
        if base is not None:  # written through a view: `x[:, :8] = y`
            old = self.operand(base).flow
            meets = old.fields == flow.fields or not old.data
            kept = (
                flow if flow.spot and flow.spot.fits(tuple(base.shape)) and meets else flow.at(None)
            )
            if flow.fields and not kept.fields:
                self.ledger.lose(op.name)
            self.tell(base, kept)


def _tensors_in(tree: Any) -> list[Tensor]:
    return [leaf for leaf in tree_leaves(tree) if isinstance(leaf, Tensor)]


def _name(func: Any) -> str:
    """An operator's name; the in-place form has the name of the other."""
    name = str(func.overloadpacket.__name__)
    return name if name.startswith("__") else name.removesuffix("_")
