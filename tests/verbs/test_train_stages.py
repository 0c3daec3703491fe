"""How a training ended is written down; where that cannot be written either, what ended it is still told."""

from __future__ import annotations

import contextlib
import json
import resource
import signal
from collections import deque
from collections.abc import Iterator
from pathlib import Path

import pytest

from striate.errors import FileFault, StriateError
from striate.keeping import checkpoint
from striate.keeping.runs import Run
from striate.training.stopping import Stopped, Stopping
from striate.verbs import train_ready
from striate.verbs.train import begin, resume
from striate.verbs.train_order import Event, Order, Said, Stepped
from tests.verbs import made

ORDER = Order("digits", made.MODEL)
EVERY_STEP = made.recipe(save_every_s=0)


@contextlib.contextmanager
def no_file_above(size: int) -> Iterator[None]:
    """The system refuses this process every byte beyond, in files of any disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def broken_off(path: Path, *, signal_too: int | None = None) -> Iterator[Event]:
    """A training that can write nothing any more from its fifth step on, and is asked to stop there."""
    stop = Stopping()
    with contextlib.ExitStack() as limit:
        for event in begin(ORDER, EVERY_STEP, path=path, stop=stop):
            yield event
            if isinstance(event, Stepped) and event.step == 5:
                limit.enter_context(no_file_above(1000))
                stop.asked = signal_too


def ends_the_same(path: Path, whole: Path) -> None:
    _, done = made.followed(resume(path))
    for name in ("metrics.csv", "predictions.csv", "bundle/model.safetensors"):
        assert (done.path / name).read_bytes() == (whole / name).read_bytes(), name


@pytest.fixture(scope="module")
def whole() -> Path:
    return made.trained(ORDER, made.place() / "stages", EVERY_STEP).path


def test_the_fault_that_ended_it_is_told_and_not_that_its_end_could_not_be_written(
    tmp_path: Path, whole: Path
) -> None:
    path = tmp_path / "run"
    with pytest.raises(FileFault, match=r"checkpoints/000000005 cannot be written") as caught:
        list(broken_off(path))
    assert caught.value.hint.endswith(f"`striate resume {path}` goes on from what was saved")
    assert any("run.json cannot be written" in note for note in caught.value.__notes__)
    assert json.loads((path / "run.json").read_text())["status"] == "running"
    assert Run.open(path).status == "interrupted", "nobody works in it"
    found = checkpoint.latest(path)
    assert found is not None
    assert found.step == 4
    ends_the_same(path, whole)


def test_a_signal_is_answered_as_one_though_nothing_can_be_written_and_that_is_said(
    tmp_path: Path, whole: Path
) -> None:
    path, heard = tmp_path / "run", deque[Event]()
    with pytest.raises(Stopped) as caught:
        heard.extend(broken_off(path, signal_too=signal.SIGTERM))
    assert caught.value.exit_code == 143
    (said,) = [e.text for e in heard if isinstance(e, Said) and e.severity == "warning"]
    assert "checkpoints/000000005 cannot be written" in said
    ends_the_same(path, whole)


def test_why_it_failed_is_in_run_json_and_other_faults_are_left_as_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> Iterator[Event]:
        yield Said("so far")
        raise StriateError("it will not do", "another way")

    monkeypatch.setattr(train_ready, "readied", refused)
    with pytest.raises(StriateError) as caught:
        made.trained(ORDER, tmp_path / "run", EVERY_STEP)
    assert caught.value.hint == "another way"
    assert not hasattr(caught.value, "__notes__")
    facts = json.loads((tmp_path / "run" / "run.json").read_text())
    assert (facts["status"], facts["reason"]) == (
        "failed",
        "StriateError: it will not do; another way",
    )
