"""Counts, shares and examples in words."""

from __future__ import annotations

from striate.pictures.audit.phrases import counted, examples, share


def test_one_thing_is_not_called_many() -> None:
    assert [counted(n, "class") for n in (0, 1, 2)] == ["0 classes", "1 class", "2 classes"]
    assert counted(12_000, "picture") == "12,000 pictures"


def test_a_small_share_is_not_called_nothing() -> None:
    assert share(1, 100_000) == "1 of 100,000 pictures (0.001 %)"
    assert share(1, 3) == "1 of 3 pictures (33.3 %)"
    assert share(0, 0) == "0 of 0 pictures (0 %)"


def test_examples_say_how_many_more_there_are() -> None:
    assert examples(["a", "b"]) == "a, b"
    assert examples(["a", "b", "c"], 1003) == "a, b, c and 1,000 more"
