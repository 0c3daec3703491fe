"""Which layer a function is, by the beginning of its name."""

from __future__ import annotations

from typing import NamedTuple

from striate.errors import UsageError
from striate.lectures.checked import (
    average,
    convolution_mistakes,
    losses,
    plain,
    pooling,
    smooth,
)
from striate.lectures.checked.case import Kind

KINDS: tuple[Kind, ...] = (
    convolution_mistakes.KIND,
    pooling.KIND,
    average.KIND,
    plain.RELU,
    smooth.SIGMOID,
    smooth.TANH,
    plain.CONNECTED,
    plain.AFFINE,
    plain.BATCH_NORM,
    losses.SOFTMAX,
    losses.SVM,
)


class Asked(NamedTuple):
    """A student's function, what layer it is, and the names of what it gives."""

    function: str
    kind: Kind
    is_backward: bool

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names in the order in which the function returns them."""
        return self.kind.backward if self.is_backward else self.kind.forward


def asked(function: str) -> Asked:
    """`conv_backward` is the backward pass of a convolution.

    >>> asked("max_pool_forward_fast").kind.name
    'max pooling'
    """
    name = function.lower().lstrip("_")
    for kind in KINDS:
        if name.startswith(kind.prefixes):
            return Asked(function, kind, bool(kind.backward) and "backward" in name)
    known = ", ".join(kind.prefixes[0] for kind in KINDS)
    raise UsageError(
        f"the name {function!r} does not say which layer it is",
        f"begin it with one of {known}, as in conv_forward; `backward` in it asks for the gradients; "
        "dropout, other activations, other norms and transposed convolutions are not checked",
    )
