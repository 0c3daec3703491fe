"""Tables in text files: lines are counted as an editor counts them."""

from __future__ import annotations

from pathlib import Path

import pytest

from striate.errors import FileFault, ManifestFault
from striate.pictures.inputs.csv_rows import cells, open_text, rows_of


def test_a_row_has_the_number_of_its_first_line(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b'a,b\r\n"one\ntwo",2\r\n\r\n3,4')
    with open_text(path) as file:
        found = list(cells(file, path, ",", ManifestFault))
    assert found == [(1, ["a", "b"]), (2, ["one\ntwo", "2"]), (4, []), (5, ["3", "4"])]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_columns_may_stand_in_any_order_and_encoding(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "a.csv").write_bytes(" B ,a,C\né,2,3\n,,\n".encode(encoding))
    assert list(rows_of(tmp_path / "a.csv", ("a", "b"), ManifestFault)) == [
        (2, {"b": "é", "a": "2", "c": "3"})
    ]


def test_half_a_file_in_two_byte_letters_is_no_table(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes("a,b\n1,2\n".encode("utf-16")[:-1])
    with pytest.raises(ManifestFault, match="is no CSV"):
        list(rows_of(tmp_path / "a.csv", ("a",), ManifestFault))


def test_a_folder_is_no_table(tmp_path: Path) -> None:
    with pytest.raises(FileFault, match="cannot be read: Is a directory"):
        open_text(tmp_path)
