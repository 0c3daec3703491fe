"""A recipe as a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from striate.errors import RecipeFault
from striate.training import recipe_file
from striate.training.recipe import Recipe


def test_a_file_names_only_what_it_changes(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text("seed = 7\n[optimiser]\nname = 'adamw'\n")
    assert recipe_file.read(path) == Recipe().changed(["seed=7", "optimiser.name=adamw"])


def test_faults_of_a_file_name_the_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text("[optimiser]\nname = 'fast'\n")
    with pytest.raises(RecipeFault) as caught:
        recipe_file.read(path)
    assert str(path) in caught.value.report()
    assert "optimiser.name is one of auto, sgd" in caught.value.report()


def test_a_file_that_is_missing_or_no_toml_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(RecipeFault, match="cannot be read: No such file"):
        recipe_file.read(tmp_path / "none.toml")
    bad = tmp_path / "bad.toml"
    bad.write_bytes(b"\xff\xfe")
    with pytest.raises(RecipeFault, match="not text in UTF-8"):
        recipe_file.read(bad)
    with pytest.raises(RecipeFault, match="no TOML"):
        recipe_file.from_text("a = = 1")


def test_differences_are_said_beside_the_value(tmp_path: Path) -> None:
    recipe_file.write(tmp_path / "r.toml", Recipe().changed(["batch=64"]))
    assert "# default: 0\nbatch = 64\n" in (tmp_path / "r.toml").read_text()
