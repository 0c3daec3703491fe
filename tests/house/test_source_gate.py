"""What must not stand in the sources: code in data, shells, prints, stubs, and places of one machine."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house.sources import modules, shown, text_files, tree

CODE_IN_DATA = {"pickle", "cPickle", "dill", "cloudpickle", "shelve", "marshal", "joblib", "yaml"}
BUILTINS = {"eval", "exec", "compile", "print", "breakpoint", "input", "__import__"}
CALLS = {"os.system", "os.popen", "torch.hub.load"}
# Runs as a process of its own and answers on stdout, where no command line stands between.
ANSWERS_ON_STDOUT = {"src/striate/zoo/sandbox.py"}
EMPTY_NAMES = {"utils", "util", "helpers", "helper", "misc", "common", "base", "tools", "core"}
# Written in pieces, so that this file does not hold what it forbids.
PLACES = re.compile(
    r"(?<![\w./])/(?:wo"
    + r"rk|ro"
    + r"ot|ho"
    + r"me|tmp/t"
    + r"ry|opt/py"
    + r"pi|opt/wh"
    + r"eels)/"
    r"|py" + r"pi\.org|python" + r"hosted\.org|py" + r"env"
)


def faults(path: Path) -> Iterator[tuple[int, str]]:
    """Every forbidden thing in one file of the library."""
    whole = tree(path)
    imported = dict(meanings(whole))
    for node in ast.walk(whole):
        line = getattr(node, "lineno", 0)
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield from ((line, what) for what in import_faults(node))
        elif isinstance(node, ast.Call):
            yield from ((line, what) for what in call_faults(node, imported))
        elif isinstance(node, ast.Assert):
            yield (
                line,
                "an assert, which -O takes out: raise an error that says what and what to do",
            )
        elif isinstance(node, ast.ExceptHandler) and node.type is None:
            yield line, "a bare except"
        elif isinstance(node, ast.Raise) and "NotImplementedError" in ast.unparse(node):
            yield line, "a stub: NotImplementedError"
        elif isinstance(node, ast.Global):
            yield line, "module-level state: global"


def meanings(whole: ast.AST) -> Iterator[tuple[str, str]]:
    """What the names that a file imports stand for: `np` for numpy, `load` for torch.load."""
    for node in ast.walk(whole):
        if isinstance(node, ast.Import):
            yield from ((one.asname, one.name) for one in node.names if one.asname)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            for one in node.names:
                yield one.asname or one.name, f"{node.module}.{one.name}"


def import_faults(node: ast.Import | ast.ImportFrom) -> Iterator[str]:
    """Packages that run code found in files, and star imports."""
    names = [alias.name for alias in node.names]
    homes = names if isinstance(node, ast.Import) else [node.module or ""]
    yield from (f"imports {home}" for home in homes if home.split(".")[0] in CODE_IN_DATA)
    if "*" in names:
        yield "a star import"


def call_faults(node: ast.Call, imported: dict[str, str]) -> Iterator[str]:
    """Calls that run text, a shell, or code found in files, by whatever name; and prints."""
    first, dot, rest = ast.unparse(node.func).partition(".")
    name = imported.get(first, first) + dot + rest
    given = {k.arg: ast.unparse(k.value) for k in node.keywords if k.arg}
    if name.removeprefix("builtins.") in BUILTINS:
        yield f"calls {name}()"
    if name in CALLS:
        yield f"calls {name}"
    if name == "torch.load" and given.get("weights_only") != "True":
        yield "torch.load without weights_only=True"
    if given.get("shell", "False") != "False":
        yield "a shell"
    third = ast.unparse(node.args[2]) if name == "numpy.load" and len(node.args) > 2 else "False"
    if given.get("allow_pickle", third) != "False":
        yield "allow_pickle"
    if name in ("sys.stdout.write", "sys.stderr.write"):
        yield "writes to the terminal past the command line's output.py"


@pytest.mark.parametrize("path", modules(), ids=shown)
def test_nothing_forbidden_stands_in_the_library(path: Path) -> None:
    answers = shown(path) in ANSWERS_ON_STDOUT
    found = [fault for fault in faults(path) if not (answers and "to the terminal" in fault[1])]
    met = [f"{shown(path)}:{line}: {what}" for line, what in found]
    assert not met, "\n".join(met)


@pytest.mark.parametrize("path", modules(), ids=shown)
def test_a_module_has_a_name_that_says_what_it_does(path: Path) -> None:
    parts = {part.removesuffix(".py") for part in path.parts[-3:]}
    assert not parts & EMPTY_NAMES, f"{shown(path)}: {parts & EMPTY_NAMES} says nothing"


@pytest.mark.parametrize("path", modules(), ids=shown)
def test_every_module_begins_by_saying_what_it_is(path: Path) -> None:
    assert ast.get_docstring(tree(path)), f"{shown(path)} has no docstring"


def test_no_file_names_a_place_of_one_machine() -> None:
    met = [
        f"{shown(path)}:{number}: {found[0]}"
        for path in text_files()
        for number, line in enumerate(
            path.read_text(encoding="utf-8", errors="replace").splitlines(), 1
        )
        if (found := PLACES.search(line))
    ]
    assert not met, "\n".join(met)


@pytest.mark.parametrize(
    "code",
    [
        "import pickle",
        "from joblib import load",
        "from os import *",
        "eval('1')",
        "exec('1')",
        "print(1)",
        "torch.load(f)",
        "torch.load(f, weights_only=False)",
        "np.load(f, allow_pickle=True)",
        "subprocess.run(c, shell=True)",
        "import yaml",
        "from yaml import load",
        "import yaml as y\ny.unsafe_load(f)",
        "from torch import load\nload(f)",
        "import torch as t\nt.load(f)",
        "from torch import load as read\nread(f, weights_only=False)",
        "import numpy as np\nnp.load(f, None, True)",
        "from numpy import load\nload(f, None, True)",
        "import numpy as np\nnp.load(f, allow_pickle=kind)",
        "import builtins\nbuiltins.eval('1')",
        "from builtins import exec as run\nrun('1')",
        "import os as o\no.system('x')",
        "from os import popen\npopen('x')",
        "assert x",
        "raise NotImplementedError",
        "try:\n  x\nexcept:\n  y",
        "def f():\n  global x",
    ],
)
def test_the_gate_sees_what_it_forbids(tmp_path: Path, code: str) -> None:
    path = tmp_path / "one.py"
    path.write_text(code)
    assert list(faults(path))


@pytest.mark.parametrize(
    "code",
    [
        "model.eval()",
        "torch.load(f, weights_only=True)",
        "from torch import load\nload(f, weights_only=True)",
        "import numpy as np\nnp.load(f)",
        "import numpy as np\nnp.load(f, None, False)",
        "import re\nre.compile('x')",
        "from re import compile as read\nread('x')",
        "from striate.shipping.classifier import load\nload(f)",
    ],
)
def test_the_gate_lets_through_what_is_harmless(tmp_path: Path, code: str) -> None:
    path = tmp_path / "one.py"
    path.write_text(code)
    assert not list(faults(path))
