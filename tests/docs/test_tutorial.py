"""The blocks of the tutorial do what it says, in the order it says them."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

import striate.pictures
from tests.conftest import ROOT

PAGE = ROOT / "docs" / "tutorial.md"
TOLD = "\nimport json; print(json.dumps([answer.label, answer.probability, answer.sure]))"


LAST = "\n## 5. "  # with another training in it


def blocks(text: str) -> list[tuple[str, str]]:
    """Every fenced block: its language and its text."""
    return re.findall(r"^```(\w*)\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def photos(root: Path) -> None:
    """What a reader has: pictures that came later, in a folder for each class, and one of a seven."""
    digits = striate.pictures.open("digits")
    for row in range(40):
        place = root / "new-photos" / digits[row].label
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{row}.png").write_bytes(digits.data(row))
    seven = next(row for row in range(len(digits)) if digits[row].label == "7")
    (root / "seven.png").write_bytes(digits.data(seven))


class Reader:
    """Somebody who does what a page says, in an empty folder."""

    def __init__(self, place: Path) -> None:
        self.place, self.printed = place, dict[str, str]()
        self.env = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "HOME": str(place)}
        self.done: list[str] = []
        photos(place)

    def run(self, *words: str) -> tuple[str, str]:
        """What it prints, and that with what it says beside it."""
        done = subprocess.run(
            [sys.executable, *words],
            cwd=self.place, env=self.env, capture_output=True, text=True, timeout=200, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{' '.join(words)}\n{done.stdout}{done.stderr}"
        return done.stdout, done.stderr + done.stdout

    def follow(self, text: str) -> list[str]:
        """Every block; gives what they were."""
        for kind, block in blocks(text):
            if kind == "sh":
                for line in block.splitlines():
                    program, *words = shlex.split(line)
                    assert program == "striate", line
                    _, self.printed[line] = self.run("-m", "striate", *words)
                    self.done.append(words[0])
            elif kind == "python":
                label, probability, sure = json.loads(self.run("-c", block + TOLD)[0])
                assert label in "0123456789"
                assert 0.1 <= probability <= 1
                assert sure in (True, False)
                self.done.append("python")
            else:
                assert kind == "", f"nobody knows how to run {kind}"
                self.compare(block)
        return self.done

    def compare(self, shown: str) -> None:
        """Every line of what the command before prints begins as the page shows it, and in that order."""
        last = " ".join(self.printed[next(reversed(self.printed))].split())
        for line in shown.splitlines():
            begin = re.match(r"[A-Za-z ,]*", line)
            assert begin is not None
            words = " ".join(begin[0].split())
            assert words in last, line
            last = last[last.index(words) + len(words) :]
        self.done.append("compared")


FIRST = ["check", "train", "compared", "python", "runs", "runs", "eval", "eval"]


def test_every_block_up_to_the_first_judgement_runs_in_an_empty_folder(tmp_path: Path) -> None:
    first, last = PAGE.read_text(encoding="utf-8").split(LAST)
    assert blocks(last)
    reader = Reader(tmp_path)
    assert reader.follow(first) == FIRST
    assert (tmp_path / "runs" / "tutorial" / "report.html").exists()
    assert "test accuracy" in reader.printed["striate eval runs/tutorial --min-accuracy 0.9"]
    assert "40 pictures" in reader.printed["striate eval runs/tutorial --data new-photos/"]


@pytest.mark.slow
def test_every_block_of_the_tutorial_runs_in_the_order_it_stands_there(tmp_path: Path) -> None:
    reader = Reader(tmp_path)
    made = reader.follow(PAGE.read_text(encoding="utf-8"))
    assert made == [*FIRST, "check", "train", "compare", "resume"]
    assert (tmp_path / "fixes.csv").read_text().startswith("path,action,label")
    assert "McNemar" in reader.printed["striate compare runs/tutorial runs/mended"]
    assert "runs/mended is finished" in reader.printed["striate resume latest"]
