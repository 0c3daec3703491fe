"""Values of a recipe, one by one."""

from __future__ import annotations

import tomllib

import pytest

from striate.training.recipe_values import Kind, kind_of, read_value, shown, to_toml


@pytest.mark.parametrize(
    ("value", "kind", "made"),
    [
        ("3", "int", 3), (3.0, "int", 3), ("1e-3", "float", 0.001), (2, "float", 2.0),
        ("Yes", "bool", True), ("off", "bool", False), (True, "bool", True), ("adam", "str", "adam"),
    ],
)  # fmt: skip
def test_a_value_gets_its_kind(value: object, kind: Kind, made: object) -> None:
    got = read_value(value, kind)
    assert got == made
    assert type(got) is type(made)


@pytest.mark.parametrize(
    ("value", "kind"),
    [("3.5", "int"), (3.5, "int"), ("x", "float"), (True, "int"), ("maybe", "bool"), (1, "str")],
)
def test_another_kind_is_refused(value: object, kind: Kind) -> None:
    with pytest.raises(ValueError, match=r"^is "):
        read_value(value, kind)


def test_a_truth_is_no_number_though_python_says_so() -> None:
    assert kind_of(True) == "bool"
    assert kind_of(1) == "int"


def test_toml_text_is_what_the_standard_library_reads() -> None:
    table = {"a": 1, "b": {"c": 1e-7, "d": 'say "x"\n', "e": False, "f": 1e22, "g": 3.0}}
    assert tomllib.loads(to_toml(table, {"b.c": "small"})) == table


def test_long_values_are_cut_in_messages() -> None:
    assert len(shown("x" * 500)) == 60
