"""The training loop: forward, loss, backward, step, over batches in a new order each epoch."""

from __future__ import annotations

from collections.abc import Iterator

from striate import seeds
from striate.textbook.layer import Array, Labels
from striate.textbook.losses import Loss
from striate.textbook.network import Network
from striate.textbook.optimisers import Optimiser


def train(
    network: Network,
    pictures: Array,
    labels: Labels,
    optimiser: Optimiser,
    loss: Loss,
    *,
    epochs: int = 10,
    batch: int = 32,
    seed: int = 0,
) -> Iterator[float]:
    """Changes `network`, and yields the mean loss of each epoch. pictures: N C H W; labels: N."""
    for epoch in range(epochs):
        order = seeds.generator(seed, "textbook order", epoch).permutation(len(pictures))
        total = 0.0
        for step, start in enumerate(range(0, len(order), batch)):
            rows = order[start : start + batch]
            network.set(training=True, address=(epoch, step))
            scores = network.forward(pictures[rows])
            total += loss.forward(scores, labels[rows]) * len(rows)
            network.backward(loss.backward())
            optimiser.step(network.weights, network.gradients)
        network.set(training=False)
        yield total / len(order)


def accuracy(network: Network, pictures: Array, labels: Labels) -> float:
    """The share of pictures whose largest score is that of their label."""
    return float((network.forward(pictures).argmax(axis=1) == labels).mean())
