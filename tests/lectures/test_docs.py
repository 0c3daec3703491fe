"""The page of `striate show` says what the commands do."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from striate.cli.show import TOPICS
from striate.lectures.kernels import KERNELS
from striate.pictures.files import to_png
from tests.conftest import ROOT

TEXT = (ROOT / "docs" / "show.md").read_text(encoding="utf-8")
# Each sh block, and the printed block right after it where there is one.
BLOCKS = re.findall(r"^```sh\n(.*?)^```\n(?:```\n(.*?)^```)?", TEXT, re.MULTILINE | re.DOTALL)
LINES = [line for block, _ in BLOCKS for line in block.splitlines()]


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    pixels = np.random.default_rng(0).integers(0, 256, (40, 50, 3)).astype(np.uint8)
    Path("photo.jpg").write_bytes(to_png(pixels))


@pytest.mark.parametrize("line", LINES)
def test_a_shown_command_runs_and_writes_what_it_names(striate: Callable, line: str) -> None:
    words = shlex.split(line)
    done = striate(*words[1:])
    assert done.code == 0, done.err
    assert not done.err.startswith("warning")
    if "-o" in words:
        assert Path(words[words.index("-o") + 1]).stat().st_size > 1000


def test_what_is_printed_on_the_page_is_what_the_commands_print(striate: Callable) -> None:
    printed = [(block, told) for block, told in BLOCKS if told]
    assert len(printed) >= 3
    for block, told in printed:
        (line,) = block.splitlines()
        assert striate(*shlex.split(line)[1:]).out.rstrip() == told.rstrip(), line


def test_every_topic_and_every_kernel_is_on_the_page() -> None:
    for name in (*(topic.name for topic in TOPICS), *KERNELS):
        assert f"`{name}`" in TEXT, name


def test_every_picture_of_the_page_is_there_and_has_words() -> None:
    for words, path in re.findall(r"!\[(.*?)\]\((.*?)\)", TEXT):
        assert len(words) > 20
        assert (ROOT / "docs" / path).stat().st_size < 250_000


def test_the_example_in_python_gives_what_it_says() -> None:
    (code,) = re.findall(r"^```python\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
    told: dict[str, Any] = {}
    exec(code, told)
    (expected,) = re.findall(r"# → (.*)", code)
    assert told["shown"].arrays["output"].tolist() == ast.literal_eval(expected)
    assert Path("ones.svg").exists()
