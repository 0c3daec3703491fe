"""The table of a network: one row a layer, and the sums. A plan makes one from text, `trace` from modules."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, final, overload

from striate.geometry.cost import FLOAT_BYTES, training_bytes
from striate.geometry.shape import Pair, Shape
from striate.grammar.layer import Layer
from striate.grammar.plain import Flatten, Full, Softmax
from striate.grammar.sliding import Adaptive, Filtering, Global
from striate.pages import notebook
from striate.pages.html import joined

SCHEMA_VERSION = 1
Row = tuple[str, ...]
HEADERS: Row = (
    "layer", "word", "output", "parameters", "MACs", "field", "jump", "left over", "unseen", "note",
)  # fmt: skip
_RIGHT = frozenset({2, 3, 4, 5, 6, 7, 8})


@final
@dataclass(frozen=True)
class Sheet:
    """Rows in the order the picture travels. `parameters` counts shared weights once; `notes` says what was
    left out."""

    text: str
    given: Shape
    layers: tuple[Layer, ...]
    shared: int = 0
    notes: tuple[str, ...] = ()
    unsupported: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.table()

    def __len__(self) -> int:
        return len(self.layers)

    def __iter__(self) -> Iterator[Layer]:
        return iter(self.layers)

    @overload
    def __getitem__(self, key: int | str) -> Layer: ...
    @overload
    def __getitem__(self, key: slice) -> tuple[Layer, ...]: ...
    def __getitem__(self, key: int | str | slice) -> Layer | tuple[Layer, ...]:
        if not isinstance(key, str):
            return self.layers[key]
        try:
            return next(layer for layer in self.layers if layer.name == key)
        except StopIteration:
            raise KeyError(key) from None

    @cached_property
    def parameters(self) -> int:
        """How many numbers the network learns."""
        return sum(layer.parameters for layer in self.layers) - self.shared

    @cached_property
    def macs(self) -> int:
        """Multiply-adds for one picture: convolutions, fully connected layers and matrix products."""
        return sum(layer.macs for layer in self.layers)

    @property
    def flops(self) -> int:
        """Two for each multiply-add."""
        return 2 * self.macs

    def activation_bytes(self, batch: int = 1) -> int:
        """Every layer's output, kept in fp32."""
        return batch * FLOAT_BYTES * sum(layer.output.count for layer in self.layers)

    def training_bytes(self, batch: int = 1) -> int:
        """A floor for the memory of training: weights, gradients, momentum and activations."""
        return training_bytes(self.parameters, self.activation_bytes(batch))

    @cached_property
    def receptive_field(self) -> Pair | None:
        """Rows and columns that a unit of the last spatial map sees; None is the whole picture."""
        last: Pair | None = (1, 1)
        for layer in self.layers:
            if isinstance(layer.kind, Adaptive | Global | Flatten | Full):
                return last
            last = layer.receptive_field
        return last

    def check_exact(self) -> None:
        """The lectures' rule: refuse any window that does not end exactly at the border ("doesn't fit!")."""
        for layer in self.layers:
            layer.check_exact()

    def to_dict(self, batch: int = 1) -> dict[str, Any]:
        """The table as plain data: the form of `striate plan --json`."""
        reach = self.receptive_field
        return {
            "schema_version": SCHEMA_VERSION,
            "text": self.text,
            "input": _sizes(self.given),
            "batch": batch,
            "parameters": self.parameters,
            "macs": self.macs,
            "flops": self.flops,
            "activation_bytes": self.activation_bytes(batch),
            "training_bytes": self.training_bytes(batch),
            "receptive_field": list(reach) if reach else None,
            "layers": [_layer_dict(layer) for layer in self.layers],
            "notes": list(self.notes),
            "unsupported": list(self.unsupported),
        }

    def table(self, batch: int = 1, width: int | None = None) -> str:
        """The table as text. A `width` shortens the names of layers, from their front."""
        body = aligned([HEADERS, *self._rows()], width)
        return "\n".join([*body, "", *self._sums(batch)])

    def _repr_html_(self) -> str:
        """The table as Jupyter shows it."""
        shown = notebook.table(HEADERS, self._rows(), _RIGHT)
        return joined([shown, notebook.lines(self._sums(1))])

    def _rows(self) -> list[Row]:
        rows: list[Row] = [("input", "", str(self.given), "", "", "", "", "", "", "")]
        rows += [_row(layer) for layer in self.layers]
        if len(rows) > 2 and isinstance(self.layers[-1].kind, Softmax):
            rows[-1] = (*rows[-1][:-1], "left to the loss")
        return rows

    def _sums(self, batch: int) -> Iterator[str]:
        reach = self.receptive_field
        pictures = "1 picture" if batch == 1 else f"{batch:,} pictures"
        yield f"parameters       {self.parameters:,} ({data_size(self.parameters * FLOAT_BYTES)} in fp32)"
        yield f"multiply-adds    {self.macs:,} for 1 picture (FLOPs: {self.flops:,})"
        if batch > 1 and self.layers:
            yield f"output           {batch}x{self.layers[-1].output} for {pictures}"
        yield f"activations      {data_size(self.activation_bytes(batch))} for {pictures}"
        yield f"training memory  at least {data_size(self.training_bytes(batch))} for {pictures} a step"
        seen = "the whole picture"
        if reach:
            height, width = self.given.sides
            seen = f"{reach[0]} x {reach[1]} of {height} x {width} pixels, at the last map"
        yield f"receptive field  {seen}"
        if self.shared:
            yield f"shared weights   {self.shared:,} parameters are used more than once and counted once"
        yield from self.notes
        for name in self.unsupported:
            yield f"not counted      {name}: this operator is not known, so its cost and field are missing"


