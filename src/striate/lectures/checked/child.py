"""A student's functions, called in a process of their own.

Run as `python -m striate.lectures.checked.child FILE FOLDER`. FOLDER holds `ask.json` and `case-N.npz`; it
gets `answer.json`, and `answer-F-N.npz` for function F on case N.
Files carry arrays and JSON alone, in both directions.
"""

from __future__ import annotations

import importlib.util
import inspect
import json
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

_Function = Callable[..., Any]


def main(file: str, folder: str) -> None:
    """Answer every question, and stop at the first fault of each function."""
    place = Path(folder)
    questions = json.loads((place / "ask.json").read_text(encoding="utf-8"))
    answers: dict[str, Any] = {}
    try:
        module = _imported(Path(file))
    except BaseException as fault:  # noqa: BLE001  (it is the student's code: whatever it does is told)
        answers["import"] = told(fault, file)
    else:
        for number, question in enumerate(questions):
            answers[question["function"]] = _answered(module, question, number, place, file)
    (place / "answer.json").write_text(json.dumps(answers), encoding="utf-8")


def _imported(path: Path) -> ModuleType:
    """The file as a module, with its folder on the path for what stands beside it."""
    sys.path.insert(0, str(path.parent))
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path.name} is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


def _answered(
    module: ModuleType, question: dict[str, Any], number: int, place: Path, file: str
) -> dict[str, Any]:
    function = getattr(module, question["function"], None)
    if not callable(function):
        there = [
            name
            for name, value in vars(module).items()
            if inspect.isfunction(value) and not name.startswith("_")
        ]
        return {"missing": sorted(there)}
    forward = getattr(module, question["forward"] or "", None)
    for case in question["cases"]:
        (place / "now.json").write_text(
            json.dumps([question["function"], case["title"]]), encoding="utf-8"
        )
        with np.load(place / f"case-{case['file']}.npz") as held:
            given = {name: held[name] for name in held.files}
        try:
            outputs, changed = _called(function, forward, given, case, question)
        except BaseException as fault:  # noqa: BLE001
            return {"fault": told(fault, file), "case": case["title"]}
        if isinstance(outputs, str):
            return {"shape": outputs, "case": case["title"]}
        np.savez(place / f"answer-{number}-{case['file']}.npz", **outputs)
        if changed:
            return {"changed": changed, "case": case["title"]}
    return {}


def _called(
    function: _Function,
    forward: _Function | None,
    given: dict[str, Any],
    case: dict[str, Any],
    question: dict[str, Any],
) -> tuple[dict[str, Any] | str, list[str]]:
    """Outputs by their names, or a sentence why there are none; and the arguments that were changed."""
    upstream = given.pop("upstream", None)
    kept = {name: array.copy() for name, array in given.items()}
    if question["is_backward"]:
        cache = _cache(forward, given, case)
        made = function(upstream.copy(), cache)
    else:
        made = function(*_arguments(function, given, case))
    changed = [name for name, array in given.items() if not np.array_equal(array, kept[name])]
    return _named(made, question["outputs"], bool(question["is_backward"])), changed


def _arguments(function: _Function, given: dict[str, Any], case: dict[str, Any]) -> list[Any]:
    """Arrays, then numbers one by one; or all numbers as one dictionary where there is one place for them."""
    arrays, numbers = list(given.values()), list(case["numbers"].values())
    try:
        takes = [
            one
            for one in inspect.signature(function).parameters.values()
            if one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD)
        ]
    except (TypeError, ValueError):
        return arrays + numbers
    needed = sum(one.default is one.empty for one in takes)
    wants_packed = len(takes) == len(arrays) + 1 and (needed == len(takes) or bool(numbers))
    if case["packed"] and wants_packed:
        return [*arrays, dict(case["packed"])]
    return arrays + numbers


def _cache(forward: _Function | None, given: dict[str, Any], case: dict[str, Any]) -> Any:
    """What forward kept for backward, or all that it was called with."""
    if forward is None:
        return (*given.values(), *case["numbers"].values())
    arguments = _arguments(forward, given, case)
    made = forward(*arguments)
    parts = _parts(made)
    return parts[1] if len(parts) == 2 else tuple(arguments)


def _parts(made: Any) -> list[Any]:
    """What a function returned, one by one. A list of plain numbers, however deep, is one table."""
    if isinstance(made, tuple) or (
        isinstance(made, list) and not all(isinstance(one, float | int | list) for one in made)
    ):
        return list(made)
    return [made]


def _named(made: Any, names: list[str], is_backward: bool) -> dict[str, Any] | str:
    """What a function returned, by name. The second of (out, cache) is not looked at."""
    parts = _parts(made)
    if is_backward and len(parts) != len(names):
        return f"it returned {len(parts)} value(s), and {', '.join(names)} are wanted"
    outputs = {}
    for name, part in zip(names, parts, strict=False):
        array = np.asarray(part)
        if array.dtype.kind not in "fiub":
            return f"{name} is no array of numbers, but {type(part).__name__}"
        outputs[name] = array
    return outputs


def told(fault: BaseException, file: str) -> dict[str, Any]:
    """An exception as words: its kind, its text, and the last line of the student's own file."""
    frames = [
        one
        for one in traceback.extract_tb(fault.__traceback__)
        if Path(one.filename).name == Path(file).name
    ]
    line, code = (frames[-1].lineno, frames[-1].line) if frames else (None, None)
    if isinstance(fault, SyntaxError) and fault.lineno:
        line, code = fault.lineno, (fault.text or "").strip()
    text = fault.msg if isinstance(fault, SyntaxError) else str(fault)
    return {"kind": type(fault).__name__, "text": text, "line": line, "code": code}


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
