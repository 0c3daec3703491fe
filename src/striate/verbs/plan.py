"""Any name or text of a network to its table: the zoo, the grammar, torchvision, timm, or the
user's own function.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from striate.errors import ClassesDiffer, PlanError, UnknownModel, UnknownWord
from striate.geometry.shape import Shape, read_shape
from striate.grammar.plan import Plan
from striate.grammar.sheet import Sheet
from striate.grammar.vocabulary import WORDS, nearest
from striate.optional import need
from striate.zoo.catalogue import CATALOGUE, plan_of

if TYPE_CHECKING:
    from torch import nn

DEFAULT_INPUT = Shape(3, 224, 224)  # for modules, which do not say what they take
_FOREIGN = re.compile(r"(torchvision|timm):|[A-Za-z_][\w.]*:[A-Za-z_]\w*\Z")
_NAME = re.compile(r"[A-Za-z][\w.-]*\Z")


def plan(
    network: str | nn.Module,
    given: str | tuple[int, int, int] | None = None,
    classes: int | None = None,
) -> Plan | Sheet:
    """The plan of a text or of a network of the zoo; the traced sheet of any other module.

    `given` is the input, as "3x224x224" or (3, 224, 224), where it is not to be the network's own.

    >>> plan("3x32x32: conv3p1-16 relu gap fc10").parameters
    618
    """
    shape = read_shape(given) if isinstance(given, str) else Shape(*given) if given else None
    if not isinstance(network, str):
        if not hasattr(network, "named_parameters"):  # asked so, because torch need not be here
            raise PlanError(
                f"a network is a text, a name or an nn.Module; got {type(network).__name__}",
                "write it like `3x32x32: conv3p1-16 relu gap fc10`",
            )
        return _traced(network, type(network).__name__, shape, classes)
    name = network.strip()
    if name in CATALOGUE:
        return _bound(plan_of(name, shape[0] if shape else 3), shape, classes, replaced=True)
    if _FOREIGN.match(name):
        need("torch", to="look into a module", extra="train")
        from striate.grammar.foreign import load

        return _traced(load(name), name, shape, classes)
    return _bound(read(name), shape, classes, replaced=False)


def read(text: str) -> Plan:
    """A text to its plan. One unknown word alone was meant as the name of a network, and is
    answered so.
    """
    try:
        return Plan.read(text)
    except UnknownWord:
        if not _NAME.match(text):
            raise
        near = nearest(text.lower(), [*CATALOGUE, *WORDS])
        raise UnknownModel(
            f"{text[:60]!r} is neither a network of the zoo nor a word of the grammar",
            (f"did you mean {near}? " if near else "")
            + "`striate models` lists the zoo; others are written torchvision:NAME, timm:NAME or "
            "package.module:function",
        ) from None


def _bound(found: Plan, shape: Shape | None, classes: int | None, *, replaced: bool) -> Plan:
    if shape:
        found = found.on(*shape[:3])
    return found.with_classes(classes, replaced=replaced) if classes is not None else found


def _traced(module: nn.Module, name: str, shape: Shape | None, classes: int | None) -> Sheet:
    from striate.grammar.trace import trace

    sheet = trace(module, shape or DEFAULT_INPUT, name)
    made = sheet.layers[-1].output.count if sheet.layers else sheet.given.count
    if classes not in {None, made}:
        raise ClassesDiffer(
            f"{name} ends with {made:,} outputs, but there are {classes:,} classes",
            "such a network is taken as it is: name a function that makes it with your number of classes",
        )
    return sheet
