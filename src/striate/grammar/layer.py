"""What a bound plan is made of: layers, which are the rows of its table, and the blocks they hang in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal, final

from striate.errors import Remainder
from striate.geometry.field import Field
from striate.geometry.shape import Pair, Shape
from striate.grammar.plain import Softmax
from striate.grammar.words import Word

Fields = tuple[Field, Field]


@final
@dataclass(frozen=True)
class Layer:
    """One row of the table. `kind` is the word itself, None for the join that ends a block."""

    name: str
    word: str
    kind: Word | None
    given: Shape
    output: Shape
    parameters: int = 0
    macs: int = 0
    has_bias: bool = False
    field: Fields | None = None
    remainder: Pair = (0, 0)
    unseen: Pair = (0, 0)

    @property
    def jump(self) -> Pair | None:
        """How many input pixels lie between neighbouring units (rows, columns); None where each sees all."""
        return (self.field[0].jump, self.field[1].jump) if self.field else None

    @property
    def receptive_field(self) -> Pair | None:
        """Rows and columns of the input that one unit sees, unclipped; None is the whole picture."""
        return (self.field[0].size, self.field[1].size) if self.field else None

    def check_exact(self) -> None:
        """Refuse a window that does not end exactly at the border, as the lectures do ("doesn't fit!")."""
        windows = self.kind.windows() if self.kind else None
        if not windows or not any(self.remainder):
            return
        axis = 0 if self.remainder[0] else 1
        window, side = windows[axis], self.given.sides[axis]
        refusal = Remainder(
            f"{self.word} does not fit {self.given.height}x{self.given.width}: {window.sum_text(side)}",
            window.fits(side) + "; or leave --strict out, and the size is floored",
            position=self.kind.place if self.kind else None,
            length=len(self.word),
        )
        refusal.where = f"the layer {self.name}"
        raise refusal

    def box(self, row: int, column: int, given: Shape) -> tuple[int, int, int, int]:
        """(top, left, bottom, right) of what the unit at (row, column) sees, clipped to `given`."""
        if not (0 <= row < self.output.height and 0 <= column < self.output.width):
            raise IndexError(f"{self.name} is {self.output}: it has no unit ({row}, {column})")
        if self.field is None:
            return 0, 0, given.height, given.width
        top, bottom = self.field[0].box(row, given.height)
        left, right = self.field[1].box(column, given.width)
        return top, left, bottom, right


@final
@dataclass(frozen=True)
class Block:
    """Arms that share an input, and how they are joined. A residual has the arms (body, shortcut), where an
    empty shortcut is the input itself; a stage has one arm and no join."""

    name: str
    how: Literal["stage", "residual", "concat", "add"]
    arms: tuple[tuple[Node, ...], ...]
    join: Layer | None = None


Node = Layer | Block


def layers_of(nodes: tuple[Node, ...]) -> Iterator[Layer]:
    """All layers of a tree in order; a block's own row, the join, comes after its arms."""
    for node in nodes:
        if isinstance(node, Layer):
            yield node
            continue
        for arm in node.arms:
            yield from layers_of(arm)
        if node.join:
            yield node.join


def without_softmax(nodes: tuple[Node, ...]) -> tuple[Node, ...]:
    """The nodes without a final softmax, also where it ends a last stage; a softmax alone stays."""
    last = nodes[-1]
    if isinstance(last, Layer) and isinstance(last.kind, Softmax) and len(nodes) > 1:
        return nodes[:-1]
    if isinstance(last, Block) and last.how == "stage":
        return (*nodes[:-1], replace(last, arms=(without_softmax(last.arms[0]),)))
    return nodes
