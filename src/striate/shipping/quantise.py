"""A network in eight bits: weights of each filter and activations as whole numbers, by ONNX Runtime's own
quantiser, calibrated on pictures of train.

Where the processor has no VNNI, sums of products of two whole bytes can overflow, so weights get seven bits
there (`reduce_range`). That is written into the file: it is right everywhere, only a little coarser.

Shape legend: N pictures, C channels, H height, W width.
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
from striate.machine import cpu_flags
from striate.optional import need
from striate.shipping.to_onnx import IMAGES, loaded, stamped

CALIBRATED_ON = 256
_AT_ONCE = 16
_QUANTISED = (
    "Conv", "Gemm", "MatMul", "Add", "GlobalAveragePool", "MaxPool", "AveragePool", "Concat", "Clip", "Relu",
)  # fmt: skip
_VNNI = frozenset({"avx_vnni", "avx512_vnni", "asimddp", "i8mm"})


def has_vnni() -> bool:
    """Whether products of bytes are summed in 32 bits here, with nothing lost on the way."""
    return bool(_VNNI & cpu_flags())


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
            quantization.quantize_static(
                str(ready), str(made), _reader(quantization, images),
                quant_format=quantization.QuantFormat.QDQ, per_channel=True, reduce_range=reduced,
                activation_type=quantization.QuantType.QUInt8, weight_type=quantization.QuantType.QInt8,
                calibrate_method=quantization.CalibrationMethod.MinMax,
                op_types_to_quantize=list(_QUANTISED),
            )  # fmt: skip
        except Exception as fault:
            text = str(fault).strip().split("\n")[0][:200]
            raise StriateError(
                f"ONNX Runtime cannot quantise this network: {type(fault).__name__}: {text}",
                "export it without --int8",
            ) from fault
        return stamped(loaded(made.read_bytes()), facts)


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
