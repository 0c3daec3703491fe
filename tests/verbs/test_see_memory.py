"""Looking through 10,000 pictures takes the memory that 500 take, and little more."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from striate.pictures.files import to_png
from tests.conftest import environment

FEW, MANY = 500, 10_000
# 10,000 pictures of 3x32x32 are 123 MB as float32, and their maps 82 MB more.
ROOM_MB = 60
CHILD = """
import json, resource, sys
from pathlib import Path
import torch
from striate.grammar.plan import Plan
from striate.pictures.prepare import Preparation
from striate.verbs import see, see_crowd
from striate.verbs.see_crowd import Crowd
from striate.verbs.see_opened import Opened
from striate.verbs.see_why import Why, why

torch.set_num_threads(1)
torch.manual_seed(0)
what, folder, out = sys.argv[1], sys.argv[2], Path(sys.argv[3])
network = Plan.read("3x32x32: conv3p1-4 relu max4 conv3p1-8 relu gap fc4").build().eval()
seen = Opened(Path("net"), network, Preparation((32, 32)), ("a", "b", "c", "d"))
if what == "why":
    events = why(seen, [folder], Why("cam", layer="relu2", checks=1, arrays=True))
else:
    asked = Crowd(data=folder, most=10_000, steps=2)
    events = getattr(see_crowd, what)(seen, asked)
while True:
    try:
        next(events)
    except StopIteration as end:
        figure = end.value
        break
see.write(figure, out / "f.html", out / "f.npz")
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps({"peak": peak, "lead": figure.lead, "count": len(figure.facts.get("pictures", ()))}))
"""


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Path]:
    """Small pictures in four classes; 64 sharp, so that the file system and not the drawing is quick."""
    made = {}
    drawn = np.random.default_rng(0).integers(0, 256, (64, 6, 6, 3), np.uint8)
    files = [to_png(one) for one in drawn]
    for count in (FEW, MANY):
        root = made[count] = tmp_path_factory.mktemp(f"of{count}")
        for name in "abcd":
            (root / name).mkdir()
        for i in range(count):
            (root / "abcd"[i % 4] / f"{i:05}.png").write_bytes(files[i % 64])
    return made


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="the peak of a process is asked of a Unix")
@pytest.mark.parametrize("what", ["units", "neighbours", "plane", "why"])
def test_the_memory_does_not_grow_with_the_pictures(
    what: str, folders: dict[int, Path], tmp_path: Path
) -> None:
    unit = 2**20 if sys.platform == "darwin" else 2**10
    peaks = {}
    for count in (FEW, MANY):
        done = subprocess.run(
            [sys.executable, "-c", CHILD, what, str(folders[count]), str(tmp_path)],
            capture_output=True, text=True, timeout=1_200, check=False,
            env=environment() | {"OMP_NUM_THREADS": "1"},
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        told = json.loads(done.stdout)
        peaks[count] = told["peak"] / unit
        if what == "why":
            assert told["count"] == count
            with np.load(tmp_path / "f.npz") as held:
                assert held["cam"].shape == (count, 32, 32)
    assert peaks[MANY] - peaks[FEW] < ROOM_MB, peaks
