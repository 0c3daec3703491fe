"""How each named set is stored, and how it becomes rows: idx, MATLAB, plain binary, folders and lists.

A reader gets a folder whose files are there and have the published hashes. Nothing in a file is run.
"""

from __future__ import annotations

import gzip
import struct
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from striate import optional
from striate.errors import SetRefused
from striate.pictures.dataset import SPLITS, UNSPLIT, Dataset, Names
from striate.pictures.files import Pixels
from striate.pictures.source import Arrays, Folder, Source

TRAIN, VAL, TEST = range(len(SPLITS))
Row = tuple[str, str, int]  # path, class name, place in SPLITS or UNSPLIT
_MOST_IDX = 1 << 30
_SUFFIXES = (".jpg", ".jpeg", ".png")
FASHION = (
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
)  # fmt: skip
IMAGENETTE = {  # torchvision/datasets/imagenette.py, the first name of each
    "n01440764": "tench", "n02102040": "English springer", "n02979186": "cassette player",
    "n03000684": "chain saw", "n03028079": "church", "n03394916": "French horn", "n03417042": "garbage truck",
    "n03425413": "gas pump", "n03445777": "golf ball", "n03888257": "parachute",
}  # fmt: skip


def labelled(
    name: str,
    source: Source,
    paths: Iterable[str],
    labels: Sequence[str],
    split: NDArray[np.int8],
    mirror: bool = True,
) -> Dataset:
    """Rows from class names: sorted, they are the classes, and a label is a place among them."""
    classes = tuple(sorted(set(labels)))
    number = {label: place for place, label in enumerate(classes)}
    column = np.array([number[label] for label in labels], np.int32)
    return Dataset(name, source, Names(paths), classes, column, split, mirror=mirror)


def of_rows(folder: Path, name: str, rows: Iterable[Row]) -> Dataset:
    """Rows of files under a folder, sorted by path."""
    listed = sorted(rows)
    if not listed:
        raise _odd(folder, "it holds no pictures where this set has them")
    paths, labels, split = zip(*listed, strict=True)
    return labelled(name, Folder(folder), paths, labels, np.array(split, np.int8))


def of_arrays(
    folder: Path, name: str, parts: Sequence[tuple[str, Pixels, Sequence[str]]]
) -> Dataset:
    """Rows of numbers: for each split its pictures, N H W C, and their class names."""
    for split, pictures, labels in parts:
        if len(pictures) != len(labels):
            raise _odd(folder, f"{split} has {len(pictures):,} pictures and {len(labels):,} labels")
    paths = [f"{split}/{i:06d}.png" for split, pictures, _ in parts for i in range(len(pictures))]
    places = [SPLITS.index(split) for split, _, _ in parts]
    split_of = np.repeat(np.array(places, np.int8), [len(pictures) for _, pictures, _ in parts])
    labels = [label for _, _, labels in parts for label in labels]
    pictures = np.concatenate([pictures for _, pictures, _ in parts])
    return labelled(name, Arrays(pictures, str(folder)), paths, labels, split_of)


def _odd(place: Path, what: str) -> SetRefused:
    return SetRefused(
        f"{place} is not the set it should be: {what}",
        "move it away and get the set anew",
        str(place),
    )


def read_idx(path: Path) -> NDArray[np.uint8]:
    """One idx file of bytes, packed by gzip or not: 0 0 8 D, then D sizes of four bytes, then the numbers."""
    try:
        with gzip.open(path) if path.suffix == ".gz" else open(path, "rb") as file:
            data = file.read(_MOST_IDX)
    except (gzip.BadGzipFile, EOFError) as fault:
        raise _odd(path, str(fault)) from None
    if len(data) < 4 or data[:3] != b"\0\0\x08" or len(data) < 4 + 4 * data[3]:
        raise _odd(path, "it does not begin as an idx file of bytes does")
    start = 4 + 4 * data[3]
    shape = struct.unpack(f">{data[3]}I", data[4:start])
    values = np.frombuffer(data, np.uint8, offset=start)
    if values.size != np.prod(shape, dtype=np.uint64):
        raise _odd(
            path, f"it announces {' x '.join(map(str, shape))} numbers and holds {values.size:,}"
        )
    return values.reshape(shape)


def mnist(folder: Path, name: str) -> Dataset:
    """MNIST and what has its form: two idx files for train and two for test."""
    titles = FASHION if name == "fashion-mnist" else tuple("0123456789")
    parts = []
    for split, stem in (("train", "train"), ("test", "t10k")):
        pictures = read_idx(folder / f"{stem}-images-idx3-ubyte.gz")
        labels = read_idx(folder / f"{stem}-labels-idx1-ubyte.gz")
        if pictures.ndim != 3 or labels.ndim != 1 or (labels.size and labels.max() >= len(titles)):
            raise _odd(folder, f"{split} does not have the form of {name}")
        parts.append((split, pictures[:, :, :, None], [titles[i] for i in labels]))
    return of_arrays(folder, name, parts)


