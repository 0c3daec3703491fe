"""One value of a recipe: from what a file or a command line says to the kind its knob has, and TOML text.

The standard library reads TOML and does not write it; a recipe needs five kinds of values and tables one
deep, so the few lines that write it stand here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Literal

Kind = Literal["bool", "int", "float", "str"]
_YES, _NO = ("true", "yes", "on", "1"), ("false", "no", "off", "0")


def kind_of(value: object) -> Kind:
    """What kind a knob has, by its default."""
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int):
        return "int"
    return "float" if isinstance(value, float) else "str"


def read_value(value: object, kind: Kind) -> bool | int | float | str:
    """`value` as this kind; ValueError with the rest of a sentence."""
    if kind == "bool":
        return _truth(value)
    if kind == "str":
        if isinstance(value, str):
            return value
        raise ValueError(f"is a word, not {shown(value)}")
    if isinstance(value, bool):
        raise ValueError(f"is a number, not {shown(value)}")
    if isinstance(value, str):
        value = _number(value, kind)
    if kind == "int" and isinstance(value, float) and value.is_integer():
        value = int(value)
    if kind == "int" and isinstance(value, int):
        return value
    if kind == "float" and isinstance(value, int | float):
        return float(value)
    raise ValueError(f"is a {'whole ' if kind == 'int' else ''}number, not {shown(value)}")


def _truth(value: object) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in _YES + _NO:
        return value.lower() in _YES
    raise ValueError(f"is true or false, not {shown(value)}")


def _number(text: str, kind: Kind) -> int | float:
    try:
        return int(text) if kind == "int" else float(text)
    except ValueError:
        whole = "whole " if kind == "int" else ""
        raise ValueError(f"is a {whole}number, not {shown(text)}") from None


def shown(value: object) -> str:
    """A value as a message shows it: on one line, cut where long."""
    text = repr(value)
    return text if len(text) <= 60 else text[:59] + "…"


def to_toml(tables: Mapping[str, Any], comments: Mapping[str, str] | None = None) -> str:
    """Values first, then each table; a comment stands above its value or table."""
    said = comments or {}
    lines: list[str] = []
    for name, value in tables.items():
        if not isinstance(value, Mapping):
            lines += [f"# {said[name]}"] if name in said else []
            lines.append(f"{name} = {_written(value)}")
    for name, table in tables.items():
        if isinstance(table, Mapping):
            lines += ["", f"[{name}]"]
            for knob, value in table.items():
                where = f"{name}.{knob}"
                lines += [f"# {said[where]}"] if where in said else []
                lines.append(f"{knob} = {_written(value)}")
    return "\n".join(lines) + "\n"


def _written(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        text = repr(value)
        return text if any(c in text for c in ".en") else text + ".0"
    return json.dumps(value, ensure_ascii=False)
