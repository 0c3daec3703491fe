"""Every network of the zoo by name. A new family is one file and one line here."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from striate.errors import UnknownModel
from striate.grammar.plan import Plan
from striate.grammar.vocabulary import nearest
from striate.zoo import (
    alexnet,
    allconv,
    convnetjs,
    googlenet,
    inception,
    lenet,
    mobilenet_v1,
    mobilenet_v2,
    mobilenet_v3,
    neocognitron,
    resnet,
    shufflenet,
    striate,
    vgg,
)
from striate.zoo.network import Network

_FAMILIES = (
    striate, lenet, neocognitron, convnetjs, alexnet, vgg, googlenet, inception, allconv, resnet,
    mobilenet_v1, mobilenet_v2, mobilenet_v3, shufflenet,
)  # fmt: skip

CATALOGUE: Mapping[str, Network] = MappingProxyType(
    {network.name: network for family in _FAMILIES for network in family.NETWORKS}
)


def find(name: str) -> Network:
    """The network of that name; a miss lists the nearest."""
    if name not in CATALOGUE:
        near = nearest(name, CATALOGUE)
        raise UnknownModel(
            f"no network is called {name[:60]!r}",
            f"did you mean {near}? `striate models` lists all"
            if near
            else "`striate models` lists all",
        )
    return CATALOGUE[name]


def plan_of(name: str, channels: int = 3) -> Plan:
    """The plan of a network of the zoo, bound to the input of its paper; `channels` of the pictures that it
    will be bound to.

    >>> plan_of("resnet50").parameters
    25557032
    """
    found = find(name)
    return Plan.read(found.grey if channels == 1 and found.grey else found.text)
