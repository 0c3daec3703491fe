"""Ultralytics: `yolo11n-cls` from scratch with `time=`, which fits its schedule to the time given.

Its defaults but for what helps it here: 32 pixels as in its page on CIFAR-10, batches of 64 (the size its
default of 16 gathers gradients up to), pictures decoded into memory before, no judging and no plots on the
way.
"""

from __future__ import annotations

import time
from typing import Any

from bench.train_asked import answer, asked

SIDE, BATCH = 32, 64


def main() -> None:
    """Train until the time is over; its own last judging is on the pictures of test."""
    from ultralytics import YOLO, settings  # type: ignore[import-not-found]

    given = asked()
    settings.update({"sync": False, "runs_dir": str(given.scratch)})
    model = YOLO("yolo11n-cls.yaml")
    times: dict[str, Any] = {"steps": 0}

    def begin(_: Any) -> None:
        times["started"] = time.perf_counter()

    def stepped(trainer: Any) -> None:
        times["steps"] += 1
        times["pictures"] = len(trainer.train_loader.dataset)

    def end_of_epoch(_: Any) -> None:
        times["seconds"] = time.perf_counter() - times["started"]

    model.add_callback("on_train_start", begin)
    model.add_callback("on_train_batch_end", stepped)
    model.add_callback("on_train_epoch_end", end_of_epoch)
    found = model.train(
        data=str(given.data),
        time=given.seconds / 3600,
        imgsz=SIDE,
        batch=BATCH,
        cache="ram",
        seed=given.seed,
        device="cpu",
        pretrained=False,
        val=False,
        plots=False,
        verbose=False,
        project=str(given.scratch),
        exist_ok=True,
    )
    packages = ("ultralytics", "torch", "torchvision")
    seen = times["steps"] * BATCH
    answer(found.top1, times["seconds"], packages, seen=seen, pictures=times["pictures"])


if __name__ == "__main__":
    main()
