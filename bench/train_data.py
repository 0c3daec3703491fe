"""The same pictures for every peer: folders for those that want folders, an .npz for those that want arrays.

`python -m bench.train_data NAME TARGET` makes TARGET/NAME/{train,test}/CLASS/… and TARGET/NAME.npz, or for
the sets that are fine-tuned on TARGET/NAME/{train,val}/CLASS/….
"""

from __future__ import annotations

import argparse
import gzip
import io
import os
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

CIFAR = "cifar10/cifar10_jpeg_q75_60000.zip"
WEIGHTS = "weights/mobilenet_v2_imagenet_from_tf2_ptq.pth"
FASHION = "fashion-mnist"
VAL_EVERY = 5  # of the pictures of a class in the order of their names, where a set has no val
NEEDED = {"cifar": CIFAR, "fashion": FASHION, "hymenoptera": "hymenoptera", "flowers5": "flowers5"}


def missing(name: str) -> str:
    """Why a set cannot be used; empty where it can."""
    root = os.environ.get("STRIATE_DATA", "")
    if name not in NEEDED or (root and (Path(root) / NEEDED[name]).exists()):
        return ""
    return f"STRIATE_DATA names no folder with {NEEDED[name]}"


def shared(name: str) -> Path:
    """A file or folder among the shared data."""
    return Path(os.environ.get("STRIATE_DATA", "")) / name


def make(name: str, target: Path, limit: int) -> None:
    """Write one set; `limit` is the most pictures of a split, 0 for all."""
    {"cifar": cifar, "fashion": fashion}.get(name, photographs)(name, target, limit)


def cifar(name: str, target: Path, limit: int) -> None:
    """The files as they are in the archive, and their pixels."""
    import numpy as np
    from PIL import Image

    held: dict[str, Any] = {}
    with zipfile.ZipFile(shared(CIFAR)) as archive:
        files = sorted(n for n in archive.namelist() if n.endswith(".jpg"))
        classes = sorted({one.split("/")[1] for one in files})
        for split in ("train", "test"):
            chosen = thinned([one for one in files if one.startswith(f"{split}/")], limit)
            archive.extractall(target / name, chosen)
            opened = (Image.open(io.BytesIO(archive.read(one))).convert("RGB") for one in chosen)
            held[f"{split}_x"] = np.stack([np.asarray(picture) for picture in opened])
            held[f"{split}_y"] = np.array([classes.index(one.split("/")[1]) for one in chosen])
    np.savez(target / f"{name}.npz", **held)


def fashion(name: str, target: Path, limit: int) -> None:
    """The arrays as published, and a PNG of each picture."""
    import numpy as np
    from PIL import Image

    held: dict[str, Any] = {}
    for split, prefix in (("train", "train"), ("test", "t10k")):
        found = [
            np.frombuffer(gzip.decompress(file.read_bytes())[start:], np.uint8)
            for file, start in (
                (shared(FASHION) / f"{prefix}-images-idx3-ubyte.gz", 16),
                (shared(FASHION) / f"{prefix}-labels-idx1-ubyte.gz", 8),
            )
        ]
        rows = thinned(list(range(len(found[1]))), limit)
        pictures, labels = found[0].reshape(-1, 28, 28)[rows], found[1][rows].astype(np.int64)
        held |= {f"{split}_x": pictures[..., None], f"{split}_y": labels}
        for label in range(10):
            (target / name / split / str(label)).mkdir(parents=True, exist_ok=True)
        for i, (picture, label) in enumerate(zip(pictures, labels, strict=True)):
            path = target / name / split / str(label) / f"{i:05}.png"
            Image.fromarray(picture).save(path, compress_level=1)
    np.savez(target / f"{name}.npz", **held)


def photographs(name: str, target: Path, limit: int) -> None:
    """Copies in train and val; what comes without splits is divided by the order of names."""
    source = shared(name)
    for split, chosen in divided(source):
        for path in thinned(chosen, limit):
            place = target / name / split / path.parent.name / path.name
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, place)


def divided(source: Path) -> Iterator[tuple[str, list[Path]]]:
    """The files of train, and of val."""
    if (source / "val").is_dir():
        for split in ("train", "val"):
            yield split, sorted((source / split).rglob("*.*"))
        return
    for folder in sorted(path for path in source.iterdir() if path.is_dir()):
        files = sorted(folder.iterdir())
        yield "train", [path for i, path in enumerate(files) if i % VAL_EVERY]
        yield "val", files[::VAL_EVERY]


def thinned(items: list[Any], limit: int) -> list[Any]:
    """All, or about as many as `limit` with equal gaps, so that every class keeps some."""
    return items[:: -(-len(items) // limit)] if limit else items


def main() -> None:
    """One set, as the command line says."""
    parser = argparse.ArgumentParser()
    parser.add_argument("name", choices=sorted(NEEDED))
    parser.add_argument("target", type=Path)
    parser.add_argument("--limit", type=int, default=0)
    given = parser.parse_args()
    make(given.name, given.target, given.limit)


if __name__ == "__main__":
    main()
