"""The page of a bundle: all that is known, and no name that becomes markup."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from striate.keeping.card import card_faults, card_text, class_faults
from tests.conftest import GOLDEN

CARD = json.loads((GOLDEN / "bundle-1" / "card.json").read_bytes())


def test_the_card_of_the_golden_bundle_is_good_and_its_page_is_golden(golden: Callable) -> None:
    assert card_faults(CARD) == []
    golden("bundle-1-card.md", card_text(CARD))


def test_figures_come_with_interval_and_count() -> None:
    scores = {"test": {"accuracy": 0.9, "interval_95": [0.85, 0.94], "count": 1200}}
    text = card_text({**CARD, "scores": scores})
    assert "- test: 90.00% right, 95 % interval 85.00% to 94.00%, 1,200 pictures" in text
    assert "optimistic" not in text


def test_without_a_test_split_the_page_calls_the_figures_optimistic() -> None:
    assert "There was no test split: these figures are optimistic" in card_text(CARD)
    assert "optimistic" not in card_text({**CARD, "scores": {}})


def test_a_page_is_made_of_whatever_is_known() -> None:
    for card in ({}, {"classes": 3, "scores": {"val": 7}, "model": None, "versions": []}):
        text = card_text(card)
        assert text.startswith("# A classifier of pictures\n")
        assert "None" not in text
        assert "## How good it is" not in text


HOSTILE = [
    "<script>alert(1)</script>", "[click](javascript:x)", "![x](http://x)", "a\n# b", "`x`", "|||",
    "**b**", "&lt;", "\x1b[31m", "\u202egnp", "x" * 10_000,
]  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_no_name_becomes_markup_or_leaves_its_line(name: str) -> None:
    plain = card_text({**CARD, "classes": ["a", "b"], "model": {"name": "m", "text": "t"}})
    text = card_text(
        {**CARD, "classes": [name, "b"], "model": {"name": name, "text": name}, "created": name}
    )
    assert text.count("\n") == plain.count("\n")
    assert all(line.isprintable() for line in text.split("\n"))
    outside = "".join(text.split("`")[::2])  # what stands between backticks is shown as it is
    rest = outside.replace("\\\\", "").replace("\\<", "").replace("\\[", "").replace("\\|", "")
    assert not set("<[|") & set(rest)
    assert len(text) < 10_000


def test_more_than_twenty_classes_are_counted() -> None:
    text = card_text({**CARD, "classes": [f"c{i}" for i in range(1000)]})
    assert "It tells 1,000 classes apart: c0, c1" in text
    assert "c19 and 980 more." in text


def test_classes_are_at_least_two_distinct_texts() -> None:
    assert class_faults(["a", "b"]) == []
    assert class_faults(("é", "ü")) == []
    for bad in (None, "ab", [], ["a"], ["a", "a"], ["a", None], ["a", ""], ["a", "\ud800"]):
        assert len(class_faults(bad)) == 1
