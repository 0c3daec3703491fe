"""Rows that are whole, numbers that come back as they were."""

from __future__ import annotations

import csv
import math
import re
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from striate.errors import FileFault
from striate.keeping.run_tables import (
    METRICS,
    Prediction,
    append_metrics,
    cut_metrics,
    read_metrics,
    read_predictions,
    write_predictions,
)


def row(step: int) -> dict[str, Any]:
    return {"step": step, "epoch": step / 3, "train_loss": 0.1 + step, "val_loss": None}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Five evaluations at the steps 0, 10 … 40."""
    for step in range(0, 50, 10):
        append_metrics(tmp_path / "metrics.csv", row(step))
    return tmp_path / "metrics.csv"


def test_rows_come_back_to_the_last_bit(path: Path) -> None:
    assert path.read_text().split("\n")[0] == ",".join(METRICS)
    append_metrics(path, {"step": 2**40, "rate": 5e-324, "val_loss": 1e300, "val_accuracy": 1})
    rows = read_metrics(path)
    assert [r["step"] for r in rows] == [0, 10, 20, 30, 40, 2**40]
    assert rows[2] == {name: row(20).get(name) for name in METRICS}
    assert rows[5]["rate"] == 5e-324
    assert rows[5]["val_loss"] == 1e300
    assert rows[5]["val_accuracy"] == 1


def test_a_table_of_an_earlier_version_keeps_its_columns_and_goes_on(tmp_path: Path) -> None:
    old = tmp_path / "metrics.csv"
    head = "step,epoch,seconds,rate,train_loss,train_accuracy,val_loss,val_accuracy,pictures_per_second"
    old.write_text(f"{head}\n10,1,,0.1,2.0,0.5,1.0,0.75,\n")
    append_metrics(old, {"step": 20, "epoch": 2, "rate": 0.05, "val_accuracy": 0.875})
    first, second = read_metrics(old)
    assert (first["val_accuracy"], second["val_accuracy"]) == (0.75, 0.875)
    assert (second["rate"], second["seconds"], second["pictures_per_second"]) == (0.05, None, None)
    assert old.read_text().splitlines()[0] == head
    assert cut_metrics(old, 10) == 1


def test_a_table_without_a_column_that_is_told_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_text("step,epoch\n1,2\n")
    with pytest.raises(FileFault, match="it has no column rate"):
        append_metrics(tmp_path / "m.csv", {"step": 2, "rate": 0.1})
    assert (tmp_path / "m.csv").read_text() == "step,epoch\n1,2\n"


def test_what_is_no_number_comes_back_as_none_too(tmp_path: Path) -> None:
    append_metrics(tmp_path / "m", {"step": 1, "train_loss": float("nan"), "val_loss": math.inf})
    (only,) = read_metrics(tmp_path / "m")
    assert math.isnan(only["train_loss"] or 0)
    assert only["val_loss"] == math.inf


@pytest.mark.parametrize("bad", [{}, {"step": 1.0}, {"step": True}, {"step": 1, "loss": 2}])
def test_a_row_without_a_step_or_with_another_column_is_refused(tmp_path: Path, bad: dict) -> None:
    with pytest.raises(ValueError, match="a row of metrics needs a step"):
        append_metrics(tmp_path / "m", bad)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("torn", ["50,16.6", "5", "50,1,2,3,4,5,6", "50," * 3])
def test_a_line_that_was_never_finished_is_not_read_and_goes_with_the_next(
    path: Path, torn: str
) -> None:
    whole = path.read_bytes()
    path.write_bytes(whole + torn.encode())
    assert len(read_metrics(path)) == 5
    assert path.read_bytes() == whole + torn.encode(), "reading wrote"
    append_metrics(path, row(50))
    assert [r["step"] for r in read_metrics(path)] == [0, 10, 20, 30, 40, 50]
    assert path.read_bytes().startswith(whole)


@pytest.mark.parametrize(("step", "left"), [(100, 5), (40, 5), (39, 4), (20, 3), (0, 1), (-1, 0)])
def test_rows_past_a_step_are_cut_and_the_others_keep_every_byte(
    path: Path, step: int, left: int
) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(path.read_bytes() + b"77,torn")
    assert cut_metrics(path, step) == 5 - left
    assert path.read_bytes() == b"".join(lines[: 1 + left])
    assert [p.name for p in path.parent.iterdir()] == ["metrics.csv"]


def test_cutting_nothing_writes_nothing(path: Path) -> None:
    was = path.stat()
    assert cut_metrics(path, 40) == 0
    assert path.stat().st_ino == was.st_ino
    assert cut_metrics(path.with_name("none.csv"), 3) == 0
    assert read_metrics(path.with_name("none.csv")) == []


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "its first line names no columns"),
        ("a,b\n1,2\n", "its first line names no columns"),
        ("step,epoch\n1,2\n1\n3,4\n", "line 3 is no row of metrics"),
        ("step,epoch\nx,2\n", "line 2 is no row of metrics"),
        ("step,epoch\n1,x\n", "could not convert"),
        ("step,é\xff\n", ""),
    ],
)
def test_a_table_that_is_none_says_where(tmp_path: Path, text: str, reason: str) -> None:
    (tmp_path / "m.csv").write_bytes(text.encode("latin-1"))
    with pytest.raises(FileFault, match=r"m\.csv cannot be read: .*" + re.escape(reason)):
        read_metrics(tmp_path / "m.csv")


def test_predictions_come_back_as_they_were(tmp_path: Path) -> None:
    rows = [
        Prediction("a/b.jpg", "val", "cat", "dog", 1 / 3, True, 1e-17),
        Prediction('odd, "name"\n.png', "test", "é", "=1+1", 1.0, False, math.inf),
        Prediction("no-utf-8-\udcff.png", "val", "x", "y", 0.0, True, 0.5),
    ]
    path = tmp_path / "predictions.csv"
    write_predictions(path, iter(rows))
    assert read_predictions(path) == rows
    assert path.read_bytes().split(b"\n")[:2] == [
        b"path,split,truth,label,probability,sure,loss",
        b"a/b.jpg,val,cat,dog,0.3333333333333333,1,1e-17",
    ]


NAMES = st.text(st.characters(exclude_categories=[], exclude_characters="\0"), min_size=1)
PATHS = st.one_of(
    NAMES.map(
        lambda name: name.encode("utf-8", "surrogatepass").decode("utf-8", "surrogateescape")
    ),
    st.text(st.sampled_from('a\r\n,"; \udcff'), min_size=1),
)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(PATHS, PATHS, PATHS), max_size=4))
@example([("a\rb.png", "\r", "x\r\ny")])
def test_any_names_come_back_from_any_reader_of_csv(names: list[tuple[str, str, str]]) -> None:
    rows = [Prediction(p, "val", t, said, 0.5, False, 0.1) for p, t, said in names]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "predictions.csv"
        write_predictions(path, rows)
        assert read_predictions(path) == rows
        with open(path, encoding="utf-8", errors="surrogateescape", newline="") as file:
            found = list(csv.reader(file))
        assert [tuple(row[i] for i in (0, 2, 3)) for row in found[1:]] == names


@pytest.mark.parametrize("damage", ["a,b\n", "row", "2", "x"])
def test_predictions_that_are_none_say_where(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "p.csv"
    write_predictions(path, [Prediction("a", "val", "b", "c", 0.5, True, 0.7)])
    head, only, _ = path.read_text().split("\n")
    told = {"row": "a,b", "2": only.replace(",1,", ",2,"), "x": only.replace("0.7", "x")}
    path.write_text(damage if damage not in told else f"{head}\n{told[damage]}\n")
    with pytest.raises(FileFault, match=r"p\.csv cannot be read"):
        read_predictions(path)
    with pytest.raises(FileFault, match=r"no\.csv cannot be read: No such file"):
        read_predictions(tmp_path / "no.csv")
