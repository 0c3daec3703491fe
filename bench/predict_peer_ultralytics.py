"""Ultralytics predict: `yolo11n-cls`, random weights, 224 pixels, its own loader. Files: JSON on stdin."""

from __future__ import annotations

import json
import sys
import time
from typing import Any

BATCH = 16


def main() -> None:
    """Print pictures in a second; a first pass over a few warms up."""
    from ultralytics import YOLO  # type: ignore[import-not-found]

    files: list[str] = json.load(sys.stdin)
    model: Any = YOLO("yolo11n-cls.yaml")
    rate = 0.0
    asked = {"imgsz": 224, "batch": BATCH, "verbose": False, "stream": True, "device": "cpu"}
    for some in (files[:BATCH], files):
        begun = time.perf_counter()
        done = sum(one.probs is not None for one in model.predict(some, **asked))
        rate = done / (time.perf_counter() - begun)
    print(rate)


if __name__ == "__main__":
    main()
