"""Every module has its tests in the folder of the same path under tests/."""

from __future__ import annotations

from pathlib import Path

from tests.house.sources import PACKAGE, ROOT, dotted, modules, shown

# Modules whose tests stand elsewhere, and where.
ELSEWHERE = {
    "__main__.py": "tests/cli/test_main.py runs it",
}


def is_tested(path: Path) -> bool:
    """Whether tests of the same path are there, under the name of the module or of what it is a part of.

    `grammar/trace_flow.py` is served by `tests/grammar/test_trace_flow.py`, by `test_trace.py` beside it, by
    a test file of that folder which names the module, and by a sweep such as `tests/zoo/test_every_model.py`.
    """
    folder = ROOT / "tests" / path.relative_to(PACKAGE).parent
    parts = path.stem.split("_")
    names = {f"test_{'_'.join(parts[: i + 1])}.py" for i in range(len(parts))}
    found = list(folder.glob("test_*.py"))
    if any(test.name in names or test.name.startswith("test_every_") for test in found):
        return True
    named = (f"{dotted(path)} ", f"{dotted(path.parent)} import {path.stem}")
    return any(name in test.read_text(encoding="utf-8") for test in found for name in named)


def test_every_module_has_tests_in_the_folder_of_the_same_path() -> None:
    missing = []
    for path in modules():
        name = path.relative_to(PACKAGE)
        if name.name != "__init__.py" and name.as_posix() not in ELSEWHERE and not is_tested(path):
            missing.append(
                f"{shown(path)} wants tests/{name.with_name(f'test_{name.name}').as_posix()}"
            )
    assert not missing, "\n".join(missing)


def test_no_entry_of_the_list_of_exceptions_is_stale() -> None:
    for name in ELSEWHERE:
        assert (PACKAGE / name).exists(), f"{name} is gone: take it out of ELSEWHERE"
