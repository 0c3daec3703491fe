"""What the script of a peer is asked, and how it answers: flags in, one line of JSON out.

It runs in the peer's environment, so it needs the standard library alone, and NumPy where arrays are read.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, NamedTuple


class Asked(NamedTuple):
    """`data` is a folder with train/ and test/ or val/, for thumbnails with an .npz of its name beside it;
    `seconds` of training; `scratch` is a folder for what a peer has to write.
    """

    data: Path
    seconds: float
    seed: int
    weights: Path
    scratch: Path


def asked() -> Asked:
    """The flags of the command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--weights", type=Path, default=Path())
    parser.add_argument("--scratch", type=Path, default=Path())
    return Asked(**vars(parser.parse_args()))


def arrays(data: Path) -> tuple[Any, Any, Any, Any]:
    """Train and test, each uint8 N H W C and its labels, decoded before anything is timed."""
    import numpy as np

    with np.load(data.parent / f"{data.name}.npz", allow_pickle=False) as held:
        return held["train_x"], held["train_y"], held["test_x"], held["test_y"]


def answer(
    accuracy: float,
    seconds: float,
    packages: Iterable[str],
    *,
    seen: int,
    pictures: int,
    curve: Sequence[tuple[float, float]] = (),
) -> None:
    """Print the result. seen: pictures that passed in training, of so many; curve: seconds and accuracy on
    val, for what was judged on the way.
    """
    found = {
        "accuracy": float(accuracy),
        "seconds": seconds,
        "epochs": seen / pictures,
        "pictures_per_second": seen / seconds,
        "curve": [list(point) for point in curve],
        "versions": versions(packages),
    }
    print(json.dumps(found), flush=True)


def versions(packages: Iterable[str]) -> dict[str, str]:
    """Of those that are here."""
    found = {}
    for name in packages:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
