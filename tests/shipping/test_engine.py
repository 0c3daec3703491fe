"""What the parts of a classifier give, each alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from striate.errors import BundleRefused, FileFault
from striate.keeping.bundle import read
from striate.pictures.files import to_png
from striate.shipping import facts, graph_text, network, opened
from striate.shipping.answer import Answer
from striate.shipping.classifier import load
from striate.shipping.facts import digest_of, facts_of
from striate.shipping.graph_text import Graph
from tests.verbs import made


def test_an_answer_is_the_row_of_the_contract() -> None:
    told = Answer("a.jpg", "cat", 0.75, (("cat", 0.75), ("dog", 0.25)), True).to_dict()
    assert list(told) == ["path", "label", "probability", "top", "sure", "error"]
    assert told["top"] == [
        {"label": "cat", "probability": 0.75},
        {"label": "dog", "probability": 0.25},
    ]
    failed = Answer.failed("b.jpg", "it is empty").to_dict()
    assert (failed["label"], failed["sure"], failed["error"]) == (None, None, "it is empty")


def test_a_decoded_file_and_its_prepared_pixels_are_the_same_input() -> None:
    engine = load(made.photos().path).engine
    pixels = np.random.default_rng(0).integers(0, 256, (20, 31, 3), dtype=np.uint8)
    assert np.array_equal(engine.decode(to_png(pixels)), engine.prepare(pixels))


def test_what_a_file_says_of_itself_has_no_table_of_every_class(tmp_path: Path) -> None:
    found = read(made.photos().path / "bundle")
    told = facts_of(found.card, found.plan_text, "tensor")
    assert told["kind"] == "tensor"
    assert told["plan"] == found.plan_text
    assert len(told["preparation_sha256"]) == 64
    assert facts.facts_of(found.card, "", "picture")["kind"] == "picture"
    assert digest_of(b"") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_equal_constants_are_held_once_and_unused_ones_not_at_all() -> None:
    graph = Graph()
    first, second = graph.double(1.0), graph.double(1.0)
    assert first == second
    assert graph.held == []
    graph.op("Add", first, second)
    graph.integer(1)
    assert [one.name for one in graph.held] == [first]
    assert graph_text.Graph("x_").op("Neg", "a").startswith("x_")


def test_names_of_models_are_told_apart_by_their_end(tmp_path: Path) -> None:
    assert opened.is_graph("a/B.ONNX")
    assert not opened.is_graph("a/b.striate")
    with (
        pytest.raises(FileFault, match="cannot be read"),
        opened.open_graph(tmp_path / "none.onnx"),
    ):
        pass


def test_weights_that_are_not_those_of_the_text_are_refused_without_memory_for_it(
    tmp_path: Path,
) -> None:
    from striate.keeping import bundle

    found = read(made.photos().path / "bundle")
    bundle.write(tmp_path / "large", found.tensors(), "3x999999x999999: fc2", found.card)
    with pytest.raises(BundleRefused, match="are not those of its network"):
        network.network_of(read(tmp_path / "large"))
