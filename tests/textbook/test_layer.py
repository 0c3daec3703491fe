"""What holds for the whole package: what it may know, and that its examples are true."""

from __future__ import annotations

import doctest
import importlib
from pathlib import Path

import pytest

from striate.textbook.channels import Scale
from striate.textbook.sequence import Residual, Sequence
from tests.house.sources import PACKAGE, ROOT, dotted, imports, modules, shown

OURS = [path for path in modules() if path.parent == PACKAGE / "textbook"]
STANDARD = {
    "__future__",
    "abc",
    "collections",
    "dataclasses",
    "html",
    "inspect",
    "itertools",
    "math",
    "typing",
    "functools",
}
# Draws have an address as everywhere in the house, so `seeds` is the one file of the ground it knows.
KNOWN = ("striate.textbook", "striate.geometry", "striate.seeds")


@pytest.mark.parametrize("path", OURS, ids=shown)
def test_it_knows_numpy_geometry_and_the_seeds_alone(path: Path) -> None:
    for module, line, _ in imports(path):
        known = module.split(".")[0] in STANDARD | {"numpy"} or module.startswith(KNOWN)
        assert known, f"{shown(path)}:{line} imports {module}"


@pytest.mark.parametrize("path", OURS, ids=shown)
def test_the_examples_of_a_module_are_true(path: Path) -> None:
    assert doctest.testmod(importlib.import_module(dotted(path))).failed == 0


def test_the_examples_of_the_page_are_true() -> None:
    page = ROOT / "docs" / "textbook.md"
    found = doctest.testfile(
        str(page), module_relative=False, optionflags=doctest.NORMALIZE_WHITESPACE
    )
    assert found.attempted > 20
    assert found.failed == 0


def test_the_layers_within_a_layer_are_named_by_their_places() -> None:
    network = Sequence({"a": Scale(1), "res1": Residual(Sequence({"b": Scale(2)}))})
    assert [name for name, _ in network.named()] == [
        "",
        "a.",
        "res1.",
        "res1.body.",
        "res1.body.b.",
    ]
