"""A network over batches of pictures: logits in fp32, one view, nothing random, the network as before.

Shape legend: N pictures, K classes, C channels, H height, W width.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from striate.errors import CannotJudge
from striate.judging.answers import Ints, Singles

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

    from striate.pictures.batches import Batch


def predict(
    network: nn.Module, batches: Iterable[Batch], device: str | torch.device = "cpu"
) -> tuple[Singles, Ints]:
    """Logits N K and the rows N they belong to, in the order of the batches.

    Always fp32, also under autocast and where products would be rounded to TF32 or bf16: that moved
    probabilities by up to 0.13. The network is put into eval mode, and every module gets back the mode it
    had, whatever happens. Its weights must be on `device`.
    """
    import torch

    _check_weights(network)
    at = torch.device(device)
    logits: list[Tensor] = []
    rows: list[Ints] = []
    with (
        _judged(network),
        _exact(),
        torch.inference_mode(),
        torch.autocast(at.type, enabled=False),
    ):
        for batch in batches:
            images = batch.images.to(at, non_blocking=True)
            if images.dtype != torch.float32:
                raise CannotJudge(
                    f"judging wants float32 pictures, not {images.dtype}",
                    'plan the batches with numbers="float32"',
                )
            told = network(images)
            _check_told(told, len(batch.rows))
            logits.append(told.float())
            rows.append(np.asarray(batch.rows, np.int64))
        if not logits:
            raise CannotJudge("there are no pictures to judge: the batches are empty")
        made: Singles = torch.cat(logits).cpu().numpy()
    return made, np.concatenate(rows)


def _check_weights(network: nn.Module) -> None:
    import torch

    kinds = {p.dtype for p in network.parameters() if p.dtype.is_floating_point}
    odd = sorted(str(kind) for kind in kinds - {torch.float32})
    if odd:
        raise CannotJudge(
            f"the network has weights in {', '.join(odd)}, and judging is always fp32",
            "judge the fp32 weights: `network.float()`",
        )


def _check_told(told: object, count: int) -> None:
    shape = tuple(getattr(told, "shape", ()))
    if len(shape) != 2 or shape[0] != count:
        raise CannotJudge(
            f"the network answers {count} pictures with {shape or type(told).__name__}, not with one row of "
            "logits each",
            "give a network whose output is N K",
        )


@contextmanager
def _judged(network: nn.Module) -> Iterator[None]:
    """Eval mode; afterwards each module has its own mode again, frozen norms in a network that trains too."""
    modes = [(module, module.training) for module in network.modules()]
    network.eval()
    try:
        yield
    finally:
        for module, mode in modes:
            module.training = mode


@contextmanager
def _exact() -> Iterator[None]:
    """Products in fp32 itself, where a card would take TF32 and a processor bf16; afterwards as before.

    torch has two sets of switches, older and newer, and refuses to answer where they disagree (compiled
    networks ask): so both are set, and both set back.
    """
    import torch

    backends: Any = torch.backends
    newer = [
        *(getattr(backends.mkldnn, kind) for kind in ("conv", "rnn", "matmul")),
        backends.cudnn.conv, backends.cudnn.rnn, backends.cuda.matmul,
    ]  # fmt: skip
    before = [place.fp32_precision for place in newer]
    try:
        older = torch.get_float32_matmul_precision(), backends.cudnn.allow_tf32
    except (
        RuntimeError
    ):  # they disagreed already: torch's own defaults, and the newer ones as they were
        older = "highest", True

    def put(products: str, allows_tf32: bool, kinds: Iterable[str]) -> None:
        torch.set_float32_matmul_precision(products)
        backends.cudnn.allow_tf32 = allows_tf32
        for place, kind in zip(newer, kinds, strict=True):
            place.fp32_precision = kind

    put("highest", False, ["ieee"] * len(newer))
    try:
        yield
    finally:
        put(*older, before)
