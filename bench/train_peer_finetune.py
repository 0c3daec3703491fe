"""fastai's `fine_tune` as in its quick start: squares of 224, one epoch of the head, then all layers.

The weights are those that all sides use. Batches are fastai's default of 64, and 16 for sets of fewer than a
thousand pictures, which would else see three steps in an epoch.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from bench.train_asked import answer, asked

EPOCHS, SIDE, FEW, SMALL_BATCH, BATCH = 5, 224, 1000, 16, 64


def main() -> None:
    """Fine-tune; val is judged after each epoch, as fastai does."""
    import fastai.vision.all as fv  # type: ignore[import-not-found]
    import torch

    given = asked()
    fv.set_seed(given.seed, reproducible=True)

    def pretrained(**_: Any) -> Any:
        from torchvision.models import mobilenet_v2

        model = mobilenet_v2()
        model.load_state_dict(torch.load(given.weights, weights_only=True))
        return model

    # Everything before the pool is the body, and the rest is made anew; fastai's table lacks this network.
    fv.model_meta[pretrained] = {"cut": -1, "split": fv.default_split, "stats": fv.imagenet_stats}
    loaders = loaders_of(given.data, fv)
    learn = fv.vision_learner(loaders, pretrained, metrics=fv.accuracy, path=given.scratch)
    curve: list[tuple[float, float]] = []

    class Watch(fv.Callback):  # type: ignore[misc]
        """Notes what val said, and ends when the time is over."""

        order = 60  # after fastai's recorder

        def after_epoch(self) -> None:
            """After each epoch and its judging."""
            curve.append((time.perf_counter() - started, float(learn.recorder.values[-1][-1])))
            if curve[-1][0] > given.seconds:
                raise fv.CancelFitException

    started = time.perf_counter()
    with learn.no_bar(), learn.no_logging():
        learn.fine_tune(EPOCHS, cbs=Watch())
    count = len(loaders.train_ds)
    answer(
        curve[-1][1], curve[-1][0], ("fastai", "torch", "torchvision"),
        seen=len(curve) * count, pictures=count, curve=curve,
    )  # fmt: skip


def loaders_of(data: Path, fv: Any) -> Any:
    """Folders of classes, pictures cropped to squares."""
    few = sum(1 for _ in (data / "train").rglob("*.*")) < FEW
    return fv.ImageDataLoaders.from_folder(
        data,
        train="train",
        valid="val",
        bs=SMALL_BATCH if few else BATCH,
        num_workers=2,
        item_tfms=fv.Resize(SIDE),
    )


if __name__ == "__main__":
    main()
