"""The parts of the documentation that are made from the grammar itself."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import MISSING
from decimal import Decimal
from pathlib import Path

import pytest

from striate.errors import Remainder
from striate.grammar import read as reader
from striate.grammar.plain import ACTIVATIONS
from striate.grammar.plan import Plan
from striate.grammar.vocabulary import WORDS
from striate.grammar.words import Word, spelt

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE = (DOCS / "grammar.md").read_text(encoding="utf-8")


def productions() -> str:
    """The grammar as its reader states it."""
    lines = [line for line in str(reader.__doc__).splitlines() if " = " in line]
    return "\n".join(["```", *lines, "```"])


def options(kind: type[Word]) -> str:
    """How the fields of a word are spelt, with their defaults."""
    told = []
    for f in spelt(kind):
        spelling = {"": "n", "-": "-n"}.get(f.metadata["letter"], f.metadata["letter"])
        default = f.default[0] if isinstance(f.default, tuple) else f.default
        said = f"`{spelling}` {f.name.replace('_', ' ')}"
        if default is not MISSING and default is not None and not isinstance(default, bool):
            said += f" ({Decimal(repr(default)):f})"
        told.append(said)
    return ", ".join(told)


def words() -> str:
    """The table of every word."""
    rows = [
        "| Word | Like | n is the number after the name, then options (defaults) | What it does |",
        "|---|---|---|---|",
    ]
    for name, (kind, fixed) in WORDS.items():
        if not fixed:
            does = re.sub(r"\s+", " ", str(kind.__doc__)).replace("|", "\\|")
            rows.append(f"| `{name}` | `{kind.example}` | {options(kind)} | {does} |")
    for name, number in ACTIVATIONS.items():
        said = f"`n` {number}" if number else ""
        rows.append(f"| `{name}` | `{name}` | {said} | an activation |")
    return "\n".join(rows)


def filled(page: str) -> str:
    """The page with its made parts as they should be."""
    for name, text in (("productions", productions()), ("words", words())):
        part = re.compile(rf"<!-- {name} -->\n.*?<!-- end -->", re.DOTALL)
        assert part.search(page)
        made = f"<!-- {name} -->\n{text}\n<!-- end -->"
        page = part.sub(made.replace("\\", r"\\"), page)
    return page


def test_the_page_holds_the_productions_and_every_word(golden: Callable[..., None]) -> None:
    golden("grammar.md", filled(PAGE), at=DOCS)


@pytest.mark.parametrize(
    "text", re.findall(r"^(?:\d+x.*(?:\n  .*)*|\[.*|conv.*repeated.*)$", PAGE, re.MULTILINE)
)
def test_every_plan_on_the_page_can_be_read_and_bound(text: str) -> None:
    plan = Plan.read(text)
    plan = plan if plan.given else plan.on(3, 32, 32)
    assert len(plan.with_classes(10) if plan.head and plan.head.text == "fc" else plan)


def test_the_fault_on_the_page_is_the_one_that_is_made() -> None:
    with pytest.raises(Remainder) as met:
        Plan.read("3x7x7: conv5s3").check_exact()
    assert met.value.report() in PAGE
