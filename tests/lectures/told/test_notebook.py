"""The notebooks of docs/lectures hold what their cells give when they are run.

Cells are run by a small executor of this file: it does what Jupyter does with plain cells.
"""

from __future__ import annotations

import ast
import json
import re
from typing import Any

import pytest

from striate.lectures.told.course import LECTURES
from striate.lectures.told.errata import ERRATA, markdown
from striate.lectures.told.notebook import source
from tests.conftest import ROOT

FOLDER = ROOT / "docs" / "lectures"
PIXELS = re.compile(r"data:image/[^\"]*")
PLACE = re.compile(r"-?\d+(?:\.\d+)?")
KEYS = {"code": {"cell_type", "execution_count", "metadata", "outputs", "source"},
        "markdown": {"cell_type", "metadata", "source"}}  # fmt: skip


def held(name: str) -> dict[str, Any]:
    """A notebook as data."""
    found: dict[str, Any] = json.loads((FOLDER / f"{name}.ipynb").read_text(encoding="utf-8"))
    return found


def run(text: str, names: dict[str, Any]) -> Any:
    """Run a cell; its last expression is its value."""
    tree = ast.parse(text)
    last = tree.body[-1]
    if not isinstance(last, ast.Expr):
        exec(compile(tree, "cell", "exec"), names)
        return None
    exec(compile(ast.Module(tree.body[:-1], []), "cell", "exec"), names)
    return eval(compile(ast.Expression(last.value), "cell", "eval"), names)


def assert_alike(one: str, other: str) -> None:
    """Two drawings with the same marks and words, whose places differ by rounding at most."""
    words, places = (
        ([PLACE.sub("#", PIXELS.sub("", svg)) for svg in (one, other)]),
        [[float(n) for n in PLACE.findall(PIXELS.sub("", svg))] for svg in (one, other)],
    )
    assert words[0] == words[1], "run scripts/write_lectures.py"
    assert places[0] == pytest.approx(places[1], abs=0.6, rel=1e-3)


@pytest.mark.parametrize("told", LECTURES, ids=lambda told: told.name)
def test_every_cell_of_a_notebook_gives_what_stands_under_it(
    told, capfd, tmp_path, monkeypatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    names: dict[str, Any] = {}
    for cell in held(told.name)["cells"]:
        if cell["cell_type"] != "code":
            continue
        capfd.readouterr()
        value = run("".join(cell["source"]), names)
        printed = capfd.readouterr().out
        if not cell["outputs"]:
            assert value is None
            continue
        stream, *results = cell["outputs"]
        assert "".join(stream["text"]) == printed, "run scripts/write_lectures.py"
        for result in results:
            bundle = value._repr_mimebundle_()
            wrote = {kind: "".join(lines) for kind, lines in result["data"].items()}
            assert wrote["text/plain"] == bundle["text/plain"]
            assert_alike(wrote["image/svg+xml"], bundle["image/svg+xml"])


@pytest.mark.parametrize("told", LECTURES, ids=lambda told: told.name)
def test_a_notebook_holds_every_section_and_every_command(told) -> None:
    cells = held(told.name)["cells"]
    titles = [c["source"][0].strip() for c in cells if c["cell_type"] == "markdown"][1:]
    assert titles == [f"## {n}  {one.title}" for n, one in enumerate(told.sections, 1)]
    ran = ["".join(c["source"]) for c in cells if c["cell_type"] == "code"][1:]
    assert ran == [source(line) for one in told.sections for line in one.commands]


@pytest.mark.parametrize("told", LECTURES, ids=lambda told: told.name)
def test_a_notebook_has_the_form_of_nbformat_4_and_is_small(told) -> None:
    assert (FOLDER / f"{told.name}.ipynb").stat().st_size < 600_000
    book = held(told.name)
    assert (book["nbformat"], book["nbformat_minor"]) == (4, 4)
    assert book["metadata"]["kernelspec"]["name"] == "python3"
    counts = []
    for cell in book["cells"]:
        assert set(cell) == KEYS[cell["cell_type"]]
        for one in cell.get("outputs", []):
            assert one["output_type"] in ("stream", "execute_result")
            assert set(one.get("data", ())) <= {"text/plain", "image/svg+xml"}
        counts += [cell["execution_count"]] if cell["cell_type"] == "code" else []
    assert counts == list(range(1, len(counts) + 1))


@pytest.mark.parametrize("told", LECTURES, ids=lambda told: told.name)
def test_a_notebook_shows_pictures_and_no_faults(told) -> None:
    texts = (FOLDER / f"{told.name}.ipynb").read_text(encoding="utf-8")
    cells = [cell for cell in held(told.name)["cells"] if cell["cell_type"] == "code"]
    shown = [cell for cell in cells if "striate show " in "".join(cell["source"])]
    assert len(shown) >= 4
    for cell in shown:
        drawn = [one for one in cell["outputs"] if "image/svg+xml" in one.get("data", ())]
        assert len(drawn) == 1, cell["source"]
    assert "error[" not in texts
    assert "<script" not in texts


def test_the_page_of_errata_is_made_of_the_same_data() -> None:
    page = FOLDER / "errata.md"
    assert page.read_text(encoding="utf-8") == markdown(), "run scripts/write_lectures.py"
    for one in ERRATA:
        assert f"## {one.lecture}: {one.title}" in markdown()
