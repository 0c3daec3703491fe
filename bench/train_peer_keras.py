"""Keras: the network of its image classification tutorial, with the tutorial's augmentation and dropout.

Three convolutions of 16, 32 and 64, each with a pool, and 128 hidden units; Adam, batches of 32. Pictures are
decoded before; the tutorial keeps them in memory after the first epoch.
"""

from __future__ import annotations

import time
from typing import Any

from bench.train_asked import answer, arrays, asked

BATCH = 32


def network(shape: tuple[int, ...], classes: int) -> Any:
    """The tutorial's second network."""
    from keras import Sequential, layers  # type: ignore[import-not-found]

    blocks = [
        (layers.Conv2D(width, 3, padding="same", activation="relu"), layers.MaxPooling2D())
        for width in (16, 32, 64)
    ]
    return Sequential(
        [
            layers.Input(shape),
            layers.RandomFlip("horizontal"),
            layers.RandomRotation(0.1),
            layers.RandomZoom(0.1),
            layers.Rescaling(1 / 255),
            *(layer for block in blocks for layer in block),
            layers.Dropout(0.2),
            layers.Flatten(),
            layers.Dense(128, activation="relu"),
            layers.Dense(classes),
        ]
    )


def main() -> None:
    """Train until the time is over, then judge."""
    import keras

    given = asked()
    keras.utils.set_random_seed(given.seed)
    train_x, train_y, test_x, test_y = arrays(given.data)
    model = network(train_x.shape[1:], int(train_y.max()) + 1)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer="adam", loss=loss, metrics=["accuracy"])

    class Until(keras.callbacks.Callback):  # type: ignore[misc]
        """Starts the clock after the first step, which compiles, and stops when the time is over."""

        steps, started, seconds = 0, 0.0, 0.0

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            """After each step."""
            now = time.perf_counter()
            if self.steps == 0:
                self.started = now
            self.steps += 1
            self.seconds = now - self.started
            self.model.stop_training = self.seconds >= given.seconds

    until = Until()
    model.fit(train_x, train_y, batch_size=BATCH, epochs=10_000, verbose=0, callbacks=[until])
    _, accuracy = model.evaluate(test_x, test_y, batch_size=256, verbose=0)
    answer(
        accuracy, until.seconds, ("keras", "tensorflow-cpu"),
        seen=until.steps * BATCH, pictures=len(train_x),
    )  # fmt: skip


if __name__ == "__main__":
    main()