def _sizes(shape: Shape) -> list[int]:
    return [shape.channels, shape.height, shape.width]


def _layer_dict(layer: Layer) -> dict[str, Any]:
    reach, jump = layer.receptive_field, layer.jump
    return {
        "name": layer.name,
        "word": layer.word,
        "output": _sizes(layer.output),
        "parameters": layer.parameters,
        "macs": layer.macs,
        "receptive_field": list(reach) if reach else None,
        "jump": list(jump) if jump else None,
        "remainder": list(layer.remainder),
        "unseen": list(layer.unseen),
        "bias": layer.has_bias,
    }


def _row(layer: Layer) -> Row:
    exact = "" if layer.field is None or all(f.exact for f in layer.field) else "≤"
    return (
        layer.name,
        layer.word,
        str(layer.output),
        f"{layer.parameters:,}" if layer.parameters else "",
        short_count(layer.macs) if layer.macs else "",
        exact + _pair(layer.receptive_field) if layer.receptive_field else "all",
        _pair(layer.jump) if layer.jump else "",
        _pair(layer.remainder) if any(layer.remainder) else "",
        _pair(layer.unseen) if any(layer.unseen) else "",
        _note(layer),
    )


def _note(layer: Layer) -> str:
    kind = layer.kind
    if isinstance(kind, Filtering) and not layer.has_bias:
        return "no bias"
    if isinstance(kind, Full):
        given, notes = layer.given, []
        if not given.flat and given.sides != (1, 1):
            notes.append(f"flattens {given.count:,}")
        if not kind.bias:
            notes.append("no bias")
        return ", ".join(notes)
    return ""


def _pair(pair: Pair) -> str:
    return str(pair[0]) if pair[0] == pair[1] else f"{pair[0]}x{pair[1]}"


def short_count(number: int) -> str:
    """Four digits and a letter: 118.0 M."""
    for unit, size in (("T", 10**12), ("G", 10**9), ("M", 10**6), ("k", 10**3)):
        value = number / size
        if value >= 0.99995:  # 999,950 is 1.000 M, not 1000.0 k
            return f"{value:.{3 if value < 9.9995 else 2 if value < 99.995 else 1}f} {unit}"
    return str(number)


def data_size(count: int) -> str:
    """Bytes for people: 12.3 MB (decimal units)."""
    for unit, size in (("TB", 10**12), ("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count / size >= 0.99995:
            return f"{count / size:.1f} {unit}"
    return f"{count} B"


def aligned(rows: list[Row], width: int | None = None) -> list[str]:
    """Rows to lines. Columns that are empty but for their header are left out; numbers stand right."""
    used = [c for c in range(len(rows[0])) if any(row[c] for row in rows[1:])]
    widths = {c: max(len(row[c]) for row in rows) for c in used}
    total = sum(widths.values()) + 2 * (len(used) - 1)
    if width and total > width:
        widths[0] = max(8, widths[0] - (total - width))
    lines = []
    for row in rows:
        first = row[0] if len(row[0]) <= widths[0] else "…" + row[0][1 - widths[0] :]
        cells = [first, *row[1:]]
        line = "  ".join(
            cells[c].rjust(widths[c]) if c in _RIGHT else cells[c].ljust(widths[c]) for c in used
        )
        lines.append(line.rstrip())
    return lines
