"""How fast files become batches, beside torchvision's ImageFolder and DataLoader with its best worker count.

Every ratio is of medians measured in turns in one run, so that a busy machine slows both sides.
Photographs come from the shared data's hymenoptera, small files are 10,000 of its CIFAR pictures
in a temporary folder.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
import warnings
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

PASSES = 5
SMALL_FILES = 10_000
WORKERS = (0, 1, 2, 4)


class Figure(NamedTuple):
    """One measured figure, and the least it should be; None where it is only told."""

    what: str
    value: float | None
    unit: str
    aim: float | None = None
    note: str = ""


def rows() -> Iterator[Figure]:
    """Measure one thing after the other."""
    yield Figure("memory copied on one core", memory_bandwidth(), "GB/s")
    folder = os.environ.get("STRIATE_DATA", "")
    photographs = Path(folder) / "hymenoptera"
    archive = Path(folder) / "cifar10" / "cifar10_jpeg_q75_60000.zip"
    if folder and photographs.is_dir():
        yield from of_photographs(photographs)
    else:
        yield Figure(
            "photographs", None, "", note="not run: STRIATE_DATA names no folder with hymenoptera"
        )
    if not (folder and archive.is_file()):
        yield Figure(
            "small files", None, "", note="not run: STRIATE_DATA names no folder with cifar10"
        )
        return
    with tempfile.TemporaryDirectory() as unpacked:
        yield from of_small_files(unpack(archive, Path(unpacked)))


def of_photographs(root: Path) -> Iterator[Figure]:
    """224 x 224 from files of about 500 x 375."""
    from striate.pictures.prepare import Preparation

    data, preparation = opened(root), Preparation((224, 224), ratio=0.875)
    count = len(data)
    yield Figure("photographs: libjpeg alone, one core", decode_rate(data), "pictures/s")
    make = photograph_loader(root)
    best = best_workers(make, count)
    peer, bare, first, bare_ours = [], [], [], []
    for _ in range(PASSES):
        peer.append(count / timed(lambda: drained(make(best))))
        bare.append(count / bare_seconds(data, peers_way))
        first.append(count / timed(lambda: first_pass(data, preparation)))
        bare_ours.append(count / bare_seconds(data, our_way(preparation)))
    later = count / later_pass(data, preparation, "uint8")
    later_ready = count / later_pass(data, preparation, "float32")
    rate = statistics.median
    yield Figure(f"photographs: the peer, {best} workers", rate(peer), "pictures/s")
    yield Figure("photographs: bare decode and resize, both cores", rate(bare), "pictures/s")
    yield Figure("photographs: the same, cut before resizing", rate(bare_ours), "pictures/s")
    yield Figure("photographs: ours, first pass", rate(first), "pictures/s")
    yield Figure("photographs: first pass / peer", rate(first) / rate(peer), "x", 1.4)
    yield Figure("photographs: first pass / bare", rate(first) / rate(bare), "x", 0.85)
    yield Figure("photographs: first pass / bare, cut first", rate(first) / rate(bare_ours), "x")
    yield Figure("photographs: later passes / peer, uint8", later / rate(peer), "x", 15)
    yield Figure("photographs: later passes / peer, float32", later_ready / rate(peer), "x")


def of_small_files(root: Path) -> Iterator[Figure]:
    """32 x 32, with a flip and a shifted crop."""
    from striate.pictures.augment.chain import Chain
    from striate.pictures.augment.crop import ShiftedCrop
    from striate.pictures.augment.flip import Flip
    from striate.pictures.batches import Batches, BatchPlan
    from striate.pictures.prepare import Preparation
    from striate.pictures.store.cache import Keeping, prepared

    data, preparation = opened(root), Preparation((32, 32))
    make = small_loader(root)
    count = len(data)
    best = best_workers(make, count)
    found = prepared(data, preparation, Keeping(on_disk=False))
    plan = BatchPlan(512, augment=Chain((Flip(), ShiftedCrop(4))), workers=2)
    peer, first = [], []
    ours: list[float] = []
    raw: list[float] = []
    for epoch in range(PASSES):
        peer.append(count / timed(lambda: drained(make(best))))
        for kind, into in (("float32", ours), ("uint8", raw)):
            batches = Batches(found, plan_of(plan, kind)).epoch(epoch)
            into.append(count / timed(partial(drained, batches)))
        first.append(count / timed(lambda: prepared(data, preparation, Keeping(on_disk=False))))
    rate = statistics.median
    yield Figure(f"small files: the peer, {best} workers", rate(peer), "pictures/s")
    yield Figure("small files: ours, prepared once", rate(first), "pictures/s")
    yield Figure("small files: ours from memory, float32", rate(ours), "pictures/s")
    yield Figure("small files: from memory / peer, float32", rate(ours) / rate(peer), "x", 30)
    yield Figure("small files: from memory / peer, uint8", rate(raw) / rate(peer), "x")


def plan_of(plan: Any, kind: str) -> Any:
    from dataclasses import replace

    return replace(plan, numbers=kind)


def first_pass(data: Any, preparation: Any) -> None:
    """An empty cache, everything prepared and kept, then one epoch of batches."""
    from striate.pictures.batches import Batches, BatchPlan
    from striate.pictures.store.cache import Keeping, prepared

    with tempfile.TemporaryDirectory() as cache:
        found = prepared(data, preparation, Keeping(Path(cache)))
        drained(Batches(found, BatchPlan(64, numbers="uint8", workers=2)).epoch(0))


def later_pass(data: Any, preparation: Any, kind: str) -> float:
    """The median seconds of an epoch once all is prepared."""
    from striate.pictures.batches import Batches, BatchPlan
    from striate.pictures.store.cache import Keeping, prepared

    found = prepared(data, preparation, Keeping(on_disk=False))
    batches = Batches(found, plan_of(BatchPlan(64, workers=2), kind))
    times = [timed(partial(drained, batches.epoch(epoch))) for epoch in range(2 * PASSES)]
    return statistics.median(times)


def photograph_loader(root: Path) -> Callable[[int], Any]:
    """torchvision's own reference chain for judging, without augmentation."""
    import torchvision.transforms as T

    mean, std = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
    chain = T.Compose([T.Resize(256), T.CenterCrop(224), T.ToTensor(), T.Normalize(mean, std)])
    return loader(root, chain, 64)


