"""Nodes of an ONNX graph, written one after another like lines of a program."""

from __future__ import annotations

from typing import Any, final

import numpy as np

from striate.optional import need


@final
class Graph:
    """Each method gives the name of what it made; `begin` stands before all names of this graph."""

    FLOAT, UINT8, INT64, DOUBLE = 1, 2, 7, 11  # TensorProto's numbers of the types

    def __init__(self, begin: str = "prep_") -> None:
        self._onnx = need("onnx", to="write an ONNX file", extra="train")
        self._begin, self._constants = begin, dict[tuple[str, bytes, tuple[int, ...]], str]()
        self._held: list[Any] = []
        self.nodes: list[Any] = []

    @property
    def held(self) -> list[Any]:
        """The constants that a node takes."""
        taken = {name for node in self.nodes for name in node.input}
        return [one for one in self._held if one.name in taken]

    def op(self, kind: str, *given: str, **attributes: Any) -> str:
        """One node with one output."""
        name = f"{self._begin}{len(self.nodes)}_{kind.lower()}"
        self.nodes.append(self._onnx.helper.make_node(kind, list(given), [name], **attributes))
        return name

    def array(self, values: np.ndarray[Any, Any]) -> str:
        """A constant; equal ones are held once."""
        key = (str(values.dtype), values.tobytes(), values.shape)
        if key not in self._constants:
            name = f"{self._begin}c{len(self._held)}"
            self._held.append(
                self._onnx.numpy_helper.from_array(np.asarray(values, order="C"), name)
            )
            self._constants[key] = name
        return self._constants[key]

    def double(self, value: float) -> str:
        """A number in float64."""
        return self.array(np.array(value, np.float64))

    def integer(self, value: int) -> str:
        """A whole number."""
        return self.array(np.array(value, np.int64))

    def integers(self, values: list[int]) -> str:
        """A row of whole numbers."""
        return self.array(np.array(values, np.int64))

    def whole(self, name: str) -> str:
        """A float64 that holds a whole number, as one."""
        return self.op("Cast", name, to=self.INT64)

    def steps(self, count: str) -> str:
        """0, 1 ... count - 1 in float64."""
        return self.op("Range", self.double(0.0), count, self.double(1.0))

    def rename(self, old: str, new: str) -> None:
        """Give the output of a node another name."""
        for node in self.nodes:
            node.output[:] = [new if name == old else name for name in node.output]
            node.input[:] = [new if name == old else name for name in node.input]

    def value(self, name: str, kind: int, shape: list[Any]) -> Any:
        """What goes in or comes out."""
        return self._onnx.helper.make_tensor_value_info(name, kind, shape)

    def model(self, given: list[Any], told: list[Any], opset: int) -> bytes:
        """All of it as the bytes of a file."""
        made = self._onnx.helper.make_graph(self.nodes, "graph", given, told, self.held)
        imports = [self._onnx.helper.make_opsetid("", opset)]
        model = self._onnx.helper.make_model(made, opset_imports=imports, ir_version=8)
        self._onnx.checker.check_model(model)
        data: bytes = model.SerializeToString(deterministic=True)
        return data
