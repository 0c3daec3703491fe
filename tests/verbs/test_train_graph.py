"""The ONNX of a bundle is made while signals are answered at once: it may take longer than they may wait."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.nn.modules.module import register_module_forward_pre_hook

from striate.training.stopping import Stopped, Stopping
from striate.verbs.train import begin, resume
from striate.verbs.train_order import Order, Working
from tests.verbs import made


@contextmanager
def met(calls: list[str], number: int, after: int) -> Iterator[None]:
    """Every layer that is asked is noted; before the `after`-th of them this process gets a signal."""

    def note(layer: torch.nn.Module, _: Any) -> None:
        if not list(layer.children()):
            calls.append(type(layer).__name__)
            if len(calls) == after:
                os.kill(os.getpid(), number)

    hook = register_module_forward_pre_hook(note)
    try:
        yield
    finally:
        hook.remove()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("after", [1, 2, 7])
def test_a_signal_while_the_graph_is_made_ends_it_at_once_and_the_run_goes_on_from_there(
    tmp_path: Path, number: int, after: int
) -> None:
    """Every layer is asked while the network is exported, and then again to compare the two."""
    path, stop, calls = tmp_path / "run", Stopping(), list[str]()
    steps = begin(Order("digits", made.MODEL), made.recipe(), path=path, stop=stop)
    with stop.listening(), pytest.raises(Stopped) as caught:
        for event in steps:
            if isinstance(event, Working) and event.what == "writing model.onnx":
                with met(calls, number, after):
                    next(steps)
    assert caught.value.exit_code == 128 + number
    assert len(calls) == after, "it went on after the signal"
    facts = json.loads((path / "run.json").read_text())
    assert (facts["status"], facts["reason"]) == ("interrupted", f"signal {number}")
    assert not (path / "bundle").exists()
    _, done = made.followed(resume(path))
    whole = made.digits().path
    assert (path / "bundle" / "model.onnx").exists()
    assert done.path == path
    for name in ("metrics.csv", "predictions.csv", "bundle/model.safetensors"):
        assert (path / name).read_bytes() == (whole / name).read_bytes(), name
