"""`striate predict` as a user types it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from striate.cli.predict import Writer
from striate.shipping.answer import Answer
from striate.verbs.predict import Predicted
from tests.conftest import environment
from tests.verbs import made

ANSWERS = (
    Answer(
        "photos/cat.jpg", "cat", 0.98251, (("cat", 0.98251), ("dog", 0.01), ("fox", 0.00749)), True
    ),
    Answer("photos/=1+1.jpg", "dog", 0.412, (("dog", 0.412), ("cat", 0.4), ("fox", 0.188)), False),
    Answer.failed("photos/broken.jpg", "it is cut off (image file is truncated)"),
)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a model, three pictures and one that cannot be read."""
    monkeypatch.chdir(tmp_path)
    made.folder(tmp_path / "photos", ("cat", "dog"), (2, 1))
    (tmp_path / "photos" / "dog" / "zero.jpg").write_bytes(b"")
    shutil.copy(made.photos().path / "bundle" / "model.onnx", tmp_path)
    return tmp_path


@pytest.mark.parametrize("shown", ["table", "jsonl", "csv", "json"])
def test_each_form_is_as_agreed(
    shown: str, golden: Callable, capfd: pytest.CaptureFixture[str]
) -> None:
    writer = Writer(shown, 3)  # type: ignore[arg-type]
    writer.add(ANSWERS[:2])
    writer.add(ANSWERS[2:])
    writer.end(Predicted(Path("model.onnx"), None, 3, 1, 3, 0.25))
    golden(f"predict/{shown}.out", capfd.readouterr().out)


def test_json_without_a_row_is_json_too(capfd: pytest.CaptureFixture[str]) -> None:
    Writer("json", 3).end(Predicted(Path("m"), Path("out.jsonl"), 7, 0, 7, 0.25))
    assert json.loads(capfd.readouterr().out) == {
        "schema_version": 1, "model": "m", "path": "out.jsonl", "count": 7, "unreadable": 0,
        "seconds": 0.25,
    }  # fmt: skip


def test_a_pipe_gets_json_lines_and_a_warning_of_what_cannot_be_read(
    striate: Callable, place: Path
) -> None:
    done = striate("predict", "model.onnx", "photos")
    assert done.code == 0
    rows = [json.loads(line) for line in done.out.splitlines()]
    assert [row["path"] for row in rows] == [
        "photos/cat/000.jpg", "photos/cat/001.jpg", "photos/dog/000.jpg", "photos/dog/zero.jpg",
    ]  # fmt: skip
    assert list(rows[0]) == ["path", "label", "probability", "top", "sure", "error"]
    assert rows[3]["error"] == "it is empty (0 bytes)"
    assert done.err == "warning: 1 of 4 could not be read; their rows say why\n"


def test_strict_or_nothing_read_ends_with_three(striate: Callable, place: Path) -> None:
    assert striate("predict", "model.onnx", "photos", "--strict").code == 3
    assert striate("predict", "model.onnx", "photos/dog/zero.jpg").code == 3
    assert striate("predict", "model.onnx", "photos/cat", "--strict").code == 0


def test_the_ending_of_the_file_decides_its_form(striate: Callable, place: Path) -> None:
    done = striate("predict", "model.onnx", "photos", "-o", "out.csv", "--top", "1")
    assert done.out == "out.csv: 4 rows\n"
    lines = (place / "out.csv").read_text().splitlines()
    assert lines[0] == "path,label,probability,sure,error"
    assert lines[4] == "photos/dog/zero.jpg,,,,it is empty (0 bytes)"
    striate("predict", "model.onnx", "photos", "-o", "out.txt")
    assert (
        json.loads((place / "out.txt").read_text().splitlines()[0])["path"] == "photos/cat/000.jpg"
    )
    done = striate("predict", "model.onnx", "photos", "-o", "b.csv", "--format", "jsonl", "--json")
    assert json.loads(done.out)["count"] == 4
    assert (place / "b.csv").read_text().startswith("{")


def test_in_a_terminal_people_get_a_table(
    striate: Callable, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    done = striate("predict", "model.onnx", "photos/cat/000.jpg", "--threshold", "0")
    head, row = done.out.splitlines()
    assert head.split() == ["picture", "label", "probability", "sure", "next"]
    assert row.split()[0] == "photos/cat/000.jpg"
    assert " yes " in row


@pytest.mark.parametrize(
    ("flags", "text"),
    [
        (("--resume",), "--resume goes on with a file, and there is no -o"),
        (("-o", "x.jsonl", "--format", "table"), "a table is for people"),
        (("--top", "0"), "0 is not in the range"),
        (("--threshold", "2"), "2.0 is not in the range"),
    ],
)
def test_flags_that_do_not_go_together_are_told(
    striate: Callable, place: Path, flags: tuple[str, ...], text: str
) -> None:
    done = striate("predict", "model.onnx", "photos", *flags)
    assert done.code == 2
    assert text in done.err


def test_a_list_comes_from_another_program(place: Path) -> None:
    listing = subprocess.run(
        ["find", "photos", "-name", "0*.jpg", "-print0"], capture_output=True, check=True
    )
    done = subprocess.run(
        [sys.executable, "-m", "striate", "predict", "model.onnx", "-", "-0", "--format", "csv"],
        input=listing.stdout, capture_output=True, env=environment(), timeout=100,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.count(b"\n") == 4


def test_answers_come_while_the_list_still_grows(place: Path) -> None:
    """A folder that is watched: each name is answered before the next one is written."""
    process = subprocess.Popen(
        [sys.executable, "-m", "striate", "predict", "model.onnx", "-"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment(), bufsize=0,
    )  # fmt: skip
    assert process.stdin
    assert process.stdout
    for name in ("photos/cat/000.jpg", "photos/dog/000.jpg", "photos/dog/zero.jpg"):
        process.stdin.write(name.encode() + b"\n")
        assert json.loads(process.stdout.readline())["path"] == name
    process.stdin.close()
    assert process.wait(100) == 0
    process.stdout.close()


def test_a_reader_that_goes_away_ends_it_quietly(place: Path) -> None:
    names = "photos/cat/000.jpg\n" * 5_000
    Path("list").write_text(names)
    with open("list", "rb") as listing:
        process = subprocess.Popen(
            [sys.executable, "-m", "striate", "predict", "model.onnx", "-"],
            stdin=listing, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(),
        )  # fmt: skip
        assert process.stdout
        process.stdout.readline()
        process.stdout.close()
        code = process.wait(100)
    assert process.stderr
    assert (code, process.stderr.read()) == (141, b"")
    process.stderr.close()


def test_a_name_with_escapes_moves_no_cursor(
    striate: Callable, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "photos/\x1b[31mred.jpg"
    os.link("photos/cat/000.jpg", name)
    done = striate("predict", "model.onnx", name, "--format", "table")
    assert "\x1b" not in done.out
    done = striate("predict", "model.onnx", name, "--format", "jsonl")
    assert "\x1b" not in done.out
    assert json.loads(done.out)["path"] == name


def test_progress_is_shown_and_wiped(
    striate: Callable, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    done = striate("predict", "model.onnx", *["photos/cat/000.jpg"] * 9, "-o", "out.jsonl")
    assert "predicting: " in done.err
    assert " of 9" in done.err
    assert done.err.rstrip(" ").endswith("\r")
