"""Columns, JSON and colour."""

from __future__ import annotations

import io
import json

import pytest

from striate.cli import output

ROWS = [("conv3-64", 1728, None), ("a much longer name", 23508032, "x")]


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_columns_are_aligned_and_numbers_have_separators() -> None:
    assert output.table(("name", "parameters", "note"), ROWS, "lr").splitlines() == [
        "name                parameters  note",
        "conv3-64                 1,728  –",
        "a much longer name  23,508,032  x",
    ]


def test_a_table_without_rows_is_its_headings() -> None:
    assert output.table(("a", "b"), []) == "a  b"


def test_a_narrow_terminal_cuts_the_widest_text_and_no_number() -> None:
    lines = output.table(
        ("name", "parameters"), [row[:2] for row in ROWS], "lr", width=22
    ).splitlines()
    assert lines[2] == "a much lo…  23,508,032"
    assert max(map(len, lines)) == 22


def test_a_column_of_names_is_never_cut() -> None:
    lines = output.table(("name", "paper"), [("mobilenet_v3_large", "x" * 50)], "Ll", width=30)
    assert lines.splitlines()[1] == "mobilenet_v3_large  xxxxxxxxx…"


def test_a_terminal_too_narrow_for_anything_still_gets_a_table() -> None:
    lines = output.table(
        ("name", "parameters"), [row[:2] for row in ROWS], "lr", width=3
    ).splitlines()
    assert lines[2] == "a much …  23,508,032"


def test_a_pipe_gets_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    assert "x" * 500 in output.table(("name",), [("x" * 500,)])


def test_a_terminal_gives_its_width(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout", Terminal())
    monkeypatch.setenv("COLUMNS", "40")
    assert output.terminal_width() == 40
    assert len(output.table(("name",), [("x" * 500,)]).splitlines()[1]) == 40


def test_wide_letters_take_two_columns() -> None:
    assert output.width_of("犬") == 2
    assert output.width_of("e\u0301") == 1
    lines = output.table(("a", "b"), [("犬猫", "x"), ("dog", "x")]).splitlines()
    assert lines[1] == "犬猫  x"
    assert lines[2] == "dog   x"
    assert output.table(("a",), [("犬" * 20,)], width=9).splitlines()[1] == "犬犬犬犬…"


def test_what_moves_the_cursor_does_not_get_into_a_table() -> None:
    shown = output.table(("a",), [("x\ny\033[1mz",)])
    assert "\033" not in shown
    assert len(shown.splitlines()) == 2


def test_a_claim_is_no_number() -> None:
    assert output.table(("a",), [(True,)]).splitlines()[1] == "True"


def test_json_begins_with_its_version(capsys: pytest.CaptureFixture[str]) -> None:
    output.emit_json({"b": "é", "a": [1]})
    text = capsys.readouterr().out
    assert json.loads(text) == {"schema_version": 1, "b": "é", "a": [1]}
    assert text.startswith('{\n  "schema_version": 1,')
    assert "é" in text


def test_json_without_numbers_that_are_none() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        output.emit_json({"a": float("inf")})


def test_notes_and_warnings_go_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    output.note("reading")
    output.warn("7 pictures cannot be read")
    assert capsys.readouterr() == ("", "reading\nwarning: 7 pictures cannot be read\n")


@pytest.mark.parametrize(
    ("environ", "stream", "is_wanted"),
    [
        ({}, io.StringIO(), False),
        ({}, Terminal(), True),
        ({"TERM": "dumb"}, Terminal(), False),
        ({"NO_COLOR": "1"}, Terminal(), False),
        ({"NO_COLOR": ""}, Terminal(), True),
        ({"FORCE_COLOR": "1"}, io.StringIO(), True),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, Terminal(), False),
    ],
)
def test_colour_follows_the_environment_and_the_terminal(
    monkeypatch: pytest.MonkeyPatch, environ: dict[str, str], stream: io.StringIO, is_wanted: bool
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert output.wants_colour(stream) == is_wanted
    assert (output.paint("x", "red", stream) == "\033[31mx\033[0m") == is_wanted


def test_examples_keep_their_lines() -> None:
    assert output.examples("striate a", "striate b") == "\b\nExamples:\n  striate a\n  striate b"


def test_numbers_can_be_read() -> None:
    assert output.thousands(23508032) == "23,508,032"
