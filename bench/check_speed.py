"""`check` beside bare decoding on as many processes: photographs, and 32-pixel thumbnails as files.

Bare decoding is Pillow alone: open, convert to RGB, on as many processes as `check` uses, each with its share
of the files. Both times hold what starts and imports. The files are read once before, so they are in memory.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path
from statistics import median
from typing import NamedTuple

import numpy as np

from striate.machine import usable_threads
from striate.pictures.audit.audit import audit
from striate.pictures.files import read, resized, to_jpeg
from striate.pictures.opening import open_as_given

PHOTOGRAPHS, THUMBNAILS = 0.75, 0.35
COUNT = 10_000
PHOTOGRAPHS_QUICKLY = 2_000  # making 10,000 takes minutes: `python -m bench.check_speed` does
_LONGEST = 1_000
BARE = """
import sys
from PIL import Image
paths = sys.stdin.read().splitlines()
for path in paths:
    with Image.open(path) as image:
        image.convert("RGB")
"""


class Speed(NamedTuple):
    """Pictures a second, bare and with `check` (reading alone, and with the search for copies)."""

    what: str
    pictures: int
    bare: float
    reading: float
    whole: float
    aim: float

    @property
    def share(self) -> float:
        """The speed of `check` as a part of that of bare decoding."""
        return self.whole / self.bare


def measure(
    data: Path | None = None, photographed: int = PHOTOGRAPHS_QUICKLY, repeats: int = 3
) -> list[Speed]:
    """Medians of some runs for each kind of pictures that `data` (else STRIATE_DATA) holds."""
    root = data or Path(os.environ.get("STRIATE_DATA", "."))
    found = []
    with tempfile.TemporaryDirectory(prefix="striate-bench-") as held:
        photographs = Path(held) / "photographs"
        source = root / "hymenoptera"
        if source.is_dir() and _photographs(source, photographs, photographed):
            found.append(_speed("photographs", photographs, PHOTOGRAPHS, repeats))
        archive = root / "cifar10" / "cifar10_jpeg_q75_60000.zip"
        if archive.exists():
            thumbnails = Path(held) / "thumbnails"
            _thumbnails(archive, thumbnails, COUNT)
            found.append(_speed("32-pixel thumbnails", thumbnails, THUMBNAILS, repeats))
    return found


def _photographs(source: Path, target: Path, count: int) -> int:
    """So many different files: of each photograph in its four turns windows of 55 to 80 % of the sides,
    enlarged to its size, with grain and a quality that leave as many bytes for a pixel as it had.
    """
    names = sorted(source.rglob("*.jpg"))
    for i in range(count if names else 0):
        name, rng = names[i % len(names)], np.random.default_rng(i)
        pixels = np.rot90(read(name), i // len(names) % 4)
        if max(pixels.shape) > _LONGEST:
            step = -(-max(pixels.shape) // _LONGEST)
            pixels = pixels[::step, ::step]
        height, width = pixels.shape[:2]
        rows, columns = (int(side * rng.uniform(0.55, 0.8)) for side in (height, width))
        top, left = rng.integers(height - rows + 1), rng.integers(width - columns + 1)
        cut = np.ascontiguousarray(pixels[top : top + rows, left : left + columns])
        grain = rng.normal(0, 5, (height, width, 1))
        made = np.clip(resized(cut, height, width) + grain, 0, 255).astype(np.uint8)
        path = target / name.parent.name / f"{i:05}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(to_jpeg(made, 94))
    return len(names)


def _thumbnails(archive: Path, target: Path, count: int) -> None:
    with zipfile.ZipFile(archive) as held:
        names = [name for name in held.namelist() if name.endswith(".jpg")]
        held.extractall(target, names[:: max(1, len(names) // count)][:count])


def _speed(what: str, folder: Path, aim: float, repeats: int) -> Speed:
    paths = sorted(str(path) for path in folder.rglob("*.jpg"))
    for path in paths:
        Path(path).read_bytes()
    bare, reading, whole = [], [], []
    for _ in range(repeats):
        bare.append(len(paths) / _bare(paths))
        read, all_of_it = _checked(folder)
        reading.append(len(paths) / read)
        whole.append(len(paths) / all_of_it)
    return Speed(what, len(paths), median(bare), median(reading), median(whole), aim)


def _bare(paths: list[str]) -> float:
    """Seconds for decoding all, with everything that starts."""
    begun, count = time.perf_counter(), usable_threads()
    command = [sys.executable, "-c", BARE]
    workers = [subprocess.Popen(command, stdin=subprocess.PIPE, text=True) for _ in range(count)]
    for i, worker in enumerate(workers):
        assert worker.stdin
        worker.stdin.write("\n".join(paths[i::count]))
        worker.stdin.close()
    for worker in workers:
        worker.wait()
    return time.perf_counter() - begun


def _checked(folder: Path) -> tuple[float, float]:
    """Seconds until all are read, and until the findings are there, with everything that starts."""
    begun = read = time.perf_counter()
    steps = audit(open_as_given(folder))
    while True:
        try:
            event = next(steps)
            if event.what.startswith("reading"):
                read = time.perf_counter()
        except StopIteration:
            return read - begun, time.perf_counter() - begun


def shown(row: Speed) -> str:
    """One line of the table."""
    return (
        f"check, {row.what:22} {row.pictures:>7,}  bare {row.bare:>7,.0f}/s  "
        f"reading {row.reading:>7,.0f}/s  check {row.whole:>7,.0f}/s  {row.share:>4.0%} (aim {row.aim:.0%})"
    )


def main() -> None:
    """Print a table."""
    for row in measure(photographed=COUNT):
        print(shown(row))


if __name__ == "__main__":
    main()
