"""Errors that say something, under codes that never change; tests whose names are sentences."""

from __future__ import annotations

import ast
import inspect
import re
from pathlib import Path

import pytest

from striate import errors
from striate.errors import StriateError
from tests.house.sources import ROOT, functions, modules, shown, tree

LETTERS = "UGSMDNFTXEP"


def kinds() -> list[type[StriateError]]:
    """Every class of faults."""
    found = [c for c in vars(errors).values() if inspect.isclass(c) and issubclass(c, StriateError)]
    return sorted(set(found), key=lambda kind: kind.code)


@pytest.mark.parametrize("kind", kinds(), ids=lambda kind: kind.__name__)
def test_every_error_has_a_code_a_title_and_a_page(kind: type[StriateError]) -> None:
    assert re.fullmatch(rf"[{LETTERS}]\d{{3}}", kind.code)
    assert "code" in vars(kind), (
        f"{kind.__name__} lives under the code of {kind.__mro__[1].__name__}"
    )
    assert len(kind.title) >= 8
    assert kind.title[0].islower()
    assert len(inspect.getdoc(kind) or "") >= 40
    assert kind.exit_code in (1, 2, 3, 4, 5, 6)


def test_no_two_errors_share_a_code() -> None:
    codes = [kind.code for kind in kinds()]
    assert len(codes) == len(set(codes))


def test_errors_are_made_in_one_file_only() -> None:
    ours = {kind.__name__ for kind in kinds()}
    for path in modules():
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.ClassDef) and path.name != "errors.py":
                bases = {ast.unparse(base).split(".")[-1] for base in node.bases}
                assert not bases & ours, f"{shown(path)}: {node.name} belongs into errors.py"


@pytest.mark.parametrize("path", modules(), ids=shown)
def test_every_raise_says_what_happened(path: Path) -> None:
    ours = {kind.__name__ for kind in kinds()}
    for node in ast.walk(tree(path)):
        if not isinstance(node, ast.Raise):
            continue
        made = node.exc
        if isinstance(made, ast.Name):
            assert made.id not in ours, (
                f"{shown(path)}:{node.lineno}: {made.id} is raised without a word"
            )
        if not isinstance(made, ast.Call) or ast.unparse(made.func).split(".")[-1] not in ours:
            continue
        first = (
            made.args[0]
            if made.args
            else next((k.value for k in made.keywords if k.arg == "text"), None)
        )
        silent = first is None or (isinstance(first, ast.Constant) and not str(first.value).strip())
        assert not silent, f"{shown(path)}:{node.lineno} raises without a text"


def sentences() -> list[tuple[Path, str]]:
    """Every test function of the project."""
    files = sorted((ROOT / "tests").rglob("test_*.py"))
    return [(p, name.split(".")[-1]) for p in files for name, _ in functions(p) if "test_" in name]


def test_names_of_tests_are_sentences() -> None:
    short = [
        f"{shown(path)}: {name}"
        for path, name in sentences()
        if name.startswith("test_") and len(name.split("_")) < 4
    ]
    assert not short, "\n".join(short)
