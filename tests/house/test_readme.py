"""The README's commands do what it says; docs and pyproject agree with the code."""

from __future__ import annotations

import re
import shlex
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from striate.verbs.doctor import EXTRAS
from tests.house.sources import ROOT

RUNNABLE = ("plan", "models", "doctor", "explain-error", "completion")
PAGES = [
    path for path in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))) if path.exists()
]


def commands(page: Path) -> list[str]:
    """The `striate …` lines of every ```sh block of a page."""
    blocks = re.findall(
        r"^```sh\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )
    return [line for block in blocks for line in block.splitlines() if line.startswith("striate ")]


SHOWN = [(page, line) for page in PAGES for line in commands(page)]


@pytest.mark.parametrize(
    ("page", "line"), SHOWN, ids=[f"{page.name}: {line}" for page, line in SHOWN]
)
def test_a_shown_command_runs(striate: Callable, page: Path, line: str) -> None:
    words = shlex.split(line, comments=True)[1:]
    if not words or words[0].lstrip("-") not in (*RUNNABLE, "help", "version"):
        pytest.skip("this verb needs more than a moment")
    done = striate(*words)
    assert done.code == 0, done.err


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), f"{page.name} links to {target}, which is not there"


def test_doctor_knows_the_extras_of_the_project_file() -> None:
    with open(ROOT / "pyproject.toml", "rb") as file:
        listed = tomllib.load(file)["project"]["optional-dependencies"]
    for extra, modules in EXTRAS.items():
        names = sorted(re.split(r"[<>=!~ ]", line)[0] for line in listed[extra])
        assert names == sorted(modules.values()), f"striate[{extra}]"


def test_torch_and_torchvision_are_pinned_together() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = dict(line.split("==") for line in lines if "==" in line and not line.startswith("#"))
    assert {"torch", "torchvision", "numpy", "onnxruntime", "Pillow".lower()} <= {
        name.lower() for name in pins
    }
