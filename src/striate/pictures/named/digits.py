"""1,797 handwritten digits of 8 x 8 pixels, in the package itself: the set that is always there.

They are the test part of "Optical Recognition of Handwritten Digits" (E. Alpaydin and C. Kaynak, 1998;
UCI Machine Learning Repository, CC BY 4.0), bit for bit as scikit-learn's `load_digits` gives them.
`digits.gz` holds 1,797 x 64 values of 0 to 16, then 1,797 labels. They were written by 13 people, but who
wrote which is not stated: the same hands are in train and in test, so scores are a little better than on
the writing of strangers.
"""

from __future__ import annotations

import gzip
from importlib import resources

import numpy as np

from striate.pictures.dataset import UNSPLIT, Dataset
from striate.pictures.files import Pixels
from striate.pictures.named.readers import labelled
from striate.pictures.source import Arrays

COUNT, SIDE, HIGHEST = 1797, 8, 16


def digits() -> Dataset:
    """The set, N 8 8 1, not divided: what opens it divides it as it was asked to."""
    pictures, labels = numbers()
    paths = [f"{place:04d}.png" for place in range(COUNT)]
    names = [str(label) for label in labels]
    split = np.full(COUNT, UNSPLIT, np.int8)
    return labelled("digits", Arrays(pictures, "digits"), paths, names, split, mirror=False)


def numbers() -> tuple[Pixels, list[int]]:
    """Pictures N H W C and labels. 0 ... 16 becomes 0 ... 255: white ink on black."""
    packed = resources.files("striate.pictures.named").joinpath("digits.gz").read_bytes()
    values = np.frombuffer(gzip.decompress(packed), np.uint8)
    counts = values[: COUNT * SIDE * SIDE].astype(np.uint16)
    pictures = ((counts * 255 + HIGHEST // 2) // HIGHEST).astype(np.uint8)
    return pictures.reshape(COUNT, SIDE, SIDE, 1), values[COUNT * SIDE * SIDE :].tolist()
