"""The example of docs/seeing.md gives what it says."""

from __future__ import annotations

import re
from typing import Any

from tests.conftest import ROOT


def test_the_example_of_the_page_gives_what_it_says() -> None:
    text = (ROOT / "docs" / "seeing.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    told: dict[str, Any] = {}
    body, _, last = code.rstrip().rpartition("\n")
    exec(body, told)
    expression, _, expected = last.partition("# → ")
    assert repr(eval(expression, told)) == expected


def test_every_picture_of_the_page_is_there_and_has_words() -> None:
    text = (ROOT / "docs" / "seeing.md").read_text(encoding="utf-8")
    for words, path in re.findall(r"!\[(.*?)\]\((.*?)\)", text):
        assert len(words) > 20
        assert (ROOT / "docs" / path).stat().st_size < 250_000
