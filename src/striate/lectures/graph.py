"""A computation graph of numbers, node by node: forward, and back by upstream × local = downstream."""

from __future__ import annotations

import numpy as np

from striate.errors import UsageError
from striate.lectures import graph_drawn
from striate.lectures.graph_read import Formula, read
from striate.lectures.shown import Floats, Shown, number, signed
from striate.textbook.graph import Node, backward, behind

EXAMPLE = "x=2 y=-1 z=3: (x*w + y) max z"


def graph(text: str = EXAMPLE, is_backward: bool = False) -> Shown:
    """A formula with its values: `x=2 y=-1 z=3: (x*w + y) max z`."""
    with np.errstate(all="ignore"):
        formula = read(text)
        order = behind(formula.end)[::-1]  # parents first
        _check(formula, order)
        if is_backward:
            backward(formula.end)
            _check_slopes(formula, order)
    title = formula.texts[formula.end]
    lines = [f"{title}   with {', '.join(_given(formula)) or 'numbers alone'}"]
    if formula.assumed:
        is_one = len(formula.assumed) == 1
        what = "has no value, it is" if is_one else "have no value, they are"
        lines.append(f"{', '.join(formula.assumed)} {what} taken as 1")
    steps = [f"  {_forward(n, formula)}" for n in order if n.edges]
    lines += (
        ["", "forward", *steps] if steps else ["", f"{title} = {number(float(formula.end.value))}"]
    )
    if is_backward:
        lines += ["", "backward, from dL/dL = 1: upstream × local = downstream"]
        lines += [f"  {line}" for n in order[::-1] for line in _backward(n, formula)]
        lines += ["", *_leaves(formula, order)]
    arrays: dict[str, Floats] = {"value": np.array(float(formula.end.value))}
    for name, leaf in formula.leaves.items():
        arrays[name] = np.array(float(leaf.value))
        if is_backward:
            arrays[f"d_{name}"] = np.array(float(leaf.gradient))
    arrays["values"] = np.array([float(n.value) for n in order])
    if is_backward:
        arrays["gradients"] = np.array([float(n.gradient) for n in order])
    facts = {"nodes": [formula.texts[n] for n in order], "assumed": list(formula.assumed)}
    drawn = graph_drawn.Drawn(title, ", ".join(_given(formula)), order, formula.texts, is_backward)
    return Shown(
        title,
        tuple(lines),
        arrays,
        graph_drawn.still(drawn),
        graph_drawn.frames(drawn),
        facts,
        1100,
    )


def _given(formula: Formula) -> list[str]:
    return [f"{name} = {number(float(leaf.value))}" for name, leaf in formula.leaves.items()]


def _check(formula: Formula, order: list[Node]) -> None:
    for node in order:
        if not np.isfinite(node.value):
            raise UsageError(
                f"{formula.texts[node]} is {float(node.value)}: no number to go on with",
                "choose values where no step divides by zero or takes the logarithm of one below zero",
            )


def _check_slopes(formula: Formula, order: list[Node]) -> None:
    """At 0 a root has no slope, nor has 1/x; their backward would go on with infinity."""
    for node in order:
        learning = [edge for edge in node.edges if not _is_fixed(edge.parent, formula)]
        if any(not np.isfinite(np.asarray(edge.local)) for edge in learning):
            raise UsageError(
                f"{formula.texts[node]} has no slope where it is {number(float(node.value))}: "
                "nothing can go back through it",
                "choose other values, or leave --backward out",
            )


def _forward(node: Node, formula: Formula) -> str:
    """A step with its numbers: x * w = 2 * 1 = 2."""
    numbers = [signed(float(edge.parent.value)) for edge in node.edges]
    value = number(float(node.value))
    if len(numbers) == 2 and node.name in ("+", "*"):
        worked = f" {node.name} ".join(numbers)
    elif node.name.startswith("^"):
        worked = f"{numbers[0]}{node.name}"
    else:
        bare = [number(float(edge.parent.value)) for edge in node.edges]
        worked = f"{node.name}({', '.join(bare)})"
    return f"{formula.texts[node]} = {worked} = {value}"


def _backward(node: Node, formula: Formula) -> list[str]:
    """What a node sends to each node that it was made of."""
    lines = []
    for edge in node.edges:
        if _is_fixed(edge.parent, formula):
            continue
        upstream = float(node.gradient)
        local = float(np.asarray(edge.local))
        lines.append(
            f"{formula.texts[node]} → {formula.texts[edge.parent]}: "
            f"{signed(upstream)} × {signed(local)} = {number(upstream * local)}"
        )
    return lines


def _is_fixed(node: Node, formula: Formula) -> bool:
    """A number of the formula learns nothing."""
    return not node.edges and node.name not in formula.leaves


def _leaves(formula: Formula, order: list[Node]) -> list[str]:
    """The gradient of every letter; where a letter is used more than once, what comes back is added."""
    lines = []
    for name, leaf in formula.leaves.items():
        parts = [
            float(n.gradient) * float(np.asarray(edge.local))
            for n in order
            for edge in n.edges
            if edge.parent is leaf
        ]
        total = number(float(leaf.gradient))
        worked = f"{' + '.join(signed(p) for p in parts)} = {total}" if len(parts) > 1 else total
        lines.append(f"dL/d{name} = {worked}")
    return lines
