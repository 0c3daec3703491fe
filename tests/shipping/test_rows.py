"""Answers as lines."""

from __future__ import annotations

import csv
import io
import json
import os

from hypothesis import example, given
from hypothesis import strategies as st

from striate.shipping.answer import Answer
from striate.shipping.rows import head, json_row, rows

CAT = Answer("a.jpg", "cat", 0.75, (("cat", 0.75), ("dog", 0.25)), True)
BAD = Answer.failed("b.jpg", "it is empty (0 bytes)")
names = st.text(st.characters(exclude_characters="\0"), min_size=1)


def read(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode(), newline="")))


def test_json_lines_are_the_rows_of_the_contract() -> None:
    assert head("jsonl", 3) == b""
    assert rows("jsonl", [CAT, BAD], 3).decode() == (
        '{"path": "a.jpg", "label": "cat", "probability": 0.75, '
        '"top": [{"label": "cat", "probability": 0.75}, '
        '{"label": "dog", "probability": 0.25}], "sure": true, "error": null}\n'
        '{"path": "b.jpg", "label": null, "probability": null, "top": [], "sure": null, '
        '"error": "it is empty (0 bytes)"}\n'
    )


def test_csv_has_a_column_for_each_label_and_empty_cells_where_there_is_none() -> None:
    assert (head("csv", 3) + rows("csv", [CAT, BAD], 3)).decode() == (
        "path,label,probability,sure,error,label_2,probability_2,label_3,probability_3\n"
        "a.jpg,cat,0.75,1,,dog,0.25,,\n"
        "b.jpg,,,,it is empty (0 bytes),,,,\n"
    )
    assert head("csv", 1) == b"path,label,probability,sure,error\n"


def test_a_name_that_a_spreadsheet_would_compute_gets_an_apostrophe() -> None:
    for name in ('=HYPERLINK("x")', "+1.jpg", "-1.jpg", "@a", "\tx", "＝1"):
        (row,) = read(rows("csv", [Answer(name, "=cmd", 1.0, (), True)], 1))
        assert row[:2] == ["'" + name, "'=cmd"]


@given(names, st.text(st.characters(exclude_categories=["Cs"])), st.floats(0, 1))
@example("\ud800", "", 0.0)
def test_any_name_and_number_comes_back_from_both_forms(
    path: str, label: str, share: float
) -> None:
    one = Answer(path, label, share, ((label, share),), True)
    found = json.loads(json_row(one))
    assert (found["path"], found["label"], found["probability"]) == (path, label, share)
    assert json_row(one).count(b"\n") == 0
    (row,) = read(rows("csv", [one], 1))
    legible = path.encode("utf-8", "backslashreplace").decode()  # a half of a pair is no text
    assert [cell.removeprefix("'") for cell in row[:2]] == [
        legible.removeprefix("'"), label.removeprefix("'"),
    ]  # fmt: skip
    assert float(row[2]) == share
    assert not row[0].startswith(("=", "+", "-", "@"))


def test_a_name_that_is_no_text_comes_back_from_json_and_is_legible_in_csv() -> None:
    raw = b"caf\xe9.jpg"
    one = Answer.failed(os.fsdecode(raw), "no")
    assert os.fsencode(json.loads(json_row(one))["path"]) == raw
    assert read(rows("csv", [one], 1))[0][0] == "caf\\udce9.jpg"