def small_loader(root: Path) -> Callable[[int], Any]:
    """The chain everybody writes for CIFAR."""
    import torchvision.transforms as T

    mean, std = (0.4914, 0.4822, 0.4465), (0.247, 0.2435, 0.2616)
    crop = T.RandomCrop(32, padding=4, padding_mode="reflect")
    chain = T.Compose([T.RandomHorizontalFlip(), crop, T.ToTensor(), T.Normalize(mean, std)])
    return loader(root, chain, 512)


def loader(root: Path, chain: Any, batch: int) -> Callable[[int], Any]:
    from torch.utils.data import DataLoader
    from torchvision.datasets import ImageFolder

    # With more workers than cores torch warns; that it may be slow is what is measured.
    warnings.filterwarnings("ignore", message="This DataLoader will create")
    pictures = ImageFolder(str(root), chain)
    return lambda workers: DataLoader(pictures, batch, shuffle=True, num_workers=workers)


def best_workers(make: Callable[[int], Any], count: int) -> int:
    """Tried once each; the fastest is the peer."""
    times = {workers: timed(partial(drained, make(workers))) for workers in WORKERS}
    print("  the peer: " + ", ".join(f"{w} workers {count / t:,.0f}/s" for w, t in times.items()))
    return min(times, key=lambda workers: times[workers])


def bare_seconds(data: Any, way: Callable[[bytes], object]) -> float:
    """Bytes already in memory, one process on each core, nothing kept: the limit for any loader."""
    from striate import machine

    files = [data.data(row) for row in range(len(data))]
    cores = machine.usable_threads()

    def run() -> None:
        children = []
        for k in range(cores):
            child = os.fork()
            if child == 0:
                for file in files[k::cores]:
                    way(file)
                os._exit(0)
            children.append(child)
        for child in children:
            os.waitpid(child, 0)

    return timed(run)


def peers_way(file: bytes) -> object:
    """Decode and resize as the peer does, in Pillow alone."""
    import io

    from PIL import Image

    image = Image.open(io.BytesIO(file)).convert("RGB")
    side = min(image.size)
    return image.resize(
        (image.width * 256 // side, image.height * 256 // side), Image.Resampling.BILINEAR
    )


def our_way(preparation: Any) -> Callable[[bytes], object]:
    """Decode, cut and resize as the preparation says."""
    import io

    from PIL import Image

    def way(file: bytes) -> object:
        image = Image.open(io.BytesIO(file)).convert("RGB")
        top, left, bottom, right = preparation.box(image.height, image.width)
        return image.resize((224, 224), Image.Resampling.BILINEAR, (left, top, right, bottom))

    return way


def decode_rate(data: Any) -> float:
    """Pictures per second of decoding alone, on one core."""
    import io

    from PIL import Image

    files = [data.data(row) for row in range(len(data))]
    return len(files) / timed(lambda: [Image.open(io.BytesIO(file)).load() for file in files])


def memory_bandwidth() -> float:
    """Gigabytes copied per second (read once, written once), on one core."""
    from_, to = np.ones(2**26, np.uint8), np.ones(2**26, np.uint8)
    seconds = [timed(lambda: np.copyto(to, from_)) for _ in range(10)]
    return 2 * len(from_) / statistics.median(seconds) / 1e9


def opened(root: Path) -> Any:
    """The pictures of a folder of class folders; what is no JPEG is left to the audit."""
    from striate.pictures.dataset import Dataset, Names
    from striate.pictures.source import Folder

    paths = sorted(p.relative_to(root).as_posix() for p in root.rglob("*.jpg"))
    classes = sorted({p.split("/")[0] for p in paths})
    labels = np.array([classes.index(p.split("/")[0]) for p in paths], np.int32)
    split = np.zeros(len(paths), np.int8)
    return Dataset(root.name, Folder(root), Names(paths), tuple(classes), labels, split)


def unpack(archive: Path, into: Path) -> Path:
    """The first pictures of each class for training, as files."""
    with zipfile.ZipFile(archive) as held:
        names = sorted(n for n in held.namelist() if n.startswith("train/") and n.endswith(".jpg"))
        for name in names[:: max(1, len(names) // SMALL_FILES)][:SMALL_FILES]:
            held.extract(name, into)
    return into / "train"


def drained(batches: Any) -> None:
    for _ in batches:
        pass


def timed(action: Callable[[], object]) -> float:
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def main() -> None:
    """`python -m bench.pictures` prints these alone."""
    for figure in rows():
        print(shown(figure), flush=True)


def shown(figure: Figure) -> str:
    """One line of the table."""
    if figure.value is None:
        return f"{figure.what:52}  {figure.note}"
    aim = "" if figure.aim is None else f"  aim {figure.aim:g}"
    missed = "  missed" if figure.aim is not None and figure.value < figure.aim else ""
    return f"{figure.what:52}  {figure.value:>12,.2f} {figure.unit}{aim}{missed}"


if __name__ == "__main__":
    main()
