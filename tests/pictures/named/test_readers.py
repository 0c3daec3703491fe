"""Each published form, from small files made here."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest

from striate.errors import SetRefused
from striate.pictures.named import readers
from striate.pictures.named.readers import read_idx


def idx(values: np.ndarray) -> bytes:
    """An idx file of bytes."""
    sizes = struct.pack(f">{values.ndim}I", *values.shape)
    return bytes([0, 0, 8, values.ndim]) + sizes + values.astype(np.uint8).tobytes()


def write_mnist(folder: Path, train: int = 20, test: int = 10) -> Path:
    """Four packed files; picture i is all i, its label i % 10."""
    folder.mkdir(parents=True, exist_ok=True)
    for stem, count in (("train", train), ("t10k", test)):
        pictures = np.repeat(np.arange(count), 4).reshape(count, 2, 2)
        for kind, values in (("images-idx3", pictures), ("labels-idx1", np.arange(count) % 10)):
            data = gzip.compress(idx(values), mtime=0)
            (folder / f"{stem}-{kind}-ubyte.gz").write_bytes(data)
    return folder


def touch(root: Path, *paths: str) -> None:
    """Empty files."""
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).touch()


def test_idx_files_become_grey_pictures_with_their_labels(tmp_path: Path) -> None:
    found = readers.mnist(write_mnist(tmp_path), "mnist")
    assert found.splits == {"train": 20, "test": 10}
    assert found[13] == ("train/000013.png", "3", "train", "", 1.0)
    assert found.pixels(13)[0, 0].tolist() == [13, 13, 13]
    assert found[20].path == "test/000000.png"


def test_fashion_has_names_and_sorted_classes(tmp_path: Path) -> None:
    found = readers.mnist(write_mnist(tmp_path), "fashion-mnist")
    assert found.classes[:2] == ("Ankle boot", "Bag")
    assert [found[i].label for i in (0, 9)] == ["T-shirt/top", "Ankle boot"]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "does not begin as an idx file of bytes does"),
        (b"\0\0\x0d\1\0\0\0\1\0\0\0\0", "does not begin as an idx file"),
        (b"\0\0\x08\3\0\0", "does not begin as an idx file"),
        (b"\0\0\x08\2\0\0\0\3\0\0\0\3" + bytes(8), "it announces 3 x 3 numbers and holds 8"),
        (b"\0\0\x08\3" + b"\xff" * 12, "it announces .* and holds 0"),
    ],
)
@pytest.mark.parametrize("is_packed", [True, False])
def test_a_damaged_idx_file_is_refused(
    tmp_path: Path, data: bytes, words: str, is_packed: bool
) -> None:
    path = tmp_path / ("a.gz" if is_packed else "a")
    path.write_bytes(gzip.compress(data) if is_packed else data)
    with pytest.raises(SetRefused, match=words):
        read_idx(path)


def test_a_packed_file_that_is_cut_off_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.gz").write_bytes(gzip.compress(idx(np.arange(5000)))[:40])
    with pytest.raises(SetRefused, match="is not the set it should be"):
        read_idx(tmp_path / "a.gz")


def test_as_many_labels_as_pictures_are_wanted(tmp_path: Path) -> None:
    write_mnist(tmp_path)
    data = gzip.compress(idx(np.zeros(19)))
    (tmp_path / "train-labels-idx1-ubyte.gz").write_bytes(data)
    with pytest.raises(SetRefused, match="train has 20 pictures and 19 labels"):
        readers.mnist(tmp_path, "mnist")


def test_svhn_has_its_pictures_last_and_ten_for_zero(tmp_path: Path) -> None:
    scipy_io = pytest.importorskip("scipy.io", reason="needs SciPy")
    pictures = np.arange(32 * 32 * 3 * 4).reshape(32, 32, 3, 4).astype(np.uint8)
    for split in ("train", "test"):
        labels = np.array([[10], [1], [2], [10]], np.uint8)
        scipy_io.savemat(tmp_path / f"{split}_32x32.mat", {"X": pictures, "y": labels})
    found = readers.svhn(tmp_path, "svhn")
    assert [row.label for row in found][:4] == ["0", "1", "2", "0"]
    assert (found.pixels(6) == pictures[:, :, :, 2]).all()


def test_a_damaged_matlab_file_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("scipy.io", reason="needs SciPy")
    (tmp_path / "train_32x32.mat").write_bytes(b"MATLAB 5.0" + bytes(300))
    with pytest.raises(SetRefused, match=r"train_32x32.mat is not the set it should be"):
        readers.svhn(tmp_path, "svhn")


def test_stl10_is_stored_by_columns(tmp_path: Path, rng: np.random.Generator) -> None:
    inner = tmp_path / "stl10_binary"
    inner.mkdir()
    (inner / "class_names.txt").write_text("airplane\nbird\n")
    wanted = rng.integers(0, 256, (2, 96, 96, 3)).astype(np.uint8)
    for split in ("train", "test"):
        (inner / f"{split}_X.bin").write_bytes(wanted.transpose(0, 3, 2, 1).tobytes())
        (inner / f"{split}_y.bin").write_bytes(bytes([2, 1]))
    found = readers.stl10(tmp_path, "stl10")
    assert (found.pixels(1) == wanted[1]).all()
    assert [row.label for row in found] == ["bird", "airplane"] * 2


def test_flowers_are_listed_by_numbers_from_one(tmp_path: Path) -> None:
    scipy_io = pytest.importorskip("scipy.io", reason="needs SciPy")
    scipy_io.savemat(tmp_path / "imagelabels.mat", {"labels": np.array([[7, 102, 7]], np.uint8)})
    parts = {"trnid": [[3]], "valid": [[1]], "tstid": [[2]]}
    scipy_io.savemat(tmp_path / "setid.mat", {k: np.array(v, np.uint16) for k, v in parts.items()})
    found = [(row.path, row.label, row.split) for row in readers.flowers102(tmp_path, "flowers102")]
    assert found == [
        ("jpg/image_00001.jpg", "007", "val"),
        ("jpg/image_00002.jpg", "102", "test"),
        ("jpg/image_00003.jpg", "007", "train"),
    ]


def test_pets_are_named_by_their_breed(tmp_path: Path) -> None:
    touch(tmp_path, "annotations/trainval.txt", "annotations/test.txt")
    (tmp_path / "annotations/trainval.txt").write_text(
        "Abyssinian_100 1 1 1\nnewfoundland_2 1 2 9\n"
    )
    (tmp_path / "annotations/test.txt").write_text("saint_bernard_1 3 2 1\n\n")
    found = {
        row.path: (row.label, row.split) for row in readers.oxford_pets(tmp_path, "oxford-pets")
    }
    assert found == {
        "images/Abyssinian_100.jpg": ("Abyssinian", "train"),
        "images/newfoundland_2.jpg": ("newfoundland", "train"),
        "images/saint_bernard_1.jpg": ("saint_bernard", "test"),
    }


def test_food_is_listed_by_class_and_number(tmp_path: Path) -> None:
    touch(tmp_path, "food-101/meta/train.txt", "food-101/meta/test.txt")
    (tmp_path / "food-101/meta/train.txt").write_text("apple_pie/1005649\nwaffles/2\n")
    (tmp_path / "food-101/meta/test.txt").write_text("waffles/1\n")
    found = readers.food101(tmp_path, "food101")
    assert found.classes == ("apple_pie", "waffles")
    assert found[0].path == "food-101/images/apple_pie/1005649.jpg"
    assert found.splits == {"train": 2, "test": 1}


def test_eurosat_has_a_folder_for_each_class_and_no_split(tmp_path: Path) -> None:
    touch(
        tmp_path, "2750/Forest/Forest_1.jpg", "2750/River/River_1.jpg", "2750/River/._River_1.jpg"
    )
    found = readers.eurosat(tmp_path, "eurosat")
    assert [(row.label, row.split) for row in found] == [("Forest", ""), ("River", "")]


def test_imagenette_gets_words_for_its_folders(tmp_path: Path) -> None:
    top = "imagenette2-320"
    touch(
        tmp_path, f"{top}/train/n01440764/a.JPEG", f"{top}/val/n03888257/b.JPEG", f"{top}/noise.csv"
    )
    found = [(row.label, row.split) for row in readers.imagenette(tmp_path, "imagenette")]
    assert found == [("tench", "train"), ("parachute", "val")]


def test_tiny_imagenet_has_a_list_for_val(tmp_path: Path) -> None:
    top = "tiny-imagenet-200"
    touch(tmp_path, f"{top}/train/n1/images/n1_0.JPEG", f"{top}/train/n1/n1_boxes.txt")
    touch(tmp_path, f"{top}/val/images/val_0.JPEG", f"{top}/test/images/test_0.JPEG")
    (tmp_path / top / "val/val_annotations.txt").write_text("val_0.JPEG\tn1\t0\t0\t9\t9\n")
    found = [(row.path, row.label) for row in readers.tiny_imagenet(tmp_path, "tiny-imagenet")]
    assert found == [
        (f"{top}/train/n1/images/n1_0.JPEG", "n1"),
        (f"{top}/val/images/val_0.JPEG", "n1"),
    ]


def test_imagenet_takes_the_classes_of_val_from_the_development_kit(tmp_path: Path) -> None:
    scipy_io = pytest.importorskip("scipy.io", reason="needs SciPy")
    kit = tmp_path / "ILSVRC2012_devkit_t12" / "data"
    kit.mkdir(parents=True)
    kinds = [("ILSVRC2012_ID", object), ("WNID", object), ("num_children", object)]
    synsets = np.array([[(1, "n02", 0)], [(2, "n01", 0)]], kinds)
    scipy_io.savemat(kit / "meta.mat", {"synsets": synsets})
    (kit / "ILSVRC2012_validation_ground_truth.txt").write_text("2\n1\n")
    touch(tmp_path, "train/n01/n01_1.JPEG", "train/n02/n02_1.JPEG")
    found = [(row.path, row.label) for row in readers.imagenet(tmp_path, "imagenet")][2:]
    assert found == [
        ("val/ILSVRC2012_val_00000001.JPEG", "n01"),
        ("val/ILSVRC2012_val_00000002.JPEG", "n02"),
    ]


def test_a_folder_without_the_pictures_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SetRefused, match="it holds no pictures where this set has them"):
        readers.eurosat(tmp_path, "eurosat")
