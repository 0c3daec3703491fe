"""One page of a run: read from its folder and, for thumbnails, from its data where they can be opened."""

from __future__ import annotations

import csv
import os
import shlex
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from striate import safe
from striate.errors import StriateError
from striate.pages.report_told import Case, Command, Knob, Number, Told

if TYPE_CHECKING:
    from striate.keeping.runs import Run
    from striate.pictures.dataset import Dataset

PAGE = "report.html"
SIDE = 96  # pixels of a thumbnail
_LARGEST = 64 << 20
_SPLITS = ("train", "val", "test")
_T = TypeVar("_T")


def report(run: Path, path: Path | None = None) -> Path:
    """Write the quick page of a run, in its folder or to `path`, and give where it is.

    It reads the run's own files; what is missing or damaged is said on the page, and only a folder
    without a readable run.json is refused.
    """
    from striate.pages.report import page

    target, told = gathered(run, path)
    safe.write_text(target, page(told))
    return target


def gathered(run: Path, path: Path | None = None) -> tuple[Path, Told]:
    """Where the page belongs, and what the run's own files and its data say."""
    from striate.keeping.runs import Run

    opened = Run.open(run)
    target = opened.file(PAGE) if path is None else Path(path)
    missing: list[str] = []
    told = _read(opened, missing)
    dataset = _data(told, missing)
    if path is not None and dataset is not None:
        from striate.pictures.untouched import refuse_inside

        refuse_inside(_data_name(told), dataset, path)
    told = replace(told, thumbnails=_thumbnails(told, dataset, missing))
    return target, replace(told, missing=tuple(missing))


class _Part(NamedTuple):
    """A file of a run, what the page lacks without it, and whether it should be there."""

    name: str
    lacking: str
    is_due: bool = True


def _read(run: Run, missing: list[str]) -> Told:
    """Everything in the run's folder."""
    facts, status = run.facts(), run.status
    is_done = status == "finished"

    def part(about: _Part, read: Callable[[Path], _T], empty: _T) -> _T:
        return _tried(run.path / about.name, about, read, empty, missing)

    none: Mapping[str, Any] = {}
    return Told(
        name=run.path.resolve().name,
        status=status,
        facts=facts,
        scores=part(_Part("metrics.json", "scores", is_done), lambda _: run.scores() or {}, none),
        card=part(_Part("bundle/card.json", "licence of the weights", is_done), _json, none),
        classes=part(_Part("classes.json", "names of classes"), lambda _: run.classes(), ()),
        divided=part(_Part("splits.csv", "pictures of each class"), _divided, {}),
        evaluations=part(
            _Part("metrics.csv", "learning curves"), lambda _: tuple(run.metrics()), ()
        ),
        timings=part(_Part("timings.csv", "speed of training", False), _numbers, ()),
        cases=part(_Part("predictions.csv", "single pictures", is_done), lambda _: _cases(run), ()),
        knobs=part(_Part("recipe.toml", "recipe"), _knobs, ()),
        layers=_layers(facts),
        commands=tuple(_commands(run.path, status, facts)),
    )


def _tried(
    path: Path, about: _Part, read: Callable[[Path], _T], empty: _T, missing: list[str]
) -> _T:
    """What `read` finds, or else what stands for nothing, with a sentence added to the list."""
    if not path.exists():
        missing += [f"{about.lacking}: {about.name} is not there"] if about.is_due else []
        return empty
    try:
        return read(path)
    except StriateError as fault:
        missing.append(f"{about.lacking}: {fault.text}")
    except (OSError, ValueError, LookupError, TypeError, AttributeError, csv.Error) as fault:
        missing.append(f"{about.lacking}: {about.name} cannot be read ({fault})")
    return empty


def _json(path: Path) -> Mapping[str, Any]:
    from striate.keeping.manifest import small_content
    from striate.keeping.strict_json import parse

    found = parse(small_content(path, _LARGEST))
    if not isinstance(found, dict):
        raise ValueError("it holds no table")
    return found


def _cases(run: Run) -> tuple[Case, ...]:
    """The rows of predictions.csv."""
    return tuple(Case(*row) for row in run.predictions())


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with open(path, encoding="utf-8", errors="surrogateescape", newline="") as file:
        yield from csv.DictReader(file)


def _divided(path: Path) -> Mapping[str, Mapping[str, int]]:
    """How many pictures of each class each split has."""
    found: dict[str, dict[str, int]] = {split: {} for split in _SPLITS}
    for row in _rows(path):
        inside, label = found[row["split"]], row["label"]
        inside[label] = inside.get(label, 0) + 1
    return {split: inside for split, inside in found.items() if inside}


