"""The rows of a traced network while they grow: whose call each belongs to, and what it is called."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, final

from striate.geometry.shape import Pair, Shape
from striate.grammar import plain, sliding
from striate.grammar.bind import Fields, Layer
from striate.grammar.trace_flow import Flow, Operand, Spot, joined, unions
from striate.grammar.trace_known import follow
from striate.grammar.trace_step import Cell, Op
from striate.grammar.trace_words import called, is_block, is_single, is_unspelt, layer_word
from striate.grammar.words import Word

_ENDS = sliding.Adaptive | sliding.Global | plain.Flatten | plain.Full
_FREE = frozenset(
    {"Flatten", "Identity", "Part", "Scale", "Shuffle", "Every", "Maxout"}
)  # rows without an operator of their own


@final
@dataclass(eq=False)
class Call:
    """One call of a module: where it stands, what it was given, and which parameters it has shown."""

    path: str
    module: Any
    given: Operand
    start: int
    parts: int = 0
    shown: set[int] = field(default_factory=set)


@final
@dataclass(eq=False)
class Row:
    """One row. `takes` and `makes` are the tensors it read and wrote, `marks` the operators it stands for."""

    call: Call
    cell: Cell
    given: Shape
    output: Shape
    fields: Fields | None
    takes: frozenset[int]
    makes: int
    marks: frozenset[int]
    parameters: int = 0
    whole: bool = False  # it stands for its module, whose name it has


@final
class Ledger:
    """The rows so far, and the calls that are under way."""

    def __init__(self, sizes: Sequence[int]) -> None:
        self.calls: list[Call] = [Call("", None, Operand((), Flow()), 0)]
        self.rows: list[Row] = []
        self.shared = 0
        self.unknown: dict[str, None] = {}
        self.met: set[int] = set()
        self._sizes = sizes  # of the parameters, by their number
        self._lost: dict[str, str] = {}
        self._places: dict[
            int, int
        ] = {}  # of the operators that make a map small at once, by their mark
        self._inner: set[int] = (
            set()
        )  # those of them that found back to a larger map: gates, not the end of the maps
        self._flattened: dict[str, Operand] = {}
        self._mark = 0

    def enter(self, path: str, module: Any, given: Operand) -> None:
        """A module is called."""
        self.calls[-1].parts += 1
        self.calls.append(Call(path, module, given, len(self.rows)))

    def step(self, op: Op, takes: Sequence[int], makes: int) -> Flow:
        """An operator met the picture: note its row, and say what flows out of it."""
        done = follow(op)
        if done is None:
            self.unknown[op.name] = None
            flow = replace(joined(op.data, op.out).whole(), data=True)
            cell: Cell | None = Cell(op.name)
        else:
            flow, cell, whole = done
            if (
                op.data
                and flow.fields is None
                and not whole
                and all(o.flow.fields for o in op.data)
            ):
                self.lose(op.name)
        places = flow.spot.height * flow.spot.width if flow.spot else 1
        outgrown = {mark for mark in flow.squeezed if self._places[mark] < places}
        self._inner |= outgrown
        flow = replace(flow, squeezed=flow.squeezed - outgrown)
        if cell is None:
            return flow
        self._mark += 1
        row = self._row(op, cell, flow)
        row.takes, row.makes = frozenset(takes), makes
        if not isinstance(cell.kind, _ENDS):
            return flow
        self._places[self._mark] = places
        return replace(flow, squeezed=flow.squeezed | {self._mark})

    @property
    def is_making_weights(self) -> bool:
        """True inside a parametrization: what it learns belongs to the layer whose weights it makes."""
        return "parametrizations" in self.calls[-1].path.split(".")

    def lose(self, operator: str) -> None:
        """The field was not followed through an operator."""
        self._lost.setdefault(operator.strip("_").removeprefix("unsafe_"), self.calls[-1].path)

    def _row(self, op: Op, cell: Cell, flow: Flow) -> Row:
        call = self.calls[-1]
        output = Operand(op.out, flow).shape
        given = output if cell.joins else as_map((op.data or op.operands)[0], cell.kind).shape
        row = Row(call, cell, given, output, flow.fields, frozenset(), 0, frozenset({self._mark}))
        new = unions([o.flow for o in op.operands]) - call.shown
        row.parameters = sum(self._sizes[p] for p in new)
        self.shared += sum(self._sizes[p] for p in new & self.met)
        call.shown |= new
        self.met |= new
        self.rows.append(row)
        return row

    def leave(self, output: Operand | None, makes: int) -> Flow | None:
        """The call under way ends; what flows out of it where that is not what its operators said."""
        call = self.calls.pop()
        if is_block(call.module):
            self._close(call)
            return None
        if output is None or not is_single(call.module) or not self._counts(call):
            return None
        return self._merge(call, output, makes)

    def _close(self, call: Call) -> None:
        """A block of a built plan: its body, its shortcut, and one row for the join."""
        rows = self.rows[call.start :]
        own = [row for row in rows if row.call is call]
        short = [row for row in rows if row.call.path.startswith(f"{call.path}.shortcut")]
        arms = [row for row in rows if row not in own and row not in short]
        self.rows[call.start :] = [*arms, *short, *own[-1:]]
        for row in own[-1:]:
            row.whole, row.given = True, row.output

    def _counts(self, call: Call) -> bool:
        """Whether a module that is one row is a row at all."""
        name, last = called(call.module), call.path.rpartition(".")[2]
        if name == "Identity":
            return bool(re.fullmatch(r"id\d+", last))  # the word `id` of a built plan
        if name == "Flatten" and last.endswith("_flatten"):  # a part of the `fc` of a built plan
            del self.rows[call.start :]
            self._flattened[call.path.removesuffix("_flatten")] = call.given
            return False
        dropout = name.startswith("Dropout") and bool(call.module.p)
        return len(self.rows) > call.start or name in _FREE or dropout

    def _merge(self, call: Call, output: Operand, makes: int) -> Flow:
        """One row for a whole module."""
        rows = self.rows[call.start :]
        del self.rows[call.start :]
        given = self._flattened.pop(call.path, call.given)
        main = max(
            rows, key=lambda r: (r.cell.macs, r.parameters, r.cell.kind is not None), default=None
        )
        given = as_map(given, main.cell.kind if main else None)
        word = layer_word(call.module, given.shape, output.shape)
        flow = self._hidden(call, word, output)
        cell = main.cell if main else Cell(called(call.module).lower())
        alone = sum(r.cell.kind is not None for r in rows) == 1
        spelt = alone and not is_unspelt(call.module, len(given.sizes))
        kind = word or (cell.kind if spelt else None)
        macs, bias = sum(r.cell.macs for r in rows), getattr(call.module, "bias", None) is not None
        cell = cell._replace(kind=kind, macs=macs, bias=cell.bias or (bias and macs > 0))
        if kind and kind.windows():
            remainder, unseen = left_over(kind, given.shape)
            cell = cell._replace(remainder=remainder, unseen=unseen)
        takes = frozenset[int]().union(*(r.takes for r in rows))
        marks = frozenset[int]().union(*(r.marks for r in rows))
        shape = Operand(output.sizes, flow).shape
        parameters = sum(r.parameters for r in rows)
        self.rows.append(
            Row(call, cell, given.shape, shape, flow.fields, takes, makes, marks, parameters, True)
        )
        return flow

    def _hidden(self, call: Call, word: Word | None, output: Operand) -> Flow:
        """What flows out of a layer whose operators hide it: a norm over channels, unshared filters."""
        if not isinstance(word, plain.LocalResponseNorm | sliding.Local):
            return output.flow
        self._lost = {op: at for op, at in self._lost.items() if at != call.path}
        windows, fields = word.windows(), call.given.flow.fields
        if windows and fields:
            fields = fields[0].through(windows[0]), fields[1].through(windows[1])
        spot = call.given.flow.spot
        if spot and windows:
            spot = spot._replace(height=output.sizes[spot.rows], width=output.sizes[spot.columns])
        return replace(output.flow, spot=spot, fields=fields)

    def notes(self) -> list[str]:
        """What the table cannot say in its rows."""
        return [
            f"field            not followed through `{op}`, first in {at or 'the network itself'}: "
            "shown as the whole picture"
            for op, at in self._lost.items()
        ]

    def layers(self) -> list[Layer]:
        """The finished rows, each with a name of its own."""
        taken: dict[str, int] = {}
        following = {t: row for row in reversed(self.rows) for t in row.takes}
        self._stand_for_modules()
        return [self._layer(row, taken, following.get(row.makes)) for row in self.rows]

    def _stand_for_modules(self) -> None:
        """The only row of a module without parts has its name; so has the only one that weighs or costs."""
        together: dict[int, list[Row]] = {}
        for row in self.rows:
            if row.call.path and not row.call.parts:
                together.setdefault(id(row.call), []).append(row)
        for rows in together.values():
            heavy = [row for row in rows if row.parameters or row.cell.macs]
            if 1 in {len(rows), len(heavy)}:
                (rows if len(rows) == 1 else heavy)[0].whole = True

    def _layer(self, row: Row, taken: dict[str, int], after: Row | None) -> Layer:
        kind, cell = row.cell.kind, row.cell
        suffix = "cat" if cell.op == "concat" else cell.op
        bias = cell.bias and (kind is None or isinstance(kind, sliding.Filtering))
        name = (row.call.path if row.whole else f"{row.call.path}.{suffix}".lstrip(".")) or suffix
        if isinstance(kind, sliding.Filtering) and kind.bias is None:
            default = kind.has_bias(after.cell.kind if after else None)
            kind = kind if default == cell.bias else replace(kind, bias=cell.bias)
        own = called(row.call.module) if row.whole and not is_block(row.call.module) else cell.op
        word = kind.text if kind else own
        if row.marks & self._inner and isinstance(kind, _ENDS):
            kind = None
        taken[name] = taken.get(name, 0) + 1
        shown = name if taken[name] == 1 else f"{name}:{taken[name]}"
        return Layer(
            shown, word, kind, row.given, row.output, row.parameters, cell.macs,
            bias, row.fields, cell.remainder, cell.unseen,
        )  # fmt: skip


def as_map(operand: Operand, word: Word | None) -> Operand:
    """What a window slides over is N C H W, even where it is not known how the picture came there."""
    if operand.flow.spot or len(operand.sizes) != 4 or word is None or word.windows() is None:
        return operand
    return operand._replace(flow=operand.flow.at(Spot(2, 3, *operand.sizes[2:])).whole())


def left_over(word: Word, given: Shape) -> tuple[Pair, Pair]:
    """What the windows of a word leave, and what they never touch."""
    windows = word.windows()
    if windows is None:
        return (0, 0), (0, 0)
    rows, columns = windows
    remainder = rows.remainder(given.height), columns.remainder(given.width)
    return remainder, (rows.unseen(given.height), columns.unseen(given.width))


def few(names: Sequence[str]) -> str:
    """The first of a list of names, and how many more there are."""
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more


def idle(count: int, layers: Sequence[Layer]) -> Layer:
    """The row that holds the parameters no operator took, so that the sum of the rows is the network's."""
    nothing = Shape(0, flat=True)
    reach = layers[-1].field if layers else None
    return Layer("unused", "unused", None, nothing, nothing, count, field=reach)
