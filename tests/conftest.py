"""What every test has: a seeded generator, golden files, the shared data or a reason, and the command."""

from __future__ import annotations

import difflib
import os
import random
import signal
import subprocess
import sys
import threading
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

if TYPE_CHECKING:
    import numpy as np

ROOT = Path(__file__).resolve().parent.parent
GOLDEN = ROOT / "tests" / "golden"


class Result(NamedTuple):
    """What a command left behind."""

    code: int
    out: str
    err: str


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--write-golden`, which `make fix` uses."""
    parser.addoption(
        "--write-golden",
        action="store_true",
        help="run only the tests with golden files, and write the files anew",
    )


def pytest_configure(config: pytest.Config) -> None:
    """A shell that runs the tests in the background has them ignore Ctrl-C, and what they start inherits
    that: then a test that sends it waits in vain.
    """
    here = threading.current_thread() is threading.main_thread()
    if here and signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """With `--write-golden` only the tests that use golden files are of interest."""
    if not config.getoption("--write-golden"):
        return
    kept = [item for item in items if "golden" in getattr(item, "fixturenames", ())]
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = kept


@pytest.fixture(autouse=True)
def _plain_and_deterministic(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same seeds, width and colours for every test; torch is seeded only where it is loaded already."""
    for name in ("NO_COLOR", "FORCE_COLOR", "STRIATE_DEBUG", "_STRIATE_COMPLETE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "100")
    seed = zlib.crc32(request.node.nodeid.encode())
    random.seed(seed)
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        numpy.random.seed(seed)
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.manual_seed(seed)
        torch.use_deterministic_algorithms(True, warn_only=False)


@pytest.fixture
def rng(request: pytest.FixtureRequest) -> np.random.Generator:
    """A NumPy generator of this test's own; the same in every run."""
    import numpy as np

    return np.random.default_rng(zlib.crc32(request.node.nodeid.encode()))


@pytest.fixture(scope="session")
def data() -> Path:
    """The shared data folder, or a skip that says how to get it."""
    named = os.environ.get("STRIATE_DATA")
    if not named:
        pytest.skip("needs the shared data: set STRIATE_DATA to its folder")
    folder = Path(named)
    if not folder.is_dir():
        pytest.skip("needs the shared data: STRIATE_DATA names no folder")
    return folder


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[..., None]:
    """`golden("name.out", text)` compares with `tests/golden/name.out`; `at=` names another folder."""
    writing = request.config.getoption("--write-golden")

    def compare(name: str, text: str, at: Path = GOLDEN) -> None:
        path, text = at / name, text.rstrip("\n") + "\n"
        if writing:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
            return
        if not path.exists():
            pytest.fail(
                f"{path.relative_to(ROOT)} is missing: run `make fix`, look at it, and add it"
            )
        wanted = path.read_text(encoding="utf-8")
        if text != wanted:
            lines = difflib.unified_diff(
                wanted.splitlines(), text.splitlines(), f"golden/{name}", "now", lineterm=""
            )
            pytest.fail(
                "\n".join([*lines, "", "if this is wanted: `make fix`, and look at the diff"])
            )

    return compare


@pytest.fixture
def striate(capfd: pytest.CaptureFixture[str]) -> Callable[..., Result]:
    """Run the command in this process, as `striate("plan", "resnet18")`."""
    from striate.cli.main import main

    def run(*args: str) -> Result:
        capfd.readouterr()
        code = main(args)
        out, err = capfd.readouterr()
        return Result(code, out, err)

    return run


@pytest.fixture
def child() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run Python in a process of its own that finds `striate`: `child("-c", "import striate")`."""

    def run(*args: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *args],
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=120,
            env=environment() | (env or {}),
        )

    return run


def environment() -> dict[str, str]:
    """This environment, with the sources on Python's path."""
    return os.environ | {"PYTHONPATH": str(ROOT / "src"), "PYTHONIOENCODING": "utf-8"}