def _numbers(path: Path) -> tuple[Mapping[str, Number], ...]:
    """The rows of a table of numbers."""
    return tuple(
        {name: float(value) if value else None for name, value in row.items()}
        for row in _rows(path)
    )


def _knobs(path: Path) -> tuple[Knob, ...]:
    """Every value of the recipe beside its default."""
    from striate.training.recipe import Recipe

    values = Recipe.flat_of(tomllib.loads(path.read_text(encoding="utf-8")))
    defaults = Recipe().flat()
    return tuple(
        Knob(name, _plain(value), _plain(defaults[name]) if name in defaults else None)
        for name, value in values.items()
    )


def _plain(value: object) -> str:
    """A value of a recipe; 300 and 300.0 are one."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _layers(facts: Mapping[str, Any]) -> str:
    """The table of the network's layers. Only text of the grammar is read: no name imports anything."""
    from striate.grammar.plan import Plan

    model = facts.get("model")
    text = model.get("text") if isinstance(model, dict) else None
    if not isinstance(text, str):
        return ""
    try:
        return Plan.read(text).sheet.table()
    except StriateError:
        return ""


def _data_name(told: Told) -> str:
    data = told.facts.get("data")
    name = data.get("name") if isinstance(data, dict) else None
    return name if isinstance(name, str) else ""


def _data(told: Told, missing: list[str]) -> Dataset | None:
    """The data of the run, if they can be opened here; nothing is downloaded."""
    from striate.pictures.opening import open_as_given

    name, options = _data_name(told), told.facts.get("options")
    root = options.get("root") if isinstance(options, dict) else None
    if not name:
        return None
    try:
        return open_as_given(name, root=Path(root) if isinstance(root, str) else None)
    except StriateError as fault:
        missing.append(f"thumbnails: the data cannot be opened here, {fault.text}")
    except (OSError, ValueError) as fault:
        missing.append(
            f"thumbnails: the data cannot be opened here, {type(fault).__name__}: {fault}"
        )
    return None


def _thumbnails(told: Told, dataset: Dataset | None, missing: list[str]) -> dict[str, bytes]:
    """Small JPEGs of the pictures on the page. Pictures that were moved or relabelled since are told."""
    from striate.pages.report_cases import suspects, wanted

    paths = set(wanted(told))
    if dataset is None or not paths:
        return {}
    from striate.pictures.audit.thumbnails import thumbnails

    at = {path: place for place, path in enumerate(dataset.paths) if path in paths}
    lost = len(paths - set(at))
    if lost:
        missing.append(
            f"{lost:,} of {len(paths):,} thumbnails: the data have no such paths any more"
        )
    labels = {case.path: case.truth for case in told.cases if case.path in at}
    labels |= {one.path: one.label for one in suspects(told) if one.path in at}
    other = sum(dataset[at[path]].label != label for path, label in labels.items())
    if other:
        missing.append(
            f"labels: {other:,} of the pictures shown have another label in the data than in the run"
        )
    made = thumbnails(dataset, at.values(), SIDE)
    return {path: made[place] for path, place in at.items() if place in made}


def _commands(run: Path, status: str, facts: Mapping[str, Any]) -> Iterator[Command]:
    """What one can type next: only verbs that are there."""
    shown = shlex.quote(
        os.path.relpath(run) if run.resolve().is_relative_to(Path.cwd()) else str(run)
    )
    data = facts.get("data")
    name = data.get("name") if isinstance(data, dict) else None
    if status != "finished":
        yield from _if_there(f"resume {shown}", "go on with this run")
    else:
        yield from _if_there(f"predict {shown} PICTURE …", "name new pictures")
        yield from _if_there(f"see {shown} why PICTURE", "see what it looks at")
        yield from _if_there(f"export {shown}", "make a file for other programs")
    yield from _if_there(f"eval {shown} --data FOLDER", "judge it on other pictures")
    yield from _if_there(f"compare {shown} RUN", "see whether another run is truly better")
    if isinstance(name, str):
        yield from _if_there(
            f"check {shlex.quote(name)} --html check.html", "look at every picture of the data"
        )
    yield from _if_there(f"report {shown}", "write this page anew, with what the network looks at")


def _if_there(line: str, what: str) -> Iterator[Command]:
    """The command, if its verb has a file: the command line itself is not for here."""
    verb = line.partition(" ")[0]
    if (Path(__file__).parent.parent / "cli" / f"{verb.replace('-', '_')}.py").is_file():
        yield Command(f"striate {line}", what)
