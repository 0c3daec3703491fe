"""The ONNX of a trained network for its bundle: compared with the network on pictures of val before it is
kept.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from striate.errors import StriateError
from striate.judging.answers import softmax
from striate.keeping import tensors
from striate.shipping.agree import compared, made_pictures, must_agree
from striate.shipping.facts import facts_of
from striate.shipping.session import Session
from striate.shipping.to_onnx import tensor_graph

if TYPE_CHECKING:
    from torch import Tensor, nn

    from striate.verbs.train_ready import Ready

_PICTURES = 64


def graph_for(
    ready: Ready, network: nn.Module, card: dict[str, Any], weights: dict[str, Tensor]
) -> tuple[bytes | None, str]:
    """The bytes of model.onnx, or None and why there is none: a run is never lost for it. `weights` are
    those of the network, as the bundle keeps them.
    """
    import torch

    preparation = ready.pictures.preparation
    shape = (preparation.channels, *preparation.size)
    try:
        digest = tensors.pack(weights).sha256
        made = tensor_graph(network, shape, facts_of(card, ready.chosen.text, "tensor", digest))
        rows = ready.judging("val").rows[:_PICTURES]
        pictures = ready.pictures.take(rows) if len(rows) else made_pictures(preparation.shape)
        images = preparation.normalise(np.asarray(pictures))
        session, wanted, got = Session(made), [], []
        for start in range(0, len(images), ready.judged_at_once):  # a signal is answered in between
            some = images[start : start + ready.judged_at_once]
            with torch.inference_mode():
                wanted.append(network(torch.from_numpy(some)).float().numpy())
            got.append(session.run(some))
        heat = float(card["temperature"])
        theirs, ours = (softmax(np.concatenate(logits), heat) for logits in (wanted, got))
        must_agree(compared(theirs, ours), "model.onnx")
    except StriateError as fault:
        return None, f"the bundle has no model.onnx: {fault.text}"
    return made, ""
