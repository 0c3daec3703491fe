"""A computation graph as stills: letters on the left, the result on the right, one frame for each step."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from striate.lectures.scene import BODY, SMALL, wide
from striate.lectures.shown import Link, Net, Still, number, signed
from striate.lectures.shown import Node as Box
from striate.textbook.graph import Edge, Node


class Drawn(NamedTuple):
    """order: all nodes, parents first; texts: each as it was written; given: the values, as words."""

    title: str
    given: str
    order: list[Node]
    texts: dict[Node, str]
    is_backward: bool


def still(drawn: Drawn) -> Still:
    """Every value, and every gradient where there is a backward pass."""
    said = drawn.given
    if drawn.is_backward:
        said += ". On the arrows, in blue: upstream × local = downstream"
    every = set(drawn.order)
    return Still(drawn.title, ((_net(drawn, every, every, None),),), said)


def frames(drawn: Drawn) -> tuple[Still, ...]:
    """Forward a node at a time, then back a node at a time."""
    made = []
    known = {node for node in drawn.order if not node.edges}
    for node in (n for n in drawn.order if n.edges):
        known = known | {node}
        said = f"forward: {drawn.texts[node]} = {number(float(node.value))}"
        made.append(Still(drawn.title, ((_net(drawn, known, set(), node),),), said))
    sent: set[Node] = set()
    for node in (n for n in drawn.order[::-1] if n.edges and drawn.is_backward):
        sent = sent | {node}
        said = f"backward through {node.name}: upstream {number(float(node.gradient))}"
        made.append(Still(drawn.title, ((_net(drawn, known, sent, node),),), said))
    return tuple(made)


def _net(drawn: Drawn, known: set[Node], sent: set[Node], lit: Node | None) -> Net:
    """known: nodes whose value is reckoned; sent: nodes that have passed their gradient on."""
    places = _places(drawn.order)
    which = {node: i for i, node in enumerate(drawn.order)}
    links = []
    for node in drawn.order:
        for edge in node.edges:
            below = _sent(node, edge) if drawn.is_backward and node in sent else ""
            links.append(Link(which[edge.parent], which[node], "", below, node is lit))
    boxes = []
    for node in drawn.order:
        full = _lines(node, drawn, is_known=True, has_gradient=True)
        users = [n for n in drawn.order if any(edge.parent is node for edge in n.edges)]
        told = node in sent or (bool(users) and all(n in sent for n in users))
        lines = _lines(node, drawn, node in known, told or (not users and bool(sent)))
        boxes.append(Box(places[node], lines, node is lit, full))
    return Net("", tuple(boxes), tuple(links), step=(_step(drawn), 165))


def _step(drawn: Drawn) -> int:
    """How far columns are apart: a box and the widest text between two."""
    boxes = [
        line for n in drawn.order for line in _lines(n, drawn, is_known=True, has_gradient=True)
    ]
    box = max(96.0, *(wide(line, BODY) + 26 for line in boxes))
    between = [_sent(n, e) for n in drawn.order for e in n.edges] if drawn.is_backward else [""]
    return round(box + max(70.0, *(wide(text, SMALL) + 60 for text in [*between, ""])))


def _sent(node: Node, edge: Edge) -> str:
    """upstream × local = downstream."""
    up, local = float(node.gradient), float(np.asarray(edge.local))
    return f"{signed(up)} × {signed(local)} = {number(up * local)}"


def _lines(node: Node, drawn: Drawn, is_known: bool, has_gradient: bool) -> tuple[str, ...]:
    """Its name, its value, and what comes back."""
    lines = (node.name or drawn.texts[node], number(float(node.value)) if is_known else "")
    if not drawn.is_backward:
        return lines
    return (*lines, f"dL {number(float(node.gradient))}" if has_gradient else "")


def _places(order: list[Node]) -> dict[Node, tuple[float, float]]:
    """Column and row: steps after all that they are made of, letters one column before their first use."""
    column: dict[Node, int] = {}
    for node in order:
        column[node] = 1 + max((column[edge.parent] for edge in node.edges), default=-1)
    for node in order:
        if not node.edges:
            users = [column[n] for n in order if any(edge.parent is node for edge in n.edges)]
            column[node] = max(0, min(users, default=1) - 1)
    row: dict[Node, float] = {}
    taken: set[tuple[int, float]] = set()
    leaves = 0
    for node in _as_written(order[-1]):
        if node.edges:
            wanted = float(np.mean([row[edge.parent] for edge in node.edges]))
            while (column[node], wanted) in taken:
                wanted += 0.5
        else:
            wanted, leaves = float(leaves), leaves + 1
        row[node] = wanted
        taken |= {
            (column[node], wanted),
            (column[node], wanted + 0.5),
            (column[node], wanted - 0.5),
        }
    return {node: (column[node], row[node]) for node in order}


def _as_written(end: Node) -> list[Node]:
    """Nodes in the order of the formula, from left to right, each once, parents first."""
    met: dict[Node, None] = {}
    waiting = [(end, False)]
    while waiting:
        node, is_open = waiting.pop()
        if node in met:
            continue
        if is_open or not node.edges:
            met[node] = None
            continue
        waiting.append((node, True))
        waiting += [(edge.parent, False) for edge in reversed(node.edges)]
    return list(met)
