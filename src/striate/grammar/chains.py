"""The straight stretches of a network: each layer takes what the one before it gives, and alone does."""

from __future__ import annotations

from itertools import pairwise

from striate.grammar.layer import Layer, Node
from striate.grammar.plan import Plan
from striate.grammar.sheet import Sheet

Chain = tuple[Layer, ...]


def chains(found: Plan | Sheet) -> list[Chain]:
    """Every stretch without a fork or join inside, in reading order. A traced table does not keep who feeds
    whom, so it is one stretch where all its layers are words of the grammar, and none otherwise.
    """
    if isinstance(found, Plan):
        whole: list[list[Layer]] = [[]]
        _walk(found.nodes, whole)
        return [tuple(chain) for chain in whole if chain]
    layers = found.layers
    straight = all(layer.kind for layer in layers) and all(
        after.given.count == before.output.count for before, after in pairwise(layers)
    )
    return [layers] if straight and layers else []


def _walk(nodes: tuple[Node, ...], whole: list[list[Layer]]) -> None:
    for node in nodes:
        if isinstance(node, Layer):
            whole[-1].append(node)
        elif node.how == "stage":  # a name around layers, no fork
            _walk(node.arms[0], whole)
        else:
            for arm in node.arms:
                whole.append([])
                _walk(arm, whole)
            whole.append([])
