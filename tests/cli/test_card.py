"""`striate card` as a user types it."""

from __future__ import annotations

import json
from collections.abc import Callable

from tests.verbs import made


def test_the_card_is_a_page_in_markdown(striate: Callable) -> None:
    done = striate("card", str(made.photos().path))
    assert done.code == 0, done.err
    assert done.out.startswith("# ")
    assert "cat, dog" in done.out


def test_json_holds_the_card_as_data(striate: Callable) -> None:
    found = json.loads(striate("card", str(made.photos().path), "--json").out)
    assert found["card"]["classes"] == ["cat", "dog"]
    assert found["text"].startswith("# ")
