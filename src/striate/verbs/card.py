"""`striate card`: the page of a classifier, and how to run it without Striate."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from striate.keeping.card import card_text
from striate.shipping.classifier import load_facts
from striate.shipping.snippets import page_snippet, python_snippet


class Card(NamedTuple):
    """What is known, as data and as a page in Markdown."""

    facts: dict[str, Any]
    text: str

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {"card": self.facts, "text": self.text}


def card(path: str | Path, file: str = "model.onnx") -> Card:
    """Of a run, a bundle or an exported file; nothing of it is run. `file` is the name in the snippets."""
    facts = load_facts(path)
    text = card_text(facts).rstrip()
    alone = [
        "## Without Striate",
        "",
        "`striate export` writes one file that takes the pixels of any picture. With "
        "`pip install onnxruntime numpy Pillow`:",
        "",
        "```python",
        python_snippet(facts, file).rstrip(),
        "```",
        "",
        "In a web page, after `npm install onnxruntime-web`; nothing leaves the browser:",
        "",
        "```html",
        page_snippet(facts, file).rstrip(),
        "```",
        "",
    ]
    return Card(facts, "\n".join([text, "", *alone]))
