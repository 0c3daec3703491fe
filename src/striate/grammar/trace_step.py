"""One call of an operator, and what comes of it: the terms in which `trace_moves` and `trace_ops` speak."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, final

from striate.geometry.shape import Pair
from striate.grammar.trace_flow import Flow, Operand, Sizes
from striate.grammar.words import Word


@final
@dataclass(frozen=True)
class Op:
    """One call of an operator: its arguments by name (tensors as operands), and the sizes it made."""

    name: str
    args: Mapping[str, Any]
    operands: tuple[Operand, ...]
    outs: tuple[Sizes, ...]

    @property
    def data(self) -> tuple[Operand, ...]:
        """The operands that the picture has a part in."""
        return tuple(o for o in self.operands if o.flow.data)

    @property
    def out(self) -> Sizes:
        """The sizes of the first result."""
        return self.outs[0] if self.outs else ()

    def dims(self, key: str = "dim", of: int = 0) -> list[int]:
        """An argument that names dimensions, as a list counted from the left; left out, it means all."""
        value, rank = self.args.get(key), len(self.data[of].sizes)
        if value is None or value == []:
            return list(range(rank))
        return [d % max(1, rank) for d in (value if isinstance(value, list | tuple) else [value])]


class Cell(NamedTuple):
    """What an operator puts into its row of the table."""

    op: str
    kind: Word | None = None
    macs: int = 0
    bias: bool = False
    remainder: Pair = (0, 0)
    unseen: Pair = (0, 0)
    joins: bool = False


class Outcome(NamedTuple):
    """`whole`: by the nature of the operator a place sees the whole picture. A field that is gone without
    that was lost: it is not followed through this operator."""

    flow: Flow
    cell: Cell | None = None
    whole: bool = False


Handler = Callable[[Op], Outcome]
