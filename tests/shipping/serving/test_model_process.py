"""The process of the model: messages in, messages out, and an end with its parent."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from striate.shipping.classifier import load
from striate.shipping.serving import frames
from tests.conftest import environment
from tests.shipping.serving import served
from tests.verbs import made


def started(model: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "striate.shipping.serving.model_process", str(model), "1"]
    return subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment()
    )


def test_it_says_that_it_is_ready_answers_and_ends_when_its_input_does() -> None:
    with started(made.photos().path) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        ready, _ = frames.read(child.stdout) or ({}, b"")
        assert (ready["do"], ready["runtime"]) == ("ready", "onnx")
        assert ready["card"]["classes"] == ["cat", "dog"]
        child.send_signal(signal.SIGTERM)  # a container's end is for the front process
        picture = served.pictures()[0]
        head: dict[str, Any] = {"id": 7, "do": "predict", "left": 60, "top": 2, "names": ["a"]}
        for piece in frames.packed(head | {"sizes": [len(picture)]}, picture):
            child.stdin.write(piece)
        child.stdin.flush()
        told, body = frames.read(child.stdout) or ({}, b"")
        assert (told["id"], told["failed"], told["batch"]) == (7, 0, 1)
        (row,) = json.loads(body)
        wanted = load(made.photos().path).predict(picture)[0]
        assert abs(row["probability"] - (wanted.probability or 0)) < 1e-6
        child.stdin.close()
        assert child.wait(served.HANG_S) == 0


def test_a_model_that_cannot_be_loaded_is_told_in_a_message(tmp_path: Path) -> None:
    (tmp_path / "a.onnx").write_bytes(b"no model")
    with started(tmp_path / "a.onnx") as child:
        assert child.stdout is not None
        told, _ = frames.read(child.stdout) or ({}, b"")
        assert (told["do"], told["code"]) == ("failed", "P001")
        assert child.wait(served.HANG_S) == 1


def test_nobody_left_to_tell_is_no_fault() -> None:
    command = [
        sys.executable, "-m", "striate.shipping.serving.model_process",
        str(made.photos().path), "1",
    ]  # fmt: skip
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, env=environment(),
    ) as child:  # fmt: skip
        assert child.stdout is not None
        child.stdout.close()
        assert child.wait(served.HANG_S) == 0
        assert child.stderr is not None
        assert child.stderr.read() == b""
