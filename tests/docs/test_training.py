"""The page on training: its example runs as it stands there, and it names what a run holds and takes."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import torch

from striate.cli.train import command
from striate.errors import StriateError
from striate.training.optimise import make
from striate.training.recipe_parts import OPTIMISERS, OptimiserPart
from striate.verbs.export import Wanted, export
from striate.verbs.train_order import Order
from tests.conftest import ROOT
from tests.verbs import made

PAGE = ROOT / "docs" / "training.md"
TEXT = PAGE.read_text(encoding="utf-8")


def test_the_loop_for_a_module_of_ones_own_trains_it(tmp_path: Path) -> None:
    blocks = re.findall(r"^```python\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
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


def listed() -> set[str]:
    """Files and folders of a run, as the page lists them."""
    block = re.search(r"^runs/2026-11-20-7f3a/\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
    assert block is not None
    return set(re.findall(r"(?:^ +|  )([\w.]+(?:\.\w+|/)) ?", block[1]))


def test_the_listing_of_a_run_names_all_that_a_run_can_hold(tmp_path: Path) -> None:
    place = made.folder(tmp_path / "set", bad=(2,))
    (tmp_path / "fixes.csv").write_text("path,action,label,reason\ncat/000.jpg,skip,,blurred\n")
    order = Order(str(place), made.COLOURED, skip_bad=True, fixes=str(tmp_path / "fixes.csv"))
    run = made.trained(order, tmp_path / "run").path
    made.followed(export(run, Wanted()))
    held = {one.name + "/" * one.is_dir() for one in run.iterdir() if one.name[0] != "."}
    assert listed() == held | {"bad_batch.csv"}  # which only a run that is ended by a loss has


def test_every_flag_of_train_is_on_the_page() -> None:
    flags = {flag for option in command.params for flag in option.opts if flag.startswith("--")}
    common = {"--quiet", "--json", "--root"}  # of many verbs, and told elsewhere
    assert sorted(flag for flag in flags - common if f"{flag}" not in TEXT) == []


def test_the_optimisers_that_refuse_coupled_decay_are_those_that_the_page_names() -> None:
    said = re.search(r"(\w+) and (\w+) refuse `coupled`", TEXT)
    assert said is not None
    network = torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3), torch.nn.BatchNorm2d(2))
    refused = {}
    for name in OPTIMISERS:
        try:
            make(network, OptimiserPart(name=name, coupled=True))
        except StriateError as fault:
            refused[name] = fault.text
    assert set(refused) == set(said.groups())
    assert all("no coupled decay" in text for text in refused.values())
