"""What known mistakes in a convolution would give.

Each is a function of a case, so that a student's numbers can be compared with all of them.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from striate.lectures.checked.case import Case, Kind, Mistake, Numbers
from striate.lectures.checked.convolution import cases, layer, right
from striate.textbook.windows import patches


def _flipped(case: Case) -> Numbers:
    return layer(case, case["w"][:, :, ::-1, ::-1]).forward(case["x"])


def _without_bias(case: Case) -> Numbers:
    return right(case)["out"] - case["b"][:, None, None]


def _bias_for_each(case: Case) -> Numbers:
    return np.asarray(right(case)["out"] + (case["x"].shape[1] - 1) * case["b"][:, None, None])


def _no_padding(case: Case) -> Numbers:
    return layer(case, pad=0).forward(case["x"])


def _padded(mode: str) -> Callable[[Case], Numbers]:
    def made(case: Case) -> Numbers:
        pad = case.numbers["pad"]
        ring = ((0, 0), (0, 0), (pad, pad), (pad, pad))
        whole = np.pad(case["x"], ring, mode=mode)  # type: ignore[call-overload]
        return layer(case, pad=0).forward(whole)

    return made


def _padded_after(case: Case) -> Numbers:
    pad = case.numbers["pad"]
    whole = np.pad(case["x"], ((0, 0), (0, 0), (0, 2 * pad), (0, 2 * pad)))
    return layer(case, pad=0).forward(whole)


def _stride_ignored(case: Case) -> Numbers:
    return layer(case, stride=1).forward(case["x"])


def _stride_of_places(case: Case) -> Numbers:
    """The output has the right size, but the window moved by one."""
    h, w = right(case)["out"].shape[2:]
    return _stride_ignored(case)[:, :, :h, :w]


def _kernel_turned(case: Case) -> Numbers:
    """Rows and columns of a square kernel are swapped."""
    weight = case["w"]
    square = weight.shape[2] == weight.shape[3]
    return layer(case, weight.swapaxes(2, 3) if square else weight).forward(case["x"])


def _mean(case: Case) -> Numbers:
    bias = case["b"][:, None, None]
    return np.asarray((right(case)["out"] - bias) / case["w"][0].size + bias)


def _mean_of_channels(case: Case) -> Numbers:
    bias = case["b"][:, None, None]
    return np.asarray((right(case)["out"] - bias) / case["x"].shape[1] + bias)


def _one_channel(channel: int) -> Callable[[Case], Numbers]:
    def made(case: Case) -> Numbers:
        weight = np.zeros_like(case["w"])
        weight[:, channel] = case["w"][:, channel]
        return layer(case, weight).forward(case["x"])

    return made


def _first_filter(case: Case) -> Numbers:
    weight = np.broadcast_to(case["w"][:1], case["w"].shape)
    return layer(case, weight).forward(case["x"])


def _first_picture(case: Case) -> Numbers:
    made = right(case)["out"]
    return np.broadcast_to(made[:1], made.shape)


def _cut_to_whole(case: Case) -> Numbers:
    made = right(case)["out"]
    return np.trunc(made) if case.given["x"].dtype == np.int64 else made


def _rectified(case: Case) -> Numbers:
    return np.maximum(right(case)["out"], 0)


def _upstream(case: Case) -> Numbers:
    return np.zeros(0) if case.upstream is None else case.upstream.astype(np.float64)


def _spread(case: Case, weight: Numbers, adds: bool, last_filter: bool = False) -> Numbers:
    """dL/d(padded x), place by place; without `adds` a later place overwrites an earlier one."""
    up, stride, pad = _upstream(case), case.numbers["stride"], case.numbers["pad"]
    n, c, h, w = case["x"].shape
    made = np.zeros((n, c, h + 2 * pad, w + 2 * pad))
    first = weight.shape[0] - 1 if last_filter else 0
    for i, j in np.ndindex(*up.shape[2:]):
        rows = slice(i * stride, i * stride + weight.shape[2])
        columns = slice(j * stride, j * stride + weight.shape[3])
        pull = np.einsum("no,ocij->ncij", up[:, first:, i, j], weight[first:])
        made[:, :, rows, columns] = made[:, :, rows, columns] + pull if adds else pull
    return made


def _inside(case: Case, made: Numbers) -> Numbers:
    pad, (h, w) = case.numbers["pad"], case["x"].shape[2:]
    return made[:, :, pad : pad + h, pad : pad + w]


def _dx_flipped(case: Case) -> Numbers:
    return _inside(case, _spread(case, case["w"][:, :, ::-1, ::-1], adds=True))


def _dx_with_padding(case: Case) -> Numbers:
    return _spread(case, case["w"], adds=True)


def _dx_cut_wrongly(case: Case) -> Numbers:
    h, w = case["x"].shape[2:]
    return _spread(case, case["w"], adds=True)[:, :, :h, :w]


def _dx_overwritten(case: Case) -> Numbers:
    return _inside(case, _spread(case, case["w"], adds=False))


def _dx_last_filter(case: Case) -> Numbers:
    return _inside(case, _spread(case, case["w"], adds=False, last_filter=True))


def _dx_one_filter(case: Case) -> Numbers:
    return _inside(case, _spread(case, case["w"], adds=True, last_filter=True))


def _dw(case: Case, pictures: slice, places: slice, pad: int | None = None) -> Numbers:
    seen = patches(case["x"], layer(case, pad=pad).windows)
    up = _upstream(case)
    h, w = (min(a, b) for a, b in zip(up.shape[2:], seen.shape[2:4], strict=True))
    flat_up = up[pictures, :, :h, :w].reshape(-1, up.shape[1], h * w)[:, :, places]
    flat = seen[pictures, :, :h, :w].reshape(-1, seen.shape[1], h * w, *seen.shape[4:])
    return np.asarray(np.einsum("nop,ncpij->ocij", flat_up, flat[:, :, places]))


def _dw_last_picture(case: Case) -> Numbers:
    return _dw(case, slice(-1, None), slice(None))


def _dw_last_place(case: Case) -> Numbers:
    return _dw(case, slice(-1, None), slice(-1, None))


def _dw_unpadded(case: Case) -> Numbers:
    return _dw(case, slice(None), slice(None), pad=0)


def _dw_flipped(case: Case) -> Numbers:
    return right(case)["dw"][:, :, ::-1, ::-1]


def _db_over(*axes: int, keep: bool = False) -> Callable[[Case], Numbers]:
    def made(case: Case) -> Numbers:
        return np.asarray(_upstream(case).sum(axis=axes, keepdims=keep))

    return made


def _db_last_picture(case: Case) -> Numbers:
    return np.asarray(_upstream(case)[-1].sum(axis=(1, 2)))


_OUT = (
    Mistake("the kernel is flipped (turned by half a turn); slide it as it is", _flipped),
    Mistake("the bias is missing; add b[o] to every number of map o", _without_bias),
    Mistake("the bias is added once for each channel; add it once, after their sum", _bias_for_each),
    Mistake("pad is ignored; put `pad` rows and columns of zeros on all four sides", _no_padding),
    Mistake("x is padded with its border; pad with zeros", _padded("edge")),
    Mistake("x is padded with its reflection; pad with zeros", _padded("reflect")),
    Mistake("x is padded below and right only; pad all four sides", _padded_after),
    Mistake("stride is ignored: the window moves by one, and there are too many places", _stride_ignored),
    Mistake("the size is right, but the window moves by one; start at i · stride", _stride_of_places),
    Mistake("rows and columns of the kernel are swapped; w is O C kh kw, rows first", _kernel_turned),
    Mistake("the mean of the products is taken; take their sum", _mean),
    Mistake("the mean over channels is taken; take their sum", _mean_of_channels),
    Mistake("only the first channel counts; sum over all channels", _one_channel(0)),
    Mistake("only the last channel counts: is the sum overwritten? use +=", _one_channel(-1)),
    Mistake("every map is made with the first filter; map o has w[o]", _first_filter),
    Mistake("every picture gets the maps of the first; loop over n", _first_picture),
    Mistake("out has the type of x, so whole numbers cut it off; make it a float array", _cut_to_whole),
    Mistake("a ReLU was applied too; a convolution may be below zero", _rectified),
)  # fmt: skip
_DX = (
    Mistake("the kernel is flipped; each place gives back w as it stands", _dx_flipped),
    Mistake("dx is that of the padded x; cut `pad` rows and columns off all four sides", _dx_with_padding),
    Mistake("the padding was cut off below and right only; take [pad:pad + H, pad:pad + W]", _dx_cut_wrongly),
    Mistake("where windows overlap, later ones overwrite; add with +=", _dx_overwritten),
    Mistake("each filter overwrites the one before; add with +=", _dx_last_filter),
    Mistake("only the last filter counts; sum over all filters", _dx_one_filter),
)  # fmt: skip
_DW = (
    Mistake("dw is flipped; dw[o, c, i, j] belongs to x[h + i, w + j]", _dw_flipped),
    Mistake("only the last picture counts; sum over the batch", _dw_last_picture),
    Mistake("only the last place counts: is dw overwritten? use +=", _dw_last_place),
    Mistake("x without its padding was used; the window saw the padded x", _dw_unpadded),
)
_DB = (
    Mistake("db is not summed over the pictures; b has one number for each filter", _db_over(2, 3)),
    Mistake("db is not summed over the places; b has one number for each filter", _db_over(0)),
    Mistake("db keeps axes of length 1; its shape is that of b", _db_over(0, 2, 3, keep=True)),
    Mistake("only the last picture counts; sum over the batch", _db_last_picture),
)

KIND = Kind(
    "convolution",
    ("conv",),
    "conv_forward(x, w, b, stride, pad) → out or (out, cache); conv_backward(dout, cache) → dx, dw, db",
    ("out",),
    ("dx", "dw", "db"),
    cases,
    right,
    {"out": _OUT, "dx": _DX, "dw": _DW, "db": _DB},
)
