"""Trouble on the way: memory that runs out, batches that come in parts, a reader that hangs."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from striate.errors import WorkerFault
from striate.keeping import checkpoint
from striate.keeping.runs import Run
from striate.pictures.source import Source
from striate.pictures.store.cache import Keeping, prepared
from striate.training.stopping import Stopped, Stopping
from striate.verbs import train_ready
from striate.verbs.train import begin, resume
from striate.verbs.train_order import Looked, Order, Said, Stepped
from striate.verbs.train_steps import trained
from tests.verbs import made

ORDER = Order("digits", made.MODEL)


def test_memory_that_runs_out_is_said_when_it_does_and_again_by_a_run_that_goes_on(
    tmp_path: Path,
) -> None:
    wanted = made.recipe(save_every_s=0)
    ready = made.readied(ORDER, tmp_path / "run", wanted)
    step = [0]

    def full(network: torch.nn.Module, given: tuple[torch.Tensor, ...]) -> None:
        if step[0] >= 3 and network.training and len(given[0]) > 32:
            raise RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory")

    ready.chosen.network.register_forward_pre_hook(full)
    events: list[Any] = []
    for event in trained(ready, Stopping()):
        events.append(event)
        if isinstance(event, Stepped):
            step[0] = event.step
    said = [i for i, e in enumerate(events) if isinstance(e, Said) and e.severity == "warning"]
    assert [events[i].text.partition(";")[0] for i in said] == ["step 3: memory ran out"]
    before = [e.step for e in events[: said[0]] if isinstance(e, Stepped)]
    assert before == [1, 2, 3]
    last = checkpoint.latest(tmp_path / "run")
    assert last is not None
    (tmp_path / "run" / "checkpoints" / f"{last.step:09d}" / checkpoint.FACTS).unlink()
    again = made.readied(ORDER, tmp_path / "other", wanted)
    again = replace(again, run=Run.open(tmp_path / "run"))
    heard, _ = made.followed(trained(again, Stopping()))
    warned = [e.text for e in heard if isinstance(e, Said) and e.severity == "warning"]
    assert warned[-1] == events[said[0]].text
    assert isinstance(heard[-1], Stepped | Looked)


@pytest.mark.parametrize("step", [1, 5, 8])
def test_with_four_batches_to_a_step_it_is_stopped_and_the_run_ends_bit_for_bit_the_same(
    tmp_path: Path, step: int
) -> None:
    wanted = made.recipe(
        batch=32, optimiser__accumulate=4, machine__micro_batch=0, average__name="ema", looks=2
    )
    whole = made.trained(ORDER, tmp_path / "whole", wanted).path
    stop, path = Stopping(), tmp_path / "run"
    with pytest.raises(Stopped):
        for event in begin(ORDER, wanted, path=path, stop=stop):
            if isinstance(event, Stepped) and event.step == step:
                assert event.pictures == 128
                stop.asked = 15
    decided = Run.open(path).facts()["decided"]
    assert (decided["batch"], decided["micro_batch"], decided["steps"]) == (128, 32, 9)
    kept = checkpoint.latest(path)
    assert kept is not None
    assert kept.step == step
    made.followed(resume(path))
    for name in ("metrics.csv", "bundle/model.safetensors", "predictions.csv"):
        assert (path / name).read_bytes() == (whole / name).read_bytes(), name


class Hangs(Source):
    """A folder on a disk that stops answering at one picture, once it is told to."""

    def __init__(self, inner: Source, row: int, pipe: Path) -> None:
        self.inner, self.where, self.row, self.pipe = inner, inner.where, row, pipe

    def data(self, index: int, path: str) -> bytes:
        if index == self.row and self.pipe.exists():
            return self.pipe.read_bytes()  # a pipe that nobody writes to: whoever opens it is held
        return self.inner.data(index, path)


def decoded_each_time(ready: train_ready.Ready, row: int, pipe: Path) -> train_ready.Ready:
    """The same training where neither the cache nor memory has room."""
    data = replace(ready.dataset, source=Hangs(ready.dataset.source, row, pipe))
    keeping = Keeping(on_disk=False, memory_bytes=0, timeout_s=0.5)
    return replace(ready, pictures=prepared(data, ready.pictures.preparation, keeping))


@pytest.mark.parametrize("split", ["train", "val"])
def test_a_file_that_never_comes_ends_it_with_the_last_step_saved_and_it_goes_on_the_same(
    tmp_path: Path, split: str
) -> None:
    order = Order(str(made.photographs()), made.COLOURED, val=0.3)
    wanted = made.recipe(epochs=4.0, batch=4, looks=2, save_every_s=3600)
    whole = made.readied(order, tmp_path / "whole", wanted)
    _, unbroken = made.followed(trained(whole, Stopping()))
    row = int(whole.dataset.places(split)[0])
    ready = decoded_each_time(made.readied(order, tmp_path / "run", wanted), row, tmp_path / "pipe")
    steps, seen = trained(ready, Stopping()), 0
    with pytest.raises(WorkerFault, match="did not come on within 0.5 seconds") as told:
        for event in steps:
            if isinstance(event, Stepped):
                seen = event.step
                if seen == 3:
                    os.mkfifo(tmp_path / "pipe")
    assert told.value.where.endswith(ready.dataset.paths[row])
    kept = checkpoint.latest(ready.run.path)
    assert kept is not None
    # A look that is cut off is due still, and its step counts.
    assert kept.step == (seen if split == "train" else seen + 1) >= 3
    assert split == "train" or kept.step % ready.course.look_every == 0
    with open(tmp_path / "pipe", "wb"):  # lets the thread go
        (tmp_path / "pipe").unlink()
    _, here = made.followed(trained(ready, Stopping()))
    assert here.step == unbroken.step
    one, other = here.network.state_dict(), unbroken.network.state_dict()
    assert all(torch.equal(one[name], other[name]) for name in other)
    metrics = [(run.run.path / "metrics.csv").read_bytes() for run in (ready, whole)]
    assert metrics[0] == metrics[1]
