"""The list of figures: whole, its commands read by the command line, and those that need nothing run."""

from __future__ import annotations

import re
import shlex

import click
import pytest

from striate.cli.main import group
from striate.cli.see import WHAT
from striate.cli.typed import run
from striate.lectures.told.course import LECTURES
from striate.lectures.told.figures import NETWORKS, figures, markdown
from striate.zoo.catalogue import CATALOGUE
from tests.conftest import ROOT

NAMES = [told.name for told in LECTURES]
COMMANDS = list(
    dict.fromkeys(line for name in NAMES for one in figures(name) for line in one.commands)
)
OF_LECTURES = {line for told in LECTURES for part in told.sections for line in part.commands}
# What asks for a picture, a trained network or minutes; and what the lectures run anyway.
NEEDS_MORE = re.compile(
    r"photo\.jpg|canvas\.png|photos/|^striate (see|train|data|report|serve|predict|bas)"
)
ALONE = [line for line in COMMANDS if not NEEDS_MORE.search(line)]


def parsed(line: str) -> click.Context:
    """A command line as click reads it, and nothing run."""
    words = shlex.split(line)
    command: click.Command = group
    above = click.Context(group, **group.context_settings)
    while isinstance(command, click.Group):
        words = words[1:]
        found = command.get_command(above, words[0])
        assert found is not None, line
        command = found
    return command.make_context(words[0], words[1:], parent=above)


@pytest.mark.parametrize("name", NAMES)
def test_every_lecture_has_its_figures_each_with_a_command(name: str) -> None:
    found = figures(name)
    assert len(found) >= 14
    assert len({one.what for one in found}) == len(found)
    for one in found:
        assert one.commands, one.what
        assert "@" not in " ".join(one.commands).replace("--", "")


@pytest.mark.parametrize("line", [*NETWORKS, *COMMANDS])
def test_a_command_of_a_figure_is_one_that_the_command_line_takes(line: str) -> None:
    given = parsed(line).params
    if line.startswith("striate see"):
        assert given["run"] in {"convnet", "mlp", "linear", *CATALOGUE}
        assert ("--weights" in line) == (given["run"] in CATALOGUE)
        assert ("images" in WHAT[given["what"]]) or not given["images"]


@pytest.mark.parametrize("line", ALONE)
def test_a_command_that_needs_nothing_runs(line: str) -> None:
    plain = re.sub(r" -o \S+", "", line)
    if plain in OF_LECTURES:
        return  # the notebooks run it
    done = run(plain)
    assert done.code == 0, done.err
    assert done.out


def test_networks_that_are_looked_into_are_those_that_are_trained() -> None:
    trained = {shlex.split(line)[shlex.split(line).index("-o") + 1] for line in NETWORKS}
    asked = {shlex.split(line)[2] for line in COMMANDS if line.startswith("striate see")}
    assert asked - set(CATALOGUE) == trained


def test_the_page_of_figures_is_made_of_the_same_data() -> None:
    page = ROOT / "docs" / "lectures" / "figures.md"
    assert page.read_text(encoding="utf-8") == markdown(), "run scripts/write_lectures.py"
    for line in COMMANDS:
        assert line in markdown()
