"""Importing Striate says nothing and changes nothing; planning needs neither torch nor numpy."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from tests.house.sources import dotted, imports, modules

IMPORT_AND_COMPARE = """
import importlib, json, os, sys, threading, warnings, locale, signal
importlib.import_module("json"); importlib.import_module("click")
{before}
def state():
    return [dict(os.environ), [str(f) for f in warnings.filters], threading.active_count(), os.getcwd(),
            locale.setlocale(locale.LC_ALL), str(signal.getsignal(signal.SIGINT)), sys.path[:]]
was = state()
for name in {names!r}:
    importlib.import_module(name)
print(json.dumps([was == state(), sorted(sys.modules)]), file=sys.__stderr__)
"""
HEAVY = ("torch", "torchvision", "onnx", "onnxruntime", "PIL", "timm", "starlette", "matplotlib")


def names(heavy: bool) -> list[str]:
    """Every module that imports something heavy while being imported, or every one that does not."""
    found = []
    for path in modules():
        roots = {module.split(".")[0] for module, _, when in imports(path) if when == "run"}
        if dotted(path) != "striate.__main__" and bool(roots & set(HEAVY)) == heavy:
            found.append(dotted(path))
    return found


def test_importing_the_light_modules_prints_nothing_and_changes_nothing(child: Callable) -> None:
    # NumPy adds warning filters of its own while being imported; that is NumPy's affair.
    code = IMPORT_AND_COMPARE.format(
        names=names(heavy=False), before="importlib.import_module('numpy')"
    )
    done = child("-W", "error", "-c", code)
    assert done.returncode == 0, done.stderr
    unchanged, loaded = json.loads(done.stderr)
    assert done.stdout == ""
    assert unchanged, (
        "an import changed the environment, warnings, threads, folder, locale, signals or path"
    )
    met = {name.split(".")[0] for name in loaded} & {"torch", "torchvision", "timm"}
    assert not met, f"a light module brings {met} along"


def test_importing_the_heavy_modules_changes_nothing_that_torch_has_not(child: Callable) -> None:
    if not names(heavy=True):
        pytest.skip("nothing heavy is here yet")
    # What torch does while being imported is torch's affair; what we add to it is ours.
    met = [m for p in modules() for m, _, when in imports(p) if when == "run"]
    roots = sorted({module.split(".")[0] for module in met} & set(HEAVY))
    before = "\n".join(f"importlib.import_module({root!r})" for root in roots)
    done = child("-c", IMPORT_AND_COMPARE.format(names=names(heavy=True), before=before))
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    assert json.loads(done.stderr)[0], (
        "an import changed the environment, warnings, threads or path"
    )


@pytest.mark.parametrize(
    "code",
    [
        "import striate",
        "import striate; striate.StriateError; dir(striate)",
        "from striate.cli.main import main; main(['--help'])",
        "from striate.cli.main import main; main(['plan', '--help'])",
        "from striate.cli.main import main; main(['doctor', '--help'])",
        "from striate.cli.main import main; main(['plam'])",
    ],
)
def test_help_and_import_need_neither_torch_nor_numpy(child: Callable, code: str) -> None:
    done = child("-c", f"{code}\nimport sys; print(sorted(sys.modules), file=sys.stderr)")
    assert done.returncode == 0, done.stderr
    loaded = done.stderr.splitlines()[-1]
    assert "'torch'" not in loaded
    assert "'numpy'" not in loaded


def test_help_imports_no_verb(child: Callable) -> None:
    code = "from striate.cli.main import main; main(['--help']); import sys; print(sorted(sys.modules))"
    loaded = child("-c", code).stdout.splitlines()[-1]
    assert "'striate.cli.main'" in loaded
    for other in ("striate.cli.plan", "striate.cli.doctor", "striate.verbs", "striate.grammar"):
        assert f"'{other}" not in loaded


def test_plan_is_the_function_even_after_its_module_was_imported(child: Callable) -> None:
    code = "import striate.verbs.plan, striate; assert callable(striate.plan); assert striate.Plan"
    done = child("-c", code)
    assert done.returncode == 0, done.stderr
