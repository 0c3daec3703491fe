"""The card is told from every form, without running anything of it."""

from __future__ import annotations

from pathlib import Path

from striate.verbs.card import card
from striate.verbs.export import Wanted, export
from tests.verbs import made


def test_every_form_has_the_same_card(tmp_path: Path) -> None:
    run = made.digits().path
    made.followed(export(run, Wanted(out=tmp_path / "m.onnx")))
    made.followed(export(run, Wanted("bundle", out=tmp_path / "m.striate")))
    texts = {card(path).text for path in (run, tmp_path / "m.striate", tmp_path / "m.onnx")}
    assert len(texts) == 1
    (text,) = texts
    assert "## How good it is" in text
    assert "```python" in text
    assert "onnxruntime-web" in text
    assert text.index("## Limits") < text.index("## Without Striate")


def test_the_data_of_the_card_is_given_too() -> None:
    found = card(made.digits().path).to_dict()
    assert found["card"]["classes"][3] == "3"
