"""Squeeze and excite, step by step."""

from __future__ import annotations

import numpy as np

from striate.textbook.squeeze import SqueezeExcite
from tests.textbook.layers import pointwise


def test_every_channel_is_scaled_by_one_gate_for_the_whole_picture(
    rng: np.random.Generator,
) -> None:
    squeeze, excite = pointwise(rng, 4, 2), pointwise(rng, 2, 4)
    x = rng.normal(size=(3, 4, 5, 6))
    hidden = x.mean(axis=(2, 3)) @ squeeze.weights["weight"][:, :, 0, 0].T + squeeze.weights["bias"]
    raw = np.maximum(hidden, 0) @ excite.weights["weight"][:, :, 0, 0].T + excite.weights["bias"]
    for hard, gate in ((False, 1 / (1 + np.exp(-raw))), (True, np.clip(raw / 6 + 0.5, 0, 1))):
        found = SqueezeExcite(squeeze, excite, hard=hard).forward(x)
        assert np.allclose(found, x * gate[:, :, None, None], atol=1e-12)
