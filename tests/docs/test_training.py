"""The example of the page on training runs as it stands there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.conftest import ROOT

PAGE = ROOT / "docs" / "training.md"


def test_the_loop_for_a_module_of_ones_own_trains_it(tmp_path: Path) -> None:
    text = PAGE.read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    (shown,) = [block for block in blocks if "striate.fit(" in block]
    env = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", shown],
        cwd=tmp_path, env=env, capture_output=True, text=True, timeout=200, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    lines = [line.split() for line in done.stdout.splitlines()]
    steps, losses = [int(step) for step, _ in lines], [float(loss) for _, loss in lines]
    assert steps == list(range(1, len(steps) + 1))
    assert len(steps) > 20
    assert losses[-1] < losses[0] / 2
