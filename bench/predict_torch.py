"""The peers of `bench.predict` that run beside us: torchvision behind a DataLoader, and timm's loop."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from typing import Any

from striate.machine import usable_threads

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
TRIED_ON = 48  # files for each way that is tried
BATCHES = (8, 32)
TOP = 3


class Files:
    """A dataset of paths, as everybody writes it."""

    def __init__(self, files: list[str]) -> None:
        import torchvision.transforms as T

        self.files = files
        self.chain = T.Compose(
            [T.Resize(256), T.CenterCrop(224), T.ToTensor(), T.Normalize(MEAN, STD)]
        )

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, at: int) -> Any:
        from PIL import Image

        with Image.open(self.files[at]) as image:
            return self.chain(image.convert("RGB"))


def network(name: str) -> Any:
    """torchvision's own, random weights."""
    import torchvision

    return torchvision.models.get_model(name).eval()


def labels(module: Any, images: Any) -> Any:
    """Probabilities and numbers of the best classes."""
    import torch

    with torch.inference_mode():
        return torch.softmax(module(images), 1).topk(TOP)


def way(module: Any, files: list[str], batch: int, workers: int, threads: int) -> Callable[[], Any]:
    """One pass over the files."""
    import torch
    from torch.utils.data import DataLoader

    def run() -> Any:
        warnings.filterwarnings("ignore", message="This DataLoader will create")
        torch.set_num_threads(threads)
        loader: Any = DataLoader(Files(files), batch, num_workers=workers)  # type: ignore[arg-type]
        return [labels(module, images) for images in loader]

    run.__doc__ = f"batch {batch}, {workers} workers, {threads} threads"
    return run


def best(module: Any, files: list[str]) -> Callable[[], Any]:
    """The fastest of some batches, workers and threads, each tried once after a first call."""
    cores = usable_threads()
    some = files[:TRIED_ON]
    way(module, some[:8], 8, 0, cores)()
    tried = []
    for workers, threads in dict.fromkeys([(0, cores), (1, cores), (cores, cores), (cores, 1)]):
        for batch in BATCHES:
            begun = time.perf_counter()
            way(module, some, batch, workers, threads)()
            tried.append((time.perf_counter() - begun, batch, workers, threads))
    _, batch, workers, threads = min(tried)
    return way(module, files, batch, workers, threads)


def one_by_one(module: Any, files: list[str]) -> Any:
    """Every file alone, without a loader: the fastest that eager torch has."""
    import torch

    torch.set_num_threads(usable_threads())
    held = Files(files)
    return [labels(module, held[at][None]) for at in range(len(files))]


def alone(module: Any, count: int) -> Any:
    """The network on one prepared picture, so many times."""
    import torch

    torch.set_num_threads(usable_threads())
    image = torch.zeros(1, 3, 224, 224)
    return [labels(module, image) for _ in range(count)]


def timm_loop(name: str, files: list[str]) -> Callable[[], Any] | None:
    """What timm's `inference.py` does: its network, its transform, its loader, two workers."""
    try:
        import timm
        import timm.data as timm_data
        import torch
    except ImportError:
        return None
    known = {"mobilenet_v2": "mobilenetv2_100"}.get(name, name)
    module = timm.create_model(known, pretrained=False).eval()
    data: Any = timm_data
    settings = data.resolve_data_config({"crop_pct": 0.875}, model=module)
    chain = data.create_transform(**settings)

    class Timm(Files):
        def __init__(self) -> None:
            self.files, self.chain = files, chain

    def run() -> Any:
        torch.set_num_threads(usable_threads())
        loader: Any = torch.utils.data.DataLoader(Timm(), 32, num_workers=2)  # type: ignore[arg-type]
        return [labels(module, images) for images in loader]

    return run
