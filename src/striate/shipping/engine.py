"""What answers inside a classifier: a network in ONNX Runtime or torch behind our own preparation, or a graph
that prepares by itself.

Shape legend: N batch, C channels, H height, W width, K classes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, final

import numpy as np
from numpy.typing import NDArray

from striate.judging.answers import softmax
from striate.pictures.files import Pixels, decode
from striate.pictures.prepare import Preparation
from striate.shipping.session import Session

Logits = NDArray[np.float32]
Probabilities = NDArray[np.float64]


class Engine(Protocol):
    """Two steps, so that pictures are decoded by many threads while the network runs."""

    name: str
    at_once: int  # so many pictures at most should be held for one call of `probabilities`

    def decode(self, data: bytes) -> Pixels:
        """The bytes of a file to what `probabilities` takes; raises `Unreadable`."""

    def prepare(self, pixels: Pixels) -> Pixels:
        """H W C uint8 of any size to what `probabilities` takes."""

    def probabilities(self, pictures: Sequence[Pixels]) -> Probabilities:
        """N K of pictures that `decode` or `prepare` made."""


@final
class Prepared:
    """Our preparation, then a network that takes N C H W float32 and gives N K logits."""

    at_once = 1024

    def __init__(
        self,
        name: str,
        preparation: Preparation,
        temperature: float,
        network: Callable[[NDArray[np.float32]], Logits],
    ) -> None:
        self.name, self.preparation, self.temperature = name, preparation, temperature
        self._network = network

    def decode(self, data: bytes) -> Pixels:
        """H W C uint8 of the preparation's size."""
        return self.preparation.decode(data)

    def prepare(self, pixels: Pixels) -> Pixels:
        """The same of pixels."""
        return self.preparation.apply(pixels)

    def logits(self, batch: Pixels) -> Logits:
        """N H W C uint8, prepared, to N K scores before temperature."""
        return self._network(self.preparation.normalise(batch))

    def probabilities(self, pictures: Sequence[Pixels]) -> Probabilities:
        """Softmax of the logits after the temperature."""
        return softmax(self.logits(np.stack(pictures)), self.temperature)


@final
class SelfPreparing:
    """A graph from uint8 pixels to probabilities: one picture at a time, each of its own size."""

    name = "onnx, self-contained"
    at_once = 4  # they come as large as they are, and gain nothing from one another

    def __init__(self, session: Session, preparation: Preparation) -> None:
        self._session, self._rules = session, preparation.rules

    def decode(self, data: bytes) -> Pixels:
        """H W 3 uint8 as the file has it. Grey comes in as three equal channels, whose luma is the same."""
        return self.prepare(decode(data, self._rules))

    def prepare(self, pixels: Pixels) -> Pixels:
        """Three channels."""
        return pixels if pixels.shape[2] == 3 else np.repeat(pixels, 3, axis=2)

    def probabilities(self, pictures: Sequence[Pixels]) -> Probabilities:
        """One run for each."""
        rows = [self._session.run(one[None]) for one in pictures]
        return np.concatenate(rows).astype(np.float64)
