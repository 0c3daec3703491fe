"""Imports only ever point back along the way a picture travels; see docs/architecture.md."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.house.sources import PACKAGE, SRC, dotted, imports, modules, shown

# From left to right. What shares a rank does not know one another, except in the ground.
GROUND = ("errors", "machine", "optional", "safe", "seeds", "fetch")
RANKS = (
    GROUND, ("pages",), ("geometry",), ("textbook",), ("pictures", "features", "grammar"), ("zoo",),
    ("keeping",), ("judging",), ("training",), ("seeing",), ("shipping",), ("lectures",), ("verbs",),
    ("studio",), ("cli",),
)  # fmt: skip
RANK = {name: rank for rank, names in enumerate(RANKS) for name in names}
FRONT_DOORS = {"striate", "striate.__main__"}  # they open onto everything, lazily

# Who may import a heavy or delicate package; a name ending in / is a folder.
ONLY_IN = {
    "PIL": ("pictures/files.py",),
    "onnx": ("shipping/to_onnx.py", "shipping/graph_text.py", "shipping/quantise.py"),
    "onnxscript": ("shipping/to_onnx.py",),
    "starlette": ("studio/", "shipping/serving/"),
    "uvicorn": ("studio/", "shipping/serving/"),
    "timm": ("zoo/", "grammar/trace.py"),
}
# These plan networks on the base install, so torch (and mostly numpy) must not be met on the way.
LIGHT = ("geometry/", "grammar/", "zoo/", "cli/", *(f"{name}.py" for name in GROUND))
MAY_IMPORT_TORCH = ("grammar/build.py", "grammar/parts.py", "grammar/trace.py", "zoo/pretrained.py")


def package_of(module: str) -> str | None:
    """`striate.grammar.read.read` lives in `grammar`; None for what is not ours, and for the front door."""
    parts = module.split(".")
    if parts[0] != "striate" or len(parts) == 1:
        return None
    return (
        parts[1] if (PACKAGE / parts[1]).is_dir() or (PACKAGE / f"{parts[1]}.py").exists() else None
    )


def within(path: Path, places: tuple[str, ...]) -> bool:
    """Whether a file of the library is one of `places`, or in a folder among them."""
    name = path.relative_to(PACKAGE).as_posix()
    return any(name.startswith(place) if place.endswith("/") else name == place for place in places)


@pytest.mark.parametrize("path", modules(), ids=shown)
def test_imports_point_back_along_the_way_of_a_picture(path: Path) -> None:
    if dotted(path) in FRONT_DOORS:
        pytest.skip("a front door opens onto everything")
    here = dotted(path).split(".")[1]
    assert here in RANK, (
        f"{here} has no place in the order; change docs/architecture.md and RANKS first"
    )
    for module, line, _ in imports(path):
        there = package_of(module)
        if there is None or there == here or (here in GROUND and there in GROUND):
            continue
        assert RANK[there] < RANK[here], (
            f"{shown(path)}:{line} imports {module}: {there} is not left of {here}"
        )


def test_the_ground_has_no_cycles() -> None:
    knows = {
        name: {package_of(m) for m, _, _ in imports(PACKAGE / f"{name}.py")} for name in GROUND
    }
    left = set(GROUND)
    while free := {name for name in left if not knows[name] & (left - {name})}:
        left -= free
    assert not left, f"these import one another: {sorted(left)}"


def test_modules_of_one_package_import_each_other_without_cycles() -> None:
    known = {dotted(path): path for path in modules()}
    knows: dict[str, set[str]] = {}
    for name, path in known.items():
        met = {m for m, _, when in imports(path) if when == "run"}
        knows[name] = {
            t for m in met for t in (m, m.rpartition(".")[0]) if t in known and t != "striate"
        }
    left = set(known)
    while free := {name for name in left if not knows[name] & (left - {name})}:
        left -= free
    assert not left, f"these import one another while being imported: {sorted(left)}"


@pytest.mark.parametrize("path", modules(), ids=shown)
def test_delicate_packages_are_imported_where_the_plan_says(path: Path) -> None:
    for module, line, _ in imports(path):
        places = ONLY_IN.get(module.split(".")[0])
        assert places is None or within(path, places), (
            f"{shown(path)}:{line} imports {module}; only {places} may"
        )


@pytest.mark.parametrize("path", [p for p in modules() if within(p, LIGHT)], ids=shown)
def test_planning_a_network_needs_neither_torch_nor_numpy(path: Path) -> None:
    for module, line, when in imports(path):
        root = module.split(".")[0]
        if root in ("torch", "torchvision") and not within(path, MAY_IMPORT_TORCH):
            assert when != "run", f"{shown(path)}:{line} imports {root} when it is imported"
            allowed = when == "types" or not within(path, ("geometry/", "grammar/"))
            assert allowed, f"{shown(path)}:{line}: {root} is not for here"
        if root == "numpy" and not within(path, MAY_IMPORT_TORCH):
            assert when != "run", f"{shown(path)}:{line} imports numpy when it is imported"


def test_nothing_imports_the_command_line() -> None:
    for path in modules():
        if within(path, ("cli/",)) or dotted(path) in FRONT_DOORS:
            continue
        met = [module for module, _, _ in imports(path) if package_of(module) == "cli"]
        assert not met, f"{shown(path)} imports {met}"


def test_the_order_here_is_the_order_of_the_architecture_page() -> None:
    text = (SRC.parent / "docs" / "architecture.md").read_text(encoding="utf-8")
    written = " < ".join((" " if i == 0 else " | ").join(names) for i, names in enumerate(RANKS))
    assert written in text, f"docs/architecture.md does not hold the line: {written}"
