"""Files and functions that fit a head; tests/house/exceptions.toml lists the few that may be larger."""

from __future__ import annotations

import ast
import tomllib
from functools import cache
from typing import Any

import pytest

from tests.house.sources import ROOT, Function, functions, modules, shown, text_files

LIMITS = {"module length": 300, "function length": 60, "parameters": 8, "nesting": 4}
LONGEST_LINE = 110
MOST_EXCEPTIONS = 5
BLOCKS = (
    ast.If | ast.For | ast.AsyncFor | ast.While | ast.With | ast.AsyncWith | ast.Try | ast.Match
)


def length(function: Function) -> int:
    """Lines of a function without its docstring and decorators."""
    lines = (function.end_lineno or function.lineno) - function.lineno + 1
    if ast.get_docstring(function, clean=False) is not None:
        first = function.body[0]
        lines -= (first.end_lineno or first.lineno) - first.lineno + 1
    return lines


def parameters(function: Function) -> int:
    """How many things a caller may pass, without self and cls."""
    a = function.args
    names = [x.arg for x in (*a.posonlyargs, *a.args, *a.kwonlyargs)]
    return len([n for n in names if n not in ("self", "cls")]) + bool(a.vararg) + bool(a.kwarg)


def nesting(node: ast.AST, depth: int = 0) -> int:
    """How deep blocks stand in one another; an elif counts as the if it continues."""
    deepest = depth
    for inner in ast.iter_child_nodes(node):
        if isinstance(inner, Function | ast.ClassDef):
            continue
        continues = (
            isinstance(node, ast.If) and isinstance(inner, ast.If) and node.orelse == [inner]
        )
        step = isinstance(inner, BLOCKS) and not continues
        deepest = max(deepest, nesting(inner, depth + step))
    return deepest


@cache
def measured() -> dict[tuple[str, str], int]:
    """Every measured size, by place and rule."""
    sizes: dict[tuple[str, str], int] = {}
    for path in modules():
        sizes[shown(path), "module length"] = len(path.read_text(encoding="utf-8").splitlines())
        for name, function in functions(path):
            where = f"{shown(path)}:{name}"
            sizes[where, "function length"] = length(function)
            sizes[where, "parameters"] = parameters(function)
            sizes[where, "nesting"] = nesting(function)
    return sizes


@cache
def exceptions() -> list[dict[str, Any]]:
    """The list of what may be larger."""
    with open(ROOT / "tests" / "house" / "exceptions.toml", "rb") as file:
        return tomllib.load(file).get("exception", [])


@pytest.mark.parametrize("rule", LIMITS)
def test_everything_keeps_the_size_the_house_allows(rule: str) -> None:
    allowed = {(e["where"], e["rule"]): e["limit"] for e in exceptions()}
    over = [
        f"{where}: {size}, allowed {allowed.get((where, kind), LIMITS[rule])}"
        for (where, kind), size in measured().items()
        if kind == rule and size > allowed.get((where, kind), LIMITS[rule])
    ]
    assert not over, f"{rule}:\n" + "\n".join(over)


def test_exceptions_are_few_and_each_has_a_reason() -> None:
    assert len(exceptions()) <= MOST_EXCEPTIONS
    for exception in exceptions():
        assert set(exception) == {"where", "rule", "limit", "reason"}
        assert len(exception["reason"]) >= 20, f"{exception['where']}: say why"


def test_no_exception_is_stale() -> None:
    for exception in exceptions():
        size = measured().get((exception["where"], exception["rule"]), 0)
        limit = LIMITS[exception["rule"]]
        assert size > limit, (
            f"{exception['where']} is {size} now, {limit} are allowed: take the exception out"
        )


def test_no_line_is_longer_than_people_read() -> None:
    long = [
        f"{shown(path)}:{number}"
        for path in text_files()
        if path.suffix == ".py"
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if len(line) > LONGEST_LINE
    ]
    assert not long, f"longer than {LONGEST_LINE}: {long}"
