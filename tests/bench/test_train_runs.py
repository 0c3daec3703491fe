"""One command in a process of its own: its end, its answer, its memory, and that it stays at home."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from bench.train_figures import Figure
from bench.train_ours import command, read
from bench.train_runs import ROOT, Ran, run


def python(text: str) -> list[str | Path]:
    return [sys.executable, "-c", text]


def test_the_last_line_is_the_answer_and_chatter_before_it_is_not() -> None:
    ran = run(python("print('{not this}'); print('{\"accuracy\": 0.5}')"), 100)
    assert (ran.reason, ran.answer()) == ("", {"accuracy": 0.5})


def test_an_answer_over_several_lines_is_read_whole() -> None:
    text = json.dumps({"val": {"accuracy": 0.5}}, indent=2)
    assert Ran("", text, 1, 1).answer() == {"val": {"accuracy": 0.5}}
    assert Ran("", f"a note\n{text}\n", 1, 1).answer() == {"val": {"accuracy": 0.5}}
    assert Ran("", "no json\n[1]", 1, 1).answer() == {}


def test_a_failure_is_told_by_its_last_line() -> None:
    ran = run(python("import sys; sys.exit('first\\nthe reason')"), 100)
    assert ran.reason == "exit code 1: the reason"


def test_a_command_that_hangs_is_ended_with_all_it_started() -> None:
    ran = run(python("import subprocess as s; s.run(['sleep', '1000'])"), 2)
    assert ran.reason == "stopped after 2 s"
    assert ran.wall_s < 100


def test_what_was_started_ends_with_the_one_who_asked(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    inner = f"import pathlib, time; pathlib.Path({str(mark)!r}).touch(); time.sleep(1000)"
    text = (
        "import signal, sys; signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))\n"
        "from bench.train_runs import run\n"
        f"run([sys.executable, '-c', {inner!r}, 'of-the-bench'], 1000)"
    )
    asker = subprocess.Popen(python(text), cwd=ROOT)
    until(mark.exists)
    asker.terminate()
    assert asker.wait(100) == 143
    until(lambda: str(mark) not in running())


def running() -> str:
    """The command lines of all processes."""
    return subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True).stdout


def until(holds: Callable[[], bool]) -> None:
    """Waits, and gives up after a long time."""
    for _ in range(1000):
        if holds():
            return
        time.sleep(0.1)
    raise TimeoutError


def test_peak_memory_is_that_of_the_child() -> None:
    small, large = run(python("pass"), 100), run(python("x = b'1' * 300_000_000"), 100)
    assert 200e6 < large.peak_bytes - small.peak_bytes < 400e6


def test_a_peer_is_offline_and_writes_its_settings_into_a_folder_of_its_own(tmp_path: Path) -> None:
    ran = run(
        python(
            "import os, json, pathlib; e = os.environ; print(json.dumps("
            "[str(pathlib.Path.home()), e['YOLO_OFFLINE'], e['https_proxy']]))"
        ),
        100,
        home=tmp_path,
    )
    assert json.loads(ran.printed) == [str(tmp_path), "true", "http://127.0.0.1:9"]


def test_flags_name_the_data_the_time_the_seed_and_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STRIATE_DATA", str(tmp_path))
    line = command(Figure("m", "M", "fashion", 60), 2, tmp_path / "run", None)
    assert line[1:5] == ["-m", "striate", "train", "fashion-mnist"]
    assert line[5:] == ["--budget", "60s", "-o", str(tmp_path / "run"), "--seed", "2", "--json"]
    flags = ("--pretrained={weights}", "--budget", "9s")
    line = command(Figure("h", "H", "hymenoptera", 900, flags=flags), 0, tmp_path, tmp_path / "x")
    assert line[4] == str(tmp_path / "x")
    assert line[5].startswith(f"--pretrained={tmp_path}")
    assert line.count("--budget") == 1


def test_what_a_run_folder_says_is_read_and_preparing_counts_in_the_curve(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text(
        json.dumps(
            {
                "seconds": {"prepare": 2.0, "measure": 1.0, "train": 10.0, "judge": 5.0},
                "decided": {"steps": 40, "batch": 100, "epochs": 2.0, "precision": "bf16"},
                "model": {"macs": 7, "parameters": 8, "name": "striate-s"},
            }
        )
    )
    (tmp_path / "metrics.csv").write_text(
        "step,seconds,val_accuracy,pictures_per_second\n0,,0.3,\n20,,0.5,\n40,,0.7,\n"
    )
    (tmp_path / "timings.csv").write_text(
        "step,seconds,pictures_per_second\n0,2,0.0\n20,3,410\n40,4,430\n"
    )
    printed = json.dumps({"run": "r", "test": {"accuracy": 0.8}})
    found = read(Figure("a", "A", "cifar", 10), 0, Ran("", printed, 20.0, 99), tmp_path)
    assert (found.accuracy, found.seconds, found.wall_s, found.error) == (0.8, 10.0, 20.0, "")
    assert found.pictures_per_second == 400
    assert found.curve == ((5.0, 0.3), (8.0, 0.5), (12.0, 0.7), (13.0, 0.8))


def test_a_run_that_failed_is_a_row_with_the_reason_and_no_number(tmp_path: Path) -> None:
    ran = Ran("exit code 2: no such verb", "", 1.0, 99)
    found = read(Figure("a", "A", "cifar", 10), 0, ran, tmp_path / "missing")
    assert found.accuracy is None
    assert found.error == "exit code 2: no such verb"
    silent = read(Figure("a", "A", "cifar", 10), 0, Ran("", "", 1.0, 99), tmp_path / "missing")
    assert silent.error == "it printed no accuracy"
