"""The commands of the page on judging run, and its tables name every key that a run writes."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from striate.verbs.train_order import Order
from tests.conftest import ROOT
from tests.verbs import made

TEXT = (ROOT / "docs" / "judging.md").read_text(encoding="utf-8")


def commands() -> list[list[str]]:
    """The `striate …` lines of its ```sh blocks."""
    blocks = re.findall(r"^```sh\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
    return [shlex.split(line, comments=True) for block in blocks for line in block.splitlines()]


def keys(found: Any, named: tuple[str, ...] = ("per_class", "slices")) -> Iterator[str]:
    """Every key, but names of classes and facts, which come from the data."""
    if isinstance(found, list):
        for one in found:
            yield from keys(one)
    if isinstance(found, dict):
        for name, value in found.items():
            yield name
            yield from keys(list(value.values()) if name in named else value)


def test_every_command_of_the_page_runs_on_two_runs_with_the_same_parts(
    striate: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    first = made.copy(made.photos().path, tmp_path / "runs" / "first")
    order = Order(
        str(made.photographs()), made.COLOURED.replace("-4", "-8"), splits=str(first / "splits.csv")
    )
    made.trained(order, tmp_path / "runs" / "second")
    (tmp_path / "new-photos").symlink_to(made.photographs())
    shown = commands()
    assert [words[1] for words in shown] == ["eval"] * 3 + ["compare"] * 2
    for words in shown:
        done = striate(*words[1:])
        assert done.code in ((0, 5) if "--min-accuracy" in words else (0,)), done.err
        assert "accuracy" in done.out
        if "--data" in words:
            assert "beside val of the run" in done.out


def test_every_key_of_metrics_json_is_told(tmp_path: Path) -> None:
    found = set()
    for run in (made.digits(), made.photos()):
        found |= set(keys(json.loads((run.path / "metrics.json").read_text())))
    assert len(found) > 50
    assert sorted(key for key in found if f"`{key}`" not in TEXT) == []
