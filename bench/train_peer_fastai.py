"""fastai: xresnet18 from scratch with one cycle, as many epochs as fit, at the rate of its book's chapter 7.

A short first epoch, outside the time, says how long a whole one takes. The number of epochs is rounded to the
nearest, at least one, so the time may be a little over or under. Nothing is judged on the way.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from bench.train_asked import answer, asked

BEFORE, MEASURED = 10, 40  # batches
PAD, BATCH, RATE = 4, 64, 3e-3


def main() -> None:
    """Train for the epochs that fit, then judge."""
    import fastai.vision.all as fv  # type: ignore[import-not-found]

    given = asked()
    fv.set_seed(given.seed, reproducible=True)
    loaders = loaders_of(given.data, fv)

    def learner() -> Any:
        model, loss = fv.xresnet18(n_out=loaders.c), fv.CrossEntropyLossFlat()
        return fv.Learner(loaders, model, loss, metrics=fv.accuracy, path=given.scratch)

    epochs = max(1, round(given.seconds / epoch_seconds(learner(), fv)))
    learn = learner()
    with learn.no_bar(), learn.no_logging():
        started = time.perf_counter()
        learn.fit_one_cycle(epochs, RATE, cbs=unjudged(fv))
        seconds = time.perf_counter() - started
        found = learn.validate()[1]
    count, packages = len(loaders.train_ds), ("fastai", "torch", "torchvision")
    answer(found, seconds, packages, seen=epochs * len(loaders.train) * BATCH, pictures=count)


def loaders_of(data: Path, fv: Any) -> Any:
    """Folders of classes; each picture shifted by up to four pixels, and mirrored or not."""
    side = fv.PILImage.create(next((data / "train").rglob("*.*g"))).shape[0]
    return fv.ImageDataLoaders.from_folder(
        data,
        train="train",
        valid="test",
        bs=BATCH,
        num_workers=2,
        item_tfms=[fv.CropPad(side + 2 * PAD), fv.RandomCrop(side)],
        batch_tfms=[fv.Flip(), fv.Normalize.from_stats(*fv.cifar_stats)],
    )


def epoch_seconds(learn: Any, fv: Any) -> float:
    """From a few batches of a learner that is thrown away."""
    ends: list[float] = []

    class Watch(fv.Callback):  # type: ignore[misc]
        """Notes when a batch is done, and ends early."""

        def after_batch(self) -> None:
            """After each batch."""
            ends.append(time.perf_counter())
            if len(ends) > BEFORE + MEASURED:
                raise fv.CancelFitException

    with learn.no_bar(), learn.no_logging():
        learn.fit(1, cbs=[Watch(), unjudged(fv)])
    first = min(BEFORE, len(ends) // 2)
    return (ends[-1] - ends[first]) / (len(ends) - 1 - first) * len(learn.dls.train)


def unjudged(fv: Any) -> Any:
    """Leaves out the judging after an epoch."""

    class Unjudged(fv.Callback):  # type: ignore[misc]
        """Active while training alone: `validate` at the end is not held up."""

        def before_validate(self) -> None:
            """Before each judging."""
            raise fv.CancelValidException

    return Unjudged()


if __name__ == "__main__":
    main()
