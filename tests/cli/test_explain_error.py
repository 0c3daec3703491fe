"""`striate explain-error`."""

from __future__ import annotations

import json
from collections.abc import Callable


def test_one_code_is_explained(striate: Callable) -> None:
    done = striate("explain-error", "n001")
    assert done.code == 0
    assert done.out.startswith("N001: a missing package (exit code 6)\n\nA package that this needs")


def test_all_codes_are_listed_as_agreed(striate: Callable, golden: Callable) -> None:
    golden("explain_error.out", striate("explain-error").out)


def test_an_unknown_code_is_told_its_neighbours(striate: Callable) -> None:
    done = striate("explain-error", "M099")
    assert done.code == 2
    assert "no error has the code 'M099'" in done.err
    assert "did you mean M00" in done.err


def test_programs_get_the_page_and_the_list(striate: Callable) -> None:
    one = json.loads(striate("explain-error", "G001", "--json").out)
    assert one["name"] == "UnknownWord"
    assert one in [
        {"schema_version": 1, **e}
        for e in json.loads(striate("explain-error", "--json").out)["errors"]
    ]
