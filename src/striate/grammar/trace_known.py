"""Every operator that is known, by its name. One that is not here is told in the table, never dropped."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from striate.grammar import trace_moves as moves
from striate.grammar import trace_ops as ops
from striate.grammar.trace_flow import Flow, unions
from striate.grammar.trace_step import Cell, Handler, Op, Outcome

# The in-place form of an operator goes by the name without its last underscore.
_KNOWN: tuple[tuple[Handler, str], ...] = (
    (
        moves.same,
        "alias detach clone contiguous _to_copy to lift lift_fresh lift_fresh_copy positive neg "
        "abs exp expm1 log log1p log2 sqrt rsqrt square pow reciprocal sin cos tan atan erf sign "
        "floor ceil round trunc clamp clamp_min clamp_max rsub fmod remainder where masked_fill "
        "eq ne lt le gt ge logical_not logical_and logical_or isnan isinf isfinite nan_to_num "
        "bernoulli native_dropout bitwise_not fill zero copysign real imag view_as_real _conj "
        "conj dropout resize set_ exponential uniform normal",
    ),
    (ops.meet, "add sub mul div maximum minimum addcmul addcdiv lerp"),
    (
        ops.activate,
        "relu relu6 hardtanh leaky_relu elu celu selu gelu silu hardswish hardsigmoid sigmoid tanh softplus "
        "mish prelu _prelu_kernel glu log_sigmoid_forward hardshrink softshrink threshold rrelu "
        "rrelu_with_noise",
    ),
    (moves.overwrite, "copy"),
    (
        moves.lost,
        "im2col col2im unfold gather scatter scatter_add index_put index_add embedding grid_sampler_2d "
        "grid_sampler pixel_shuffle pixel_unshuffle diagonal one_hot masked_select scatter_reduce",
    ),
    (
        moves.along,
        "roll flip index_select sort topk cumsum tril triu cumprod repeat_interleave channel_shuffle",
    ),
    (ops.softmax, "_softmax _safe_softmax _log_softmax softmax log_softmax"),
    (moves.index, "index _unsafe_index"),
    (
        moves.view,
        "view _unsafe_view reshape _reshape_alias as_strided view_as_complex flatten unflatten",
    ),
    (moves.permute, "permute"),
    (moves.transpose, "transpose t"),
    (moves.unsqueeze, "unsqueeze"),
    (moves.squeeze, "squeeze"),
    (moves.expand, "expand repeat"),
    (moves.sliced, "slice"),
    (moves.cat, "cat"),
    (moves.stack, "stack"),
    (moves.part, "select split split_with_sizes unbind chunk narrow unsafe_chunk unsafe_split"),
    (
        moves.pad,
        "constant_pad_nd reflection_pad1d reflection_pad2d replication_pad1d replication_pad2d",
    ),
    (
        ops.reduce,
        "mean sum amax amin max min var var_mean std std_mean linalg_vector_norm norm logsumexp argmax "
        "argmin prod any all median",
    ),
    (
        ops.batch_norm,
        "native_batch_norm _native_batch_norm_legit _native_batch_norm_legit_no_training cudnn_batch_norm "
        "_batch_norm_with_update batch_norm",
    ),
    (ops.layer_norm, "native_layer_norm _fused_rms_norm rms_norm"),
    (ops.group_norm, "native_group_norm"),
    (ops.convolve, "convolution _convolution"),
    (ops.pool, "max_pool2d max_pool2d_with_indices avg_pool2d max_pool3d_with_indices avg_pool3d"),
    (ops.adapt, "_adaptive_avg_pool2d adaptive_avg_pool2d adaptive_max_pool2d"),
    (
        ops.resize,
        "upsample_nearest1d upsample_nearest2d _upsample_nearest_exact2d upsample_bilinear2d "
        "upsample_linear1d upsample_bicubic2d _upsample_bilinear2d_aa _upsample_bicubic2d_aa",
    ),
    (ops.multiply, "mm addmm bmm baddbmm addbmm mv addmv dot _addmm_activation"),
    (
        ops.attend,
        "_scaled_dot_product_flash_attention _scaled_dot_product_flash_attention_for_cpu "
        "_scaled_dot_product_efficient_attention _scaled_dot_product_cudnn_attention "
        "_scaled_dot_product_fused_attention_overrideable scaled_dot_product_attention",
    ),
)
HANDLERS: Mapping[str, Handler] = MappingProxyType(
    {name: handler for handler, names in _KNOWN for name in names.split()}
)
# These cost multiply-adds even where only parameters meet: positions that go through a network of their own.
COSTLY = frozenset(
    name for name, handler in HANDLERS.items() if handler in {ops.multiply, ops.convolve}
)


def is_new(name: str) -> bool:
    """True for operators that take no more than the sizes of their operand: `zeros_like`, `new_full`."""
    return name.startswith("new_") or name.endswith("_like")


def follow(op: Op) -> Outcome | None:
    """What an operator that meets the picture does; None for an operator that is not known."""
    handler = HANDLERS.get(op.name)
    if handler is None:
        return None
    made = handler(op)
    flow = (
        made.flow if made.flow.spot is None or made.flow.spot.fits(op.out) else made.flow.at(None)
    )
    if not op.data:
        return Outcome(Flow(), made.cell and made.cell._replace(kind=None))
    squeezed = frozenset[int]().union(*(o.flow.squeezed for o in op.data))
    cell = made.cell
    if cell is None and unions([o.flow for o in op.operands]):
        cell = Cell(op.name.strip("_"))
    return made._replace(
        flow=replace(flow, data=True, params=frozenset(), squeezed=squeezed), cell=cell
    )