def svhn(folder: Path, name: str) -> Dataset:
    """Street View House Numbers: H W C N in MATLAB files; its label 10 means 0."""
    parts = []
    for split in ("train", "test"):
        held = _matlab(folder / f"{split}_32x32.mat")
        pictures = np.ascontiguousarray(np.moveaxis(held["X"], -1, 0)).astype(np.uint8)
        parts.append((split, pictures, [str(int(label) % 10) for label in held["y"].ravel()]))
    return of_arrays(folder, name, parts)


def _matlab(path: Path) -> dict[str, Any]:
    """The variables of a MATLAB file of version 5: numbers and texts, no code."""
    scipy_io = optional.need("scipy.io", to=f"read {path.name}", extra="train")
    try:
        held: dict[str, Any] = scipy_io.loadmat(path, squeeze_me=False)
    except (ValueError, TypeError, NotImplementedError, OSError) as fault:
        raise _odd(path, str(fault).split("\n")[0]) from None
    return held


def stl10(folder: Path, name: str) -> Dataset:
    """N C W H bytes, and one byte of label from 1; the 100,000 pictures without a label are left out."""
    inner = folder / "stl10_binary"
    titles = (inner / "class_names.txt").read_text(encoding="utf-8").split()
    parts = []
    for split in ("train", "test"):
        pictures = np.fromfile(inner / f"{split}_X.bin", np.uint8).reshape(-1, 3, 96, 96)
        labels = np.fromfile(inner / f"{split}_y.bin", np.uint8)
        ordered = np.ascontiguousarray(pictures.transpose(0, 3, 2, 1))
        parts.append((split, ordered, [titles[label - 1] for label in labels]))
    return of_arrays(folder, name, parts)


def flowers102(folder: Path, name: str) -> Dataset:
    """One folder of pictures; labels and splits are in MATLAB files. Classes are numbers, 001 to 102."""
    labels = _matlab(folder / "imagelabels.mat")["labels"].ravel()
    sets = _matlab(folder / "setid.mat")
    rows = [
        (f"jpg/image_{i:05d}.jpg", f"{int(labels[i - 1]):03d}", place)
        for key, place in (("trnid", TRAIN), ("valid", VAL), ("tstid", TEST))
        for i in map(int, sets[key].ravel())
    ]
    return of_rows(folder, name, rows)


def oxford_pets(folder: Path, name: str) -> Dataset:
    """Lists of names such as `Abyssinian_100 1 1 1`; the breed is the name without its number."""
    rows = []
    for stem, place in (("trainval", TRAIN), ("test", TEST)):
        for line in _lines(folder / "annotations" / f"{stem}.txt"):
            picture = line.split()[0]
            rows.append((f"images/{picture}.jpg", picture.rpartition("_")[0], place))
    return of_rows(folder, name, rows)


def food101(folder: Path, name: str) -> Dataset:
    """Lists of names such as `apple_pie/1005649`."""
    rows = [
        (f"food-101/images/{line}.jpg", line.partition("/")[0], place)
        for stem, place in (("train", TRAIN), ("test", TEST))
        for line in _lines(folder / "food-101" / "meta" / f"{stem}.txt")
    ]
    return of_rows(folder, name, rows)


def eurosat(folder: Path, name: str) -> Dataset:
    """A folder for each class, not divided."""
    return of_rows(folder, name, _class_folders(folder, "2750", UNSPLIT))


def imagenette(folder: Path, name: str) -> Dataset:
    """Folders named by WordNet; the classes get their words."""
    rows = [
        (path, IMAGENETTE.get(label, label), place)
        for split, place in (("train", TRAIN), ("val", VAL))
        for path, label, place in _class_folders(folder, f"imagenette2-320/{split}", place)
    ]
    return of_rows(folder, name, rows)


def tiny_imagenet(folder: Path, name: str) -> Dataset:
    """Train in folders named by WordNet, val in one folder with a list; test has no labels: left out."""
    top = "tiny-imagenet-200"
    rows = _class_folders(folder, f"{top}/train", TRAIN)
    for line in _lines(folder / top / "val" / "val_annotations.txt"):
        picture, wnid = line.split("\t")[:2]
        rows.append((f"{top}/val/images/{picture}", wnid, VAL))
    return of_rows(folder, name, rows)


def imagenet(folder: Path, name: str) -> Dataset:
    """Train in folders named by WordNet; val by the development kit's list. Its test has no labels."""
    kit = folder / "ILSVRC2012_devkit_t12" / "data"
    synsets = _matlab(kit / "meta.mat")["synsets"].ravel()
    wnid = {int(row["ILSVRC2012_ID"].item()): str(row["WNID"].item()) for row in synsets}
    rows = _class_folders(folder, "train", TRAIN)
    for place, line in enumerate(_lines(kit / "ILSVRC2012_validation_ground_truth.txt"), 1):
        rows.append((f"val/ILSVRC2012_val_{place:08d}.JPEG", wnid[int(line)], VAL))
    return of_rows(folder, name, rows)


def _class_folders(folder: Path, inside: str, place: int) -> list[Row]:
    """Every picture below `inside`, labelled by the folder right under it."""
    root = folder / inside
    return [
        (f"{inside}/{path.relative_to(root).as_posix()}", path.relative_to(root).parts[0], place)
        for path in root.glob("*/**/*")
        if path.suffix.lower() in _SUFFIXES and not path.name.startswith(".")
    ]


def _lines(path: Path) -> list[str]:
    return [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
