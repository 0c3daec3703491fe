"""Small HTML for notebooks: whole, escaped, without a script or an address."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path
from typing import cast

import numpy as np
import pytest

from striate.geometry.window import Window
from striate.grammar.plan import Plan
from striate.lectures.pool import Pooling, pool
from striate.pages.notebook import heading, lines, table
from striate.pictures.prepare import Preparation
from striate.shipping.classifier import Classifier
from striate.shipping.engine import Engine
from striate.textbook.convolution import Convolution
from striate.verbs.train import Trained


class Cells(HTMLParser):
    """Texts of cells, and tags that were opened and not closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.texts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs) -> None:
        self.open.append(tag)
        assert not {"src", "href", "onclick"} & {name for name, _ in attrs}

    def handle_endtag(self, tag) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data) -> None:
        self.texts.append(data)


def test_a_table_leaves_out_columns_with_nothing_in_them() -> None:
    read = Cells(table(("a", "b", "c"), [("1", "", "x"), ("2", "", "")], right=(0,)))
    assert read.open == []
    assert [text for text in read.texts if text.strip()] == ["a", "c", "1", "x", "2"]


def test_what_is_written_stays_text() -> None:
    for made in (heading("<b>"), lines(["<script>"]), table(("<i>",), [("<u>",)])):
        assert not {"<b>", "<script>", "<i>", "<u>"} & set(made.replace("><", ">\n<").split("\n"))
        assert "&lt;" in made


def test_a_plan_shows_its_table_in_a_notebook() -> None:
    plan = Plan.read("3x32x32: conv5p2-10 relu max2 fc10")
    read = Cells(plan._repr_html_())
    assert read.open == []
    assert {"conv1", "10x32x32", "760", "conv5p2-10"} <= set(read.texts)
    assert any("parameters" in text and "26,370" in text for text in read.texts)


def test_a_plan_without_an_input_says_so() -> None:
    assert "not bound to an input yet" in Plan.read("conv3-8 relu")._repr_html_()


@pytest.mark.parametrize("bias", [None, np.zeros(2)], ids=["no bias", "bias"])
def test_a_layer_of_the_textbook_shows_its_formula_and_its_weights(bias) -> None:
    layer = Convolution(np.zeros((2, 3, 3, 3)), bias, (Window(3), Window(3)))
    read = Cells(layer._repr_html_())
    assert read.open == []
    assert "Convolution" in read.texts
    assert "weight  2×3×3×3" in read.texts[-1]
    assert ("bias    2" in read.texts[-1]) == (bias is not None)
    assert any("N C H W to N O H' W'" in text for text in read.texts)
    assert read.texts[-1].endswith(f"{54 + (0 if bias is None else 2)} parameters")


def test_a_network_of_the_textbook_shows_all_its_layers() -> None:
    network = Plan.read("1x8x8: conv3-2 relu flatten fc10").build("textbook")
    read = Cells(network._repr_html_())
    assert "conv1.weight  2×1×3×3" in read.texts[0]
    assert "750 parameters" in read.texts[0]


class Idle:
    """An engine that is never asked."""

    name = "<idle>"


def test_a_classifier_shows_its_classes_with_names_that_stay_text() -> None:
    card = {
        "classes": ["cat", "<b>dog</b>"],
        "preparation": Preparation((32, 32)).to_dict(),
        "threshold": 0.5,
    }
    read = Cells(Classifier(card, cast("Engine", Idle()), "conv3-8 gap fc2")._repr_html_())
    assert read.open == []
    assert {"cat, <b>dog</b>", "conv3-8 gap fc2", "<idle>", "0.50"} <= set(read.texts)


def test_a_finished_run_shows_each_accuracy_with_its_interval() -> None:
    told = {"accuracy": 0.9889, "interval_95": [0.9678, 0.9962], "count": 270}
    read = Cells(Trained(Path("runs/one"), {"val": told})._repr_html_())
    assert {"run one", "98.89%", "96.78% to 99.62%", "270"} <= set(read.texts)
    assert "run two" in Trained(Path("runs/two"), {})._repr_html_()


def test_a_demonstration_shows_its_lines_and_its_drawing() -> None:
    shown = pool(np.arange(16.0).reshape(4, 4), Pooling())
    bundle = shown._repr_mimebundle_()
    assert bundle["text/plain"] == "\n".join(shown.lines)
    assert bundle["image/svg+xml"].startswith("<svg")
