"""How long it takes until a network is planned, and until the command says anything at all."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

REPEATS = 20
ROOT = Path(__file__).resolve().parent.parent
THOUSAND_LAYERS = "3x32x32: " + "(conv3p1-16 bn relu) " * 332 + "max2 gap fc10"
TIMED_IMPORT = (
    "import time; start = time.perf_counter(); import striate; "
    "print((time.perf_counter() - start) * 1000)"
)


class Row(NamedTuple):
    """One figure in milliseconds beside the aim; None where it could not be measured, with the reason."""

    what: str
    time_ms: float | None
    aim_ms: float | None
    note: str = ""


def rows() -> Iterator[Row]:
    """Measure one thing after the other."""
    yield measured("python -c pass (the floor of the next two)", None, lambda: run("-c", "pass"))
    yield measured("striate --help, from start to end", 100, lambda: run("-m", "striate", "--help"))
    command = ("-m", "striate", "plan", "resnet18")
    yield measured("striate plan resnet18, from start to end", None, lambda: run(*command))
    yield measured("import striate", 20, lambda: float(run("-c", TIMED_IMPORT)), times_itself=True)
    yield measured("plan of a text of 1,000 layers", 50, lambda: plan(THOUSAND_LAYERS))
    yield measured("plan of resnet152, from text", 50, lambda: plan("resnet152"))


def measured(
    what: str, aim_ms: float | None, action: Callable[[], object], times_itself: bool = False
) -> Row:
    """The median of REPEATS runs; an action that `times_itself` returns its own milliseconds."""
    times = []
    try:
        action()
        for _ in range(REPEATS):
            start = time.perf_counter()
            result = action()
            spent = (time.perf_counter() - start) * 1000
            times.append(result if times_itself and isinstance(result, float) else spent)
    except Exception as fault:  # noqa: BLE001  (one figure that cannot be had leaves the others)
        return Row(what, None, aim_ms, f"{type(fault).__name__}: {fault}")
    return Row(what, statistics.median(times), aim_ms)


def plan(text: str) -> str:
    """Plan a network and write its table, as the verb does."""
    import striate

    return str(striate.plan(text))


def run(*args: str) -> str:
    """Run Python on the sources beside this folder, and give what it printed."""
    paths = [str(ROOT / "src"), os.environ.get("PYTHONPATH", "")]
    environ = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, paths))}
    done = subprocess.run(
        [sys.executable, *args], capture_output=True, text=True, env=environ, check=True
    )
    return done.stdout
