"""Batch norm: every channel to mean 0 and variance 1 over the batch, then a learned scale and shift.

    y = scale (x - mean) / sqrt(variance + eps) + shift

Mean and variance are over N (and H, W) of one channel: of this batch in training, and in use of running
averages that training left. Ioffe and Szegedy (2015).
"""

from __future__ import annotations

from typing import final

import numpy as np

from striate.textbook.layer import Array, Layer


@final
class BatchNorm(Layer):
    """N C or N C H W to the same. weight (the scale), bias (the shift), running_mean, running_var: C.

    In training x moves its own mean and variance too. With z = (x - mean) / s, s = sqrt(variance + eps):

        dL/dz = upstream scale
        dL/dx = (dL/dz - mean of dL/dz - z x mean of (dL/dz z)) / s
    """

    def __init__(self, channels: int, eps: float = 1e-5, momentum: float = 0.1) -> None:
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.weights = {"weight": np.ones(channels), "bias": np.zeros(channels)}
        self.buffers = {
            "running_mean": np.zeros(channels),
            "running_var": np.ones(channels),
            "num_batches_tracked": np.zeros(()),
        }

    def forward(self, x: Array) -> Array:
        """N C ... to the same."""
        self.others = (0, *range(2, x.ndim))  # all axes but the channels
        self.whole = self.training  # whether backward goes through mean and variance
        if self.training:
            mean, variance = x.mean(axis=self.others), x.var(axis=self.others)
            self._remember(mean, variance, x.size // x.shape[1])
        else:
            mean, variance = self.buffers["running_mean"], self.buffers["running_var"]
        self.spread = np.sqrt(variance + self.eps)
        self.z = (x - self._wide(mean)) / self._wide(self.spread)
        return self._wide(self.weights["weight"]) * self.z + self._wide(self.weights["bias"])

    def backward(self, upstream: Array) -> Array:
        """N C ... to the same."""
        self.gradients["weight"] = (upstream * self.z).sum(axis=self.others)
        self.gradients["bias"] = upstream.sum(axis=self.others)
        dz = upstream * self._wide(self.weights["weight"])
        if self.whole:
            along = self._wide((dz * self.z).mean(axis=self.others))
            dz = dz - self._wide(dz.mean(axis=self.others)) - self.z * along
        return dz / self._wide(self.spread)

    def _remember(self, mean: Array, variance: Array, count: int) -> None:
        """running <- (1 - m) running + m new; the variance kept is the unbiased one, over count - 1."""
        if count < 2:
            raise ValueError("batch norm needs more than one number in each channel to train on")
        kept = (("running_mean", mean), ("running_var", variance * count / (count - 1)))
        for name, new in kept:
            self.buffers[name][...] = (1 - self.momentum) * self.buffers[name] + self.momentum * new
        self.buffers["num_batches_tracked"] += 1

    def _wide(self, channels: Array) -> Array:
        """C as C 1 1 where there are rows and columns, so that it meets its own channel."""
        return channels.reshape(-1, *[1] * (len(self.others) - 1))
