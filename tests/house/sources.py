"""The files the house tests look at, and the little syntax-tree reading they share."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
SRC = ROOT / "src"
PACKAGE = SRC / "striate"
TEXT_SUFFIXES = {
    "", ".cfg", ".css", ".csv", ".html", ".js", ".json", ".md", ".out", ".py", ".svg", ".toml", ".txt",
    ".typed", ".yaml", ".yml",
}  # fmt: skip

Function = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def modules() -> tuple[Path, ...]:
    """Every Python file of the library."""
    return tuple(sorted(PACKAGE.rglob("*.py")))


@cache
def tree(path: Path) -> ast.Module:
    """The syntax tree of a file."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def shown(path: Path) -> str:
    """A path as people write it."""
    return path.relative_to(ROOT).as_posix()


def dotted(path: Path) -> str:
    """`src/striate/grammar/read.py` as `striate.grammar.read`."""
    parts = path.relative_to(SRC).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def functions(path: Path) -> Iterator[tuple[str, Function]]:
    """Every function of a file with its qualified name, nested ones too."""

    def walk(node: ast.AST, prefix: str) -> Iterator[tuple[str, Function]]:
        for inner in ast.iter_child_nodes(node):
            if isinstance(inner, Function):
                yield prefix + inner.name, inner
            named = isinstance(inner, Function | ast.ClassDef)
            name = f"{prefix}{inner.name}." if named else prefix  # type: ignore[attr-defined]
            yield from walk(inner, name)

    return walk(tree(path), "")


@cache
def text_files() -> tuple[Path, ...]:
    """Every text file that is, or would be, committed."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if listed.returncode == 0 and listed.stdout:
        paths = [ROOT / name for name in listed.stdout.split("\0") if name]
    else:  # an unpacked source archive has no git
        kept = ("src", "tests", "docs", "bench", "scripts")
        paths = [p for folder in kept for p in (ROOT / folder).rglob("*")] + list(ROOT.glob("*.*"))
    return tuple(
        sorted(
            p
            for p in paths
            if p.is_file() and p.suffix in TEXT_SUFFIXES and "__pycache__" not in p.parts
        )
    )


class Import(NamedTuple):
    """One imported module or name."""

    module: str
    line: int
    when: str  # "run" when the file is imported, "call" inside a function, "types" under TYPE_CHECKING


def imports(path: Path) -> Iterator[Import]:
    """Every import of a file; `from a import b` is given as `a.b`."""

    def walk(node: ast.AST, when: str) -> Iterator[Import]:
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(alias.name, node.lineno, when)
        elif isinstance(node, ast.ImportFrom):
            home = _home(path, node)
            for alias in node.names:
                yield Import(f"{home}.{alias.name}", node.lineno, when)
        elif isinstance(node, ast.If) and _is_type_checking(node.test):
            for inner in node.body:
                yield from walk(inner, "types")
            for other in node.orelse:
                yield from walk(other, when)
        else:
            for child in ast.iter_child_nodes(node):
                yield from walk(child, "call" if isinstance(node, Function) else when)

    return walk(tree(path), "run")


def _is_type_checking(test: ast.expr) -> bool:
    """`if TYPE_CHECKING:` or `if typing.TYPE_CHECKING:`."""
    return "TYPE_CHECKING" in (getattr(test, "id", None), getattr(test, "attr", None))


def _home(path: Path, node: ast.ImportFrom) -> str:
    """The absolute module of `from … import`, relative ones included."""
    if node.level == 0:
        return node.module or ""
    parts = dotted(path).split(".")
    parts = parts if path.name == "__init__.py" else parts[:-1]
    base = parts[: len(parts) - node.level + 1]
    return ".".join([*base, *([node.module] if node.module else [])])
