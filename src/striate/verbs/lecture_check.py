"""A student's own layers against the textbook's, in a process of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from striate.errors import FileFault, UsageError
from striate.lectures.checked.case import Case, Numbers
from striate.lectures.checked.judged import Wrong, explanation, first_wrong
from striate.lectures.checked.kinds import Asked, asked

SECONDS = 30


class Checked(NamedTuple):
    """One function: cases it answered, which are right, the first wrong element, why, or what stopped it."""

    function: str
    kind: str
    cases: int = 0
    right: tuple[str, ...] = ()
    wrong: Wrong | None = None
    why: str = ""
    stopped: str = ""
    hint: str = ""

    @property
    def is_right(self) -> bool:
        """Whether every number is."""
        return self.wrong is None and not self.stopped


def check(
    target: str, others: tuple[str, ...], seconds: int = SECONDS
) -> tuple[list[Checked], str]:
    """`my_layers.py:conv_forward` and further functions of that file; also what the code printed."""
    path, functions = _parted(target, others)
    wanted = [asked(name) for name in functions]
    with tempfile.TemporaryDirectory(prefix="striate-check-") as name:
        folder = Path(name)
        cases = _ask(wanted, folder)
        printed, stopped = _run(path, folder, seconds)
        answers = _answers(folder)
        if "import" in answers:
            fault = _exception(answers["import"])
            raise UsageError(f"{path.name} cannot be imported: {fault}", "repair it first")
        made = []
        for number, one in enumerate(wanted):
            found = answers.get(one.function)
            if found is None:
                made.append(_unanswered(one, folder, stopped))
                continue
            if "missing" in found:
                raise UsageError(
                    f"{path.name} has no function {one.function!r}",
                    "it has: " + (", ".join(found["missing"]) or "none"),
                )
            made.append(_judged(one, number, found, cases[number], folder))
    return made, printed


def _parted(target: str, others: tuple[str, ...]) -> tuple[Path, tuple[str, ...]]:
    """The file and the names of the functions."""
    file, colon, first = target.rpartition(":")
    if not colon or not file or not first.isidentifier():
        raise UsageError(
            f"{target!r} does not name a function in a file", "write my_layers.py:conv_forward"
        )
    for name in others:
        if not name.isidentifier():
            raise UsageError(f"{name!r} is no name of a function", "write it as in your file")
    path = Path(file)
    if not path.is_file():
        raise FileFault(f"there is no file {file}", "give the path of your own .py file", file)
    return path.resolve(), tuple(dict.fromkeys((first, *others)))


def _ask(wanted: list[Asked], folder: Path) -> list[dict[int, Case]]:
    """Write the cases and the questions."""
    questions, cases, count = [], [], 0
    for one in wanted:
        mine = [c for c in one.kind.cases() if c.upstream is not None or not one.is_backward]
        held = dict(enumerate(mine, count))
        count += len(held)
        for number, case in held.items():
            upstream = {} if case.upstream is None else {"upstream": case.upstream}
            arrays: dict[str, Any] = {**case.given, **upstream}
            np.savez(folder / f"case-{number}.npz", **arrays)
        forward = next(
            (f.function for f in wanted if f.kind is one.kind and not f.is_backward), None
        )
        questions.append(
            {
                "function": one.function,
                "forward": forward,
                "is_backward": one.is_backward,
                "outputs": one.outputs,
                "cases": [
                    {
                        "file": n,
                        "title": c.title,
                        "numbers": dict(c.numbers),
                        "packed": dict(c.packed),
                    }
                    for n, c in held.items()
                ],
            }
        )
        cases.append(held)
    (folder / "ask.json").write_text(json.dumps(questions), encoding="utf-8")
    return cases


def _run(path: Path, folder: Path, seconds: int) -> tuple[str, str]:
    """Run the child; what the code printed, and why it ended early if it did."""
    source = str(Path(__file__).resolve().parents[2])
    paths = os.pathsep.join(filter(None, (source, os.environ.get("PYTHONPATH"))))
    command = [sys.executable, "-m", "striate.lectures.checked.child", str(path), str(folder)]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, errors="replace", timeout=seconds, check=False,
            stdin=subprocess.DEVNULL, env=os.environ | {"PYTHONPATH": paths, "PYTHONIOENCODING": "utf-8"},
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return "", f"it took longer than {seconds} s"
    ended = "" if done.returncode == 0 else f"its process ended with code {done.returncode}"
    return done.stdout, ended


def _answers(folder: Path) -> dict[str, Any]:
    file = folder / "answer.json"
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    return found


def _unanswered(one: Asked, folder: Path, stopped: str) -> Checked:
    """The child did not come to an end; the last case it began is known."""
    now = folder / "now.json"
    function, case = json.loads(now.read_text(encoding="utf-8")) if now.is_file() else ("", "")
    if function in ("", one.function):
        at = f", at {case}" if case else ", while the file was imported"
        hint = "is there a loop that never ends? --seconds gives it more time"
        return Checked(one.function, one.kind.name, stopped=stopped + at, hint=hint)
    return Checked(one.function, one.kind.name, stopped=f"not looked at: {function} stopped it")


def _judged(
    one: Asked, number: int, found: dict[str, Any], cases: dict[int, Case], folder: Path
) -> Checked:
    """All that was computed, case by case; a fault counts after the numbers before it."""
    met: list[tuple[Case, dict[str, Numbers]]] = []
    for index, case in cases.items():
        file = folder / f"answer-{number}-{index}.npz"
        if file.is_file():
            with np.load(file) as held:
                met.append((case, {name: held[name] for name in held.files}))
    right: list[str] = []
    wrong: Wrong | None = None
    for case, outputs in met:
        faults = [
            fault
            for name, wanted in one.kind.right(case).items()
            if name in outputs and (fault := first_wrong(name, case, outputs[name], wanted))
        ]
        if faults:
            wrong = wrong or faults[0]
        else:
            right.append(case.title)
    why = ""
    if wrong is not None:
        name = wrong.output
        why = explanation(one.kind, name, [c for c, _ in met], [o[name] for _, o in met])
    stopped, hint = _stopped(found, one)
    return Checked(one.function, one.kind.name, len(met), tuple(right), wrong, why, stopped, hint)


def _stopped(found: dict[str, Any], one: Asked) -> tuple[str, str]:
    """Why there are no numbers for a case, and what to do."""
    if "fault" in found:
        return f"{_exception(found['fault'])}, at {found['case']}", f"wanted: {one.kind.signature}"
    if "shape" in found:
        return f"{found['shape']}, at {found['case']}", f"wanted: {one.kind.signature}"
    if "changed" in found:
        names = " and ".join(found["changed"])
        return f"it changes {names} in place, at {found['case']}", f"work on a copy: {names}.copy()"
    return "", ""


def _exception(fault: dict[str, Any]) -> str:
    """`ValueError: … in line 12: y = x + b`."""
    at = f" in line {fault['line']}" if fault["line"] else ""
    code = f": `{fault['code']}`" if fault["code"] else ""
    return (
        f"{fault['kind']}: {fault['text']}{at}{code}"
        if fault["text"]
        else f"{fault['kind']}{at}{code}"
    )
