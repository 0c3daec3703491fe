"""The base install stays small: what `pip install .` brings, and what that needs."""

from __future__ import annotations

import re
import tomllib
from importlib import metadata

from tests.conftest import ROOT

MOST_MB = 220
EMPTY_MB = 20  # a fresh environment with pip in it


def below(names: list[str]) -> dict[str, float]:
    """Megabytes of these packages and of all that they need on this system."""
    found: dict[str, float] = {}
    waiting = list(names)
    while waiting:
        name = re.split(r"[^\w.-]", waiting.pop())[0].lower()
        if name in found:
            continue
        try:
            one = metadata.distribution(name)
        except metadata.PackageNotFoundError:  # for another system, as colorama is
            continue
        files = [one.locate_file(file) for file in one.files or ()]
        found[name] = sum(f.stat().st_size for f in files if f.is_file()) / 1e6  # type: ignore[attr-defined]
        waiting += [need for need in one.requires or () if "extra ==" not in need]
    return found


def test_a_fresh_environment_of_the_base_install_has_at_most_220_megabytes() -> None:
    told = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    found = below(told)
    assert {"click", "numpy", "pillow", "onnxruntime"} <= found.keys()
    sources = ROOT / "src"
    found["striate"] = sum(p.stat().st_size for p in sources.rglob("*") if p.is_file()) / 1e6
    assert sum(found.values()) + EMPTY_MB < MOST_MB, found
