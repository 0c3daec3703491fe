"""A recipe as a TOML file: what a person writes, and what a run keeps."""

from __future__ import annotations

import tomllib
from pathlib import Path

from striate import safe
from striate.errors import RecipeFault
from striate.training.recipe import Recipe
from striate.training.recipe_values import to_toml


def read(path: str | Path, base: Recipe | None = None) -> Recipe:
    """The recipe of a file; what it does not name is as in `base`."""
    try:
        text = Path(path).read_text(encoding="utf-8")
    except OSError as fault:
        raise RecipeFault(
            f"{path} cannot be read: {fault.strerror or fault}",
            "give a TOML file such as the recipe.toml of a run",
            where=str(path),
        ) from None
    except UnicodeDecodeError:
        raise RecipeFault(f"{path} is not text in UTF-8", where=str(path)) from None
    try:
        return from_text(text, base)
    except RecipeFault as fault:
        raise RecipeFault(
            fault.text, fault.hint, "\n".join([str(path), fault.where]).strip()
        ) from None


def from_text(text: str, base: Recipe | None = None) -> Recipe:
    """TOML text to a recipe; every fault is told at once."""
    try:
        found = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as fault:
        raise RecipeFault(
            f"the recipe is no TOML: {fault}", "names = values, tables in [brackets]"
        ) from None
    flat = Recipe.flat_of(found)
    return (base or Recipe()).with_values(flat)


def to_text(recipe: Recipe) -> str:
    """All knobs; those that differ from the defaults say what the default is."""
    said = {name: f"default: {there!r}" for name, (_, there) in recipe.differences().items()}
    return to_toml(recipe.to_dict(), said)


def write(path: str | Path, recipe: Recipe) -> None:
    """Keep a recipe as TOML, whole or not at all."""
    safe.write_text(path, to_text(recipe))
