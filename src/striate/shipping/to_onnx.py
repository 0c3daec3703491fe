"""A network as an ONNX graph from prepared pictures to logits: the form that our own runtimes run.

torch's exporter by tracing takes 0.2 s for networks of this kind, its newer one 6 s (most of it imports),
so the first is used where this torch has it. Whatever made the graph, `agree.py` compares it with the
network.

Shape legend: N batch, C channels, H height, W width, K classes.
"""

from __future__ import annotations

import io
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from striate.errors import StriateError
from striate.optional import need
from striate.shipping.session import FACTS, facts_text

if TYPE_CHECKING:
    from torch import nn

OPSET = 17  # ONNX Runtime 1.12 and later, OpenVINO, TensorRT 8.6, onnxruntime-web
IMAGES, LOGITS, PROBABILITIES = "images", "logits", "probabilities"


def tensor_graph(
    network: nn.Module, shape: tuple[int, int, int], facts: dict[str, Any] | None = None
) -> bytes:
    """The network as bytes of an ONNX file: images N C H W float32 to logits N K, for pictures of this
    C H W. `facts` are written into the file's metadata.
    """
    onnx = need("onnx", to="write an ONNX file", extra="train")
    torch = need("torch", to="export a network", extra="train")
    given = torch.zeros(2, *shape)
    was_training = network.training
    with _quietly(), torch.no_grad():
        try:
            data = _exported(torch, network.eval(), given)
        except StriateError:
            raise
        except Exception as fault:
            text = str(fault).strip().split("\n")[0]
            raise StriateError(
                f"torch cannot export this network to ONNX: {type(fault).__name__}: {text}",
                "the run and its weights are unharmed; please report the text of the network",
            ) from fault
        finally:
            network.train(was_training)
    return stamped(_cleaned(onnx.load_from_string(data)), facts)


def stamped(model: Any, facts: dict[str, Any] | None) -> bytes:
    """A checked model as bytes, the same for the same model, with our facts in its metadata."""
    onnx = need("onnx", to="write an ONNX file", extra="train")
    model.producer_name, model.producer_version = "striate", ""
    del model.metadata_props[:]
    if facts is not None:
        onnx.helper.set_model_props(model, {FACTS: facts_text(facts)})
    onnx.checker.check_model(model)
    made: bytes = model.SerializeToString(deterministic=True)
    return made


def loaded(data: bytes) -> Any:
    """The model in some bytes, to be changed."""
    return need("onnx", to="change an ONNX file", extra="train").load_from_string(data)


def _exported(torch: Any, network: nn.Module, given: Any) -> bytes:
    names = {"input_names": [IMAGES], "output_names": [LOGITS]}
    held = io.BytesIO()
    # Where it fails it prints the whole graph, which would stand in the middle of what `--json` prints.
    elsewhere = getattr(torch._C, "_jit_set_onnx_log_output_stream", None)  # noqa: SLF001 there is no other
    if elsewhere is not None:
        elsewhere("stderr")
    try:
        torch.onnx.export(
            network, (given,), held, dynamo=False, opset_version=OPSET,
            dynamic_axes={IMAGES: {0: "N"}, LOGITS: {0: "N"}}, **names,
        )  # fmt: skip
    except TypeError:  # a torch without the older exporter
        program = torch.onnx.export(
            network, (given,), dynamo=True, opset_version=18, verbose=False,
            dynamic_shapes=({0: torch.export.Dim("N")},), **names,
        )  # fmt: skip
        program.save(held)
    return held.getvalue()


def _cleaned(model: Any) -> Any:
    """Without what says where and how it was made: the same network gives the same bytes."""
    for node in model.graph.node:
        node.doc_string = ""
        del node.metadata_props[:]
    model.doc_string, model.graph.name, model.graph.doc_string = "", "network", ""
    return model


@contextmanager
def _quietly() -> Iterator[None]:
    """The exporters warn of themselves and of every branch they meet; `agree.py` tells what matters."""
    loggers = [logging.getLogger(name) for name in ("torch.onnx", "onnxscript", "torch.export")]
    before = [(one, one.level) for one in loggers]
    for one in loggers:
        one.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for one, level in before:
            one.setLevel(level)
