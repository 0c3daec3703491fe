"""`torchrun … striate train --pretrained FILE`: norms that came with the weights stay as they are."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from safetensors.torch import load_file

from striate.keeping import checkpoint
from striate.zoo.catalogue import plan_of
from tests.verbs import made
from tests.verbs.test_train_on_ranks import finished, on_two_ranks

NETWORK = "resnet20-cifar"
SETTINGS = (
    "batch=14", "pictures.size=16", "machine.precision=fp32", "machine.threads=1", "save_every_s=0",
    "machine.micro_batch=14",
)  # fmt: skip


def test_statistics_of_a_pretrained_network_are_those_of_its_file_after_steps_on_two_ranks(
    tmp_path: Path,
) -> None:
    torch.manual_seed(3)
    weights, folder = tmp_path / "m.pth", tmp_path / "run"
    given = plan_of(NETWORK).build().state_dict()
    torch.save(given, weights)
    flags = [part for one in SETTINGS for part in ("--set", one)]
    words = [
        "train", str(made.photographs()), "--model", NETWORK, f"--pretrained={weights}",
        "--epochs", "2", "--no-copies", "-o", str(folder), "-q", *flags,
    ]  # fmt: skip
    finished(on_two_ranks(words))
    kept = sorted(int(p.name) for p in (folder / "checkpoints").glob("[0-9]*"))
    steps = json.loads((folder / "run.json").read_text())["decided"]["steps"]
    assert steps == kept[-1] == 4
    for step in kept:
        found = load_file(folder / "checkpoints" / f"{step:09d}" / checkpoint.STATE)
        for name, value in given.items():
            if "running" in name or name.endswith("num_batches_tracked"):
                assert torch.equal(found[f"network.{name}"], value), (step, name)
    # Some of the rest did learn.
    before = load_file(folder / "checkpoints" / f"{kept[-2]:09d}" / checkpoint.STATE)
    assert any(
        not torch.equal(before[f"network.{name}"], value)
        for name, value in given.items()
        if name.endswith("weight")
    )
