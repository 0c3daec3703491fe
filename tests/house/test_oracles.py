"""What tests compare with is there when `scripts/setup` has run, so that no test is skipped for ever."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

from tests.house.sources import ROOT, shown, tree

PACKAGES = {
    "sklearn": "scikit-learn",
    "skimage": "scikit-image",
}  # import name -> package name, where they differ
# What only some people have, and why; a test of it is skipped elsewhere.
OPTIONAL = {
    "umap": "of `striate[see]`, which is large and of use to few",
    "faiss": "of `striate[see]`, which is large and of use to few",
    "pillow_heif": "a plugin that people install beside Pillow by themselves",
}


def looked_for() -> Iterator[tuple[str, Path]]:
    """Every package that `pytest.importorskip` asks for, and the file."""
    for path in sorted((ROOT / "tests").rglob("*.py")):
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("importorskip"):
                yield ast.literal_eval(node.args[0]).split(".")[0], path


def pinned() -> set[str]:
    """The names in constraints.txt, as package indexes compare them."""
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    return {plain(line.split("==")[0]) for line in lines if not line.startswith("#")}


def plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_what_a_test_is_skipped_without_is_installed_by_setup() -> None:
    have, missing = pinned(), []
    for name, path in looked_for():
        if name not in OPTIONAL and plain(PACKAGES.get(name, name)) not in have:
            missing.append(f"{shown(path)} looks for {name}, which setup does not install")
    assert not missing, "\n".join(missing)


def test_every_package_that_setup_asks_for_is_pinned() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = [*extras["dependencies"]]
    for name in ("train", "serve", "zoo", "dev"):
        asked += extras["optional-dependencies"][name]
    names = {plain(re.split(r"[<>=\[ ]", one)[0]) for one in asked} - {"striate"}
    assert names - pinned() == set()


def test_no_entry_of_the_list_of_optional_packages_is_stale() -> None:
    assert set(OPTIONAL) <= {name for name, _ in looked_for()}
