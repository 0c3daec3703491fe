"""A network in eight bits: weights of each filter and activations as whole numbers, by ONNX Runtime's own
quantiser, calibrated on pictures of train.

Where the processor has no VNNI, sums of products of two whole bytes can overflow, so weights get seven bits
there (`reduce_range`): such a file is right everywhere, only a little coarser.
Depthwise filters keep eight bits: their kernels sum in more.

Rounding is not fair to every filter: where its errors have one sign, all its outputs are shifted, and in a
network of depthwise layers the shifts grow. So each bias gets back what rounding takes away on average
(Nagel et al. 2019, Data-Free Quantization through Weight Equalization and Bias Correction).

Shape legend: N pictures, C channels, H height, W width, O outputs of a layer, I its inputs.
"""

from __future__ import annotations

import logging
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from striate.errors import StriateError
from striate.optional import need
from striate.shipping.eight_bits import has_vnni
from striate.shipping.to_onnx import IMAGES, loaded, stamped

CALIBRATED_ON = 256
_AT_ONCE = 16
_QUANTISED = (
    "Conv", "Gemm", "MatMul", "Add", "GlobalAveragePool", "MaxPool", "AveragePool", "Concat", "Clip", "Relu",
)  # fmt: skip


def quantised(
    tensor: bytes,
    images: NDArray[np.float32],
    facts: dict[str, Any],
    reduce_range: bool | None = None,
) -> bytes:
    """The graph that `tensor_graph` made, in eight bits; `images` N C H W are what it is calibrated on."""
    quantization = need("onnxruntime.quantization", to="quantise", extra="train")
    need("onnx", to="quantise", extra="train")
    reduced = not has_vnni() if reduce_range is None else reduce_range
    with tempfile.TemporaryDirectory(prefix="striate-int8-") as folder, _quietly():
        given, ready, made = (Path(folder) / f"{name}.onnx" for name in ("given", "ready", "made"))
        given.write_bytes(tensor)
        try:
            quantization.shape_inference.quant_pre_process(str(given), str(ready), auto_merge=True)
            model = loaded(ready.read_bytes())
            _correct_biases(model, images, reduced)
            ready.write_bytes(model.SerializeToString())
            whole = {"quant_type": quantization.QuantType.QInt8, "axis": 0, "symmetric": True}
            fine = [{**whole, "reduce_range": False}]
            overrides = {
                node.input[1]: fine for node in _layers(model) if _is_depthwise(node, model)
            }
            quantization.quantize_static(
                str(ready), str(made), _reader(quantization, images),
                quant_format=quantization.QuantFormat.QDQ, per_channel=True, reduce_range=reduced,
                activation_type=quantization.QuantType.QUInt8, weight_type=quantization.QuantType.QInt8,
                calibrate_method=quantization.CalibrationMethod.MinMax,
                op_types_to_quantize=list(_QUANTISED),
                extra_options={"TensorQuantOverrides": overrides} if reduced else {},
            )  # fmt: skip
        except Exception as fault:
            text = str(fault).strip().split("\n")[0][:200]
            raise StriateError(
                f"ONNX Runtime cannot quantise this network: {type(fault).__name__}: {text}",
                "export it without --int8",
            ) from fault
        return stamped(loaded(made.read_bytes()), facts)


def _correct_biases(model: Any, images: NDArray[np.float32], reduced: bool) -> None:
    """Add to the bias of every layer what the rounding of its weights takes from its outputs on average."""
    from onnx import numpy_helper

    held = {one.name: one for one in model.graph.initializer}
    layers = [node for node in _layers(model) if node.input[1] in held]
    old = set[str]()
    means = _means(model, {node.input[0]: node.op_type for node in layers}, images)
    for at, node in enumerate(layers):
        weights = numpy_helper.to_array(held[node.input[1]]).astype(np.float64)
        across = node.op_type == "Gemm" and not _attribute(node, "transB", 0)
        weights = weights.T if across else weights
        steps = 64 if reduced and not _is_depthwise(node, model) else 127
        lost = weights - _rounded(weights, steps)
        lost = lost.reshape(*lost.shape[:2], -1).sum(2)  # O I
        groups = _attribute(node, "group", 1)
        inputs = means[node.input[0]].reshape(groups, 1, -1)
        shift = (lost.reshape(groups, -1, lost.shape[1]) * inputs).sum(2).reshape(-1)
        if len(node.input) > 2:
            if node.input[2] not in held:
                continue
            shift = shift + numpy_helper.to_array(held[node.input[2]])
            old.add(node.input[2])
        made = numpy_helper.from_array(shift.astype(np.float32), f"bias_corrected_{at}")
        model.graph.initializer.append(made)
        node.input[2:] = [made.name]
    old -= {name for node in model.graph.node for name in node.input}
    for name in sorted(old):
        model.graph.initializer.remove(held[name])


def _rounded(weights: NDArray[np.float64], steps: int) -> NDArray[np.float64]:
    """What the quantiser makes of each output's weights: the largest becomes `steps`."""
    largest = np.abs(weights).reshape(len(weights), -1).max(1)
    step = np.where(largest > 0, largest, 1.0).reshape(-1, *[1] * (weights.ndim - 1)) / steps
    return np.asarray(np.rint(weights / step) * step)


def _means(
    model: Any, values: dict[str, str], images: NDArray[np.float32]
) -> dict[str, NDArray[np.float64]]:
    """The mean of each channel of some values, given as name and the kind of layer that takes it."""
    import onnxruntime as ort
    from onnx import helper

    more = type(model)()
    more.CopyFrom(model)
    for name, kind in values.items():
        told = f"mean_{name}"
        pooled = "GlobalAveragePool" if kind == "Conv" else "Identity"
        more.graph.node.append(helper.make_node(pooled, [name], [told]))
        more.graph.output.append(helper.make_empty_tensor_value_info(told))
    options = ort.SessionOptions()
    options.log_severity_level = 4
    data = more.SerializeToString()
    session = ort.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    names = [f"mean_{name}" for name in values]
    runs = [session.run(names, {IMAGES: one}) for one in batches(images)]
    return {
        name: np.concatenate([run[at] for run in runs]).astype(np.float64).mean(0).reshape(-1)
        for at, name in enumerate(values)
    }


def _layers(model: Any) -> list[Any]:
    return [node for node in model.graph.node if node.op_type in ("Conv", "Gemm")]


def _is_depthwise(node: Any, model: Any) -> bool:
    """One filter for each channel."""
    shapes = (one.dims for one in model.graph.initializer if one.name == node.input[1])
    return _attribute(node, "group", 1) > 1 and any(shape[1] == 1 for shape in shapes)


def _attribute(node: Any, name: str, otherwise: int) -> int:
    return next((int(one.i) for one in node.attribute if one.name == name), otherwise)


def _reader(quantization: Any, images: NDArray[np.float32]) -> Any:
    """What the quantiser asks for the next batch."""

    class Reader(quantization.CalibrationDataReader):  # type: ignore[misc]
        def __init__(self) -> None:
            self._batches = batches(images)

        def get_next(self) -> dict[str, NDArray[np.float32]] | None:
            return next(({IMAGES: one} for one in self._batches), None)

    return Reader()


def batches(images: NDArray[np.float32]) -> Iterator[NDArray[np.float32]]:
    """Some at a time."""
    for start in range(0, len(images), _AT_ONCE):
        yield images[start : start + _AT_ONCE]


@contextmanager
def _quietly() -> Iterator[None]:
    """The quantiser logs to the root and warns of itself."""
    root = logging.getLogger()
    level = root.level
    root.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        root.setLevel(level)
