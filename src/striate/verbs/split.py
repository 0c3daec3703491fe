"""Divide pictures into train, val and test, and keep who is where in one file; nothing is copied."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from striate.errors import SplitFault

if TYPE_CHECKING:
    from striate.pictures.dataset import Dataset
    from striate.pictures.split_shares import Groups

NEAR_COPIES, NO_GROUPS = "near-copies", "none"
Show = Callable[[str, int, int], None]


class Divided(NamedTuple):
    """What was done: the dataset with its splits, the groups it kept together, the file written."""

    dataset: Dataset
    groups: int
    path: Path


def split(
    data: str | Path,
    path: str | Path,
    *,
    val: float = 0.15,
    test: float = 0.15,
    group_by: str | None = None,
    seed: int = 0,
    show: Show | None = None,
) -> Divided:
    """Divide `data` and write `path`, a CSV with path, label, split and group.

    `group_by` is a column of the manifest, a regular expression with one group that is matched
    against each path, or "near-copies"; what has the same value stays together. Without it the data's
    own groups are kept, or else near-copies; "none" looks at no picture. `show` hears how far that is.
    """
    from striate.pictures.dataset import Finding
    from striate.pictures.split import scarce, with_made, write_splits
    from striate.pictures.untouched import refuse_inside

    dataset, groups = grouped(data, group_by, show)
    refuse_inside(data, dataset, path)
    before = dataset.splits
    made = with_made(dataset, val, test, seed, groups)
    if before:
        shares = " · ".join(f"{name} {count:,}" for name, count in before.items())
        text = f"the data has splits of its own ({shares}): they are not used, all is divided anew"
        made = made.with_findings(Finding("splits-replaced", "warning", text))
    made = made.with_findings(*scarce(made))
    kept = made.groups if groups is None else groups
    write_splits(path, made, kept)
    return Divided(made, _count(kept), Path(path))


def grouped(
    data: str | Path, group_by: str | None, show: Show | None = None
) -> tuple[Dataset, Groups | None]:
    """The data as given, and one group value for each picture where that was asked for."""
    from striate.pictures.inputs.manifest import Listed, header_of, is_manifest, open_manifest
    from striate.pictures.inputs.manifest_columns import plain
    from striate.pictures.opening import open_as_given

    path = Path(data)
    columns = header_of(path) if is_manifest(path) and path.is_file() else []
    if group_by is not None and plain(group_by) in map(plain, columns):
        dataset = open_manifest(path, group_by)
        return dataset, dataset.groups
    dataset = open_as_given(data)
    if group_by == NO_GROUPS or (group_by is None and dataset.groups is not None):
        return dataset, None
    if group_by in {None, NEAR_COPIES}:
        return _copies(dataset, show)
    shown = columns if isinstance(dataset.source, Listed) else []
    return dataset, by_expression(dataset, group_by, shown)


def _copies(dataset: Dataset, show: Show | None) -> tuple[Dataset, Groups]:
    """One number for pictures that are copies of one another; every picture is read for that, and those
    that cannot be are told.
    """
    from striate.pictures.audit.audit_crew import read_all
    from striate.pictures.audit.copies import groups_of
    from striate.pictures.audit.facts import Facts
    from striate.pictures.dataset import Finding
    from striate.pictures.files import DEFAULT

    facts = Facts.empty(len(dataset))
    for done in read_all(dataset, facts, DEFAULT):
        if show:
            show("looking for copies", done, len(dataset))
    lost = len(dataset) - len(facts.read)
    if lost:
        text = (
            f"{lost:,} of {len(dataset):,} pictures cannot be read and are divided like the others; "
            "`striate check DATA` names them"
        )
        dataset = dataset.with_findings(Finding("unreadable", "warning", text))
    return dataset, groups_of(dataset, facts)


def by_expression(dataset: Dataset, expression: str, columns: list[str]) -> list[str]:
    """What the one group of an expression finds in each path; nothing where it finds nothing."""
    try:
        found = re.compile(expression)
    except re.error as fault:
        raise _no_group(
            expression, columns, f"it is no regular expression either: {fault}"
        ) from None
    if found.groups != 1:
        raise _no_group(
            expression, columns, f"as an expression it has {found.groups} groups, not one"
        )
    groups = [(met.group(1) or "") if (met := found.search(p)) else "" for p in dataset.paths]
    if not any(groups):
        raise SplitFault(
            f"{expression!r} matches no path; the first one is {dataset.paths[0]}",
            "the expression is looked for anywhere in the path, relative to the data",
            where=dataset.source.where,
        )
    return groups


def _no_group(name: str, columns: list[str], reason: str) -> SplitFault:
    known = f"; its columns are {', '.join(columns)}" if columns else ""
    return SplitFault(
        f"the data has no column {name!r}{known}; {reason}",
        "give a column of a manifest, an expression with one group such as '^([^_]+)_', "
        f"{NEAR_COPIES} or {NO_GROUPS}",
        where=f"--group-by {name}",
    )


def _count(groups: Groups | None) -> int:
    """How many groups have at least two pictures."""
    if groups is None:
        return 0
    import numpy as np

    from striate.pictures.split_shares import numbered

    numbers = numbered(groups)
    return int((np.bincount(numbers[numbers >= 0]) > 1).sum()) if (numbers >= 0).any() else 0
