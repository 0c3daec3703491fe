"""Linear steps in a row: without an activation between them they are one, and say no more than one."""

from __future__ import annotations

from collections.abc import Iterator

from striate.geometry.shape import Pair
from striate.grammar.chains import Chain
from striate.grammar.hint import Hint
from striate.grammar.layer import Layer
from striate.grammar.plain import BatchNorm, Dropout, Full, Identity, Scale
from striate.grammar.sliding import Conv

_BETWEEN = (BatchNorm, Dropout, Identity, Scale)  # once trained they are linear too


def linear_pairs(chain: Chain) -> Iterator[Hint]:
    """Two or more convolutions, or fully connected layers, with nothing between that bends a line."""
    run: list[Layer] = []
    for layer in chain:
        if _joins(run, layer):
            run.append(layer)
        elif _is_linear(layer):
            yield from _told(run, chain)
            run = [layer]
        elif not isinstance(layer.kind, _BETWEEN):
            yield from _told(run, chain)
            run = []
    yield from _told(run, chain)


def _is_linear(layer: Layer) -> bool:
    """Whether it is a whole matrix: groups and single channels are a factor that saves weights."""
    return isinstance(layer.kind, Full) or (isinstance(layer.kind, Conv) and layer.kind.groups == 1)


def _joins(run: list[Layer], layer: Layer) -> bool:
    if not run or not _is_linear(layer) or type(run[-1].kind) is not type(layer.kind):
        return False
    before = run[-1]
    ins, outs = before.given.count, layer.output.count
    if isinstance(before.kind, Conv) and isinstance(layer.kind, Conv):
        if _is_separable(before.kind.kernel, layer.kind.kernel):
            return False
        ins, middle, outs = before.given.channels, layer.given.channels, layer.output.channels
        if before.kind.kernel == layer.kind.kernel == (1, 1) and middle < outs:
            return False  # a linear bottleneck, Sandler et al. (2018), before it grows again
        return middle >= min(ins, outs)
    return before.output.count >= min(ins, outs)  # else it is narrow on purpose: a low rank


def _is_separable(one: Pair, other: Pair) -> bool:
    """A column after a row: cheaper than the whole window."""
    return (one[0] == other[1] == 1 or one[1] == other[0] == 1) and one != other


def _told(run: list[Layer], chain: Chain) -> Iterator[Hint]:
    if len(run) < 2:
        return
    names = [layer.name for layer in run]
    listed = ", ".join(names[:-1]) + f" and {names[-1]}"
    last = run[-1]
    if isinstance(last.kind, Full):
        what = f"one fc{last.output.count}"
    else:
        kernel, stride = _merged(run)
        made = last.output.channels
        what = (
            f"one {kernel[0]}x{kernel[1]} convolution to {made} channel{'s' if made != 1 else ''}"
        )
        what += f" with stride {_size(stride)}" if stride != (1, 1) else ""
    inside = chain[chain.index(run[0]) : chain.index(last)]
    has_norm = any(isinstance(layer.kind, BatchNorm) for layer in inside)
    norm = "; a batch norm is no activation" if has_norm else ""
    yield Hint(
        "linear-pair",
        tuple(names),
        f"{listed} follow one another without an activation: together they do no more than {what}{norm}",
        f"a relu after {' and '.join(names[:-1])}"
        if len(names) < 4
        else "a relu after each of them",
    )


def _merged(run: list[Layer]) -> tuple[Pair, Pair]:
    """Kernel and stride of the one convolution that does the same: F grows by (F - 1) times the jump."""
    kernel, jump = [1, 1], [1, 1]
    for layer in run:
        windows = layer.kind.windows() if layer.kind else None
        for axis, window in enumerate(windows or ()):
            kernel[axis] += (window.extent - 1) * jump[axis]
            jump[axis] *= window.stride
    return (kernel[0], kernel[1]), (jump[0], jump[1])


def _size(pair: Pair) -> str:
    return str(pair[0]) if pair[0] == pair[1] else f"{pair[0]}x{pair[1]}"
