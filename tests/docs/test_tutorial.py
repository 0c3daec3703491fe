"""The commands of the tutorial do what it says, in the order it says them."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

from tests.conftest import ROOT

PAGE = ROOT / "docs" / "tutorial.md"


def commands() -> list[list[str]]:
    """The `striate …` lines of its ```sh blocks."""
    blocks = re.findall(
        r"^```sh\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )
    return [shlex.split(line) for block in blocks for line in block.splitlines()]


def test_every_command_of_the_tutorial_runs_in_an_empty_folder(tmp_path: Path) -> None:
    env = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "HOME": str(tmp_path)}
    shown = commands()
    assert [words[1] for words in shown] == ["check", "train", "runs", "runs", "eval"]
    printed = ""
    for words in shown:
        done = subprocess.run(
            [sys.executable, "-m", "striate", *words[1:]],
            cwd=tmp_path, env=env, capture_output=True, text=True, timeout=200, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{' '.join(words)}\n{done.stdout}{done.stderr}"
        printed = done.stdout
    assert (tmp_path / "runs" / "tutorial" / "report.html").exists()
    assert "test accuracy" in printed
