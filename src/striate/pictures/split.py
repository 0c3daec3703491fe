"""What was given is checked, what was not given is made and said, and both are kept in `splits.csv`.

Which picture goes where is decided in `split_shares.py`.
"""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from striate import safe
from striate.errors import ClassNotInTrain, SplitFault
from striate.pictures.dataset import SPLITS, UNSPLIT, Dataset, Finding
from striate.pictures.inputs.csv_rows import rows_of
from striate.pictures.same import MOST, equal_files
from striate.pictures.split_shares import (
    TEST,
    TEST_AT,
    TRAIN_AT,
    VAL,
    VAL_AT,
    Groups,
    listed,
    stratified,
)

FEW = 10  # pictures of a class below which scores mean little
MOST_VAL = 2_500  # taken from train: its accuracy is known to a point or so, and the rest teaches
COLUMNS = ("path", "label", "split", "group")
_WORDS = {
    "train": TRAIN_AT, "training": TRAIN_AT,
    "val": VAL_AT, "valid": VAL_AT, "validation": VAL_AT, "dev": VAL_AT,
    "test": TEST_AT, "testing": TEST_AT,
}  # fmt: skip


def split_of(word: str) -> int | None:
    """The place in SPLITS that a folder's or column's word means, in any capitals; None if it is no
    such word.

    >>> split_of("Validation")
    1
    """
    return _WORDS.get(word.strip().casefold())


def complete(
    dataset: Dataset, val: float | None = None, test: float = TEST, seed: int = 0
) -> Dataset:
    """What was given, checked, and what was not given, made and said: val from train, never from
    test. val: its share; None is 15 %, of train alone at most MOST_VAL pictures.
    """
    if len(dataset) and (dataset.split == UNSPLIT).all():
        made = _made_on_opening(dataset, VAL if val is None else val, test, seed)
    elif not dataset.splits.get("train"):
        raise SplitFault(
            f"no pictures are in train (there are: {', '.join(dataset.splits) or 'none'})",
            "name the folder or the column's value `train`, or open the one folder you mean",
            where=dataset.source.where,
        )
    else:
        check_classes(dataset)
        most = min(VAL, MOST_VAL / dataset.splits["train"])
        made = _with_val(dataset, most if val is None else val, seed)
        if "test" not in made.splits:
            text = "there is no test: val figures are optimistic, because val also chooses when to stop"
            made = made.with_findings(Finding("no-test", "note", text))
    return made.with_findings(*scarce(made))


def _made_on_opening(dataset: Dataset, val: float, test: float, seed: int) -> Dataset:
    """Splits that keep equal files together, since a copy in val makes the score too good; said where
    that cannot be done.
    """
    same, notes = _equal(dataset)
    try:
        return with_made(dataset, val, test, seed, same).with_findings(*notes)
    except SplitFault:
        if same is None:
            raise
        return with_made(dataset, val, test, seed).with_findings(_divided(same))


def _equal(dataset: Dataset) -> tuple[NDArray[np.int64] | None, tuple[Finding, ...]]:
    """The equal files of data without groups of its own, and a note where there are too many to look."""
    if dataset.groups is not None:
        return None, ()
    if len(dataset) > MOST:
        text = (
            f"copies were not looked for among {len(dataset):,} pictures (up to {MOST:,} are, on opening): "
            "they may lie on both sides of a split; `striate split` keeps them together"
        )
        return None, (Finding("copies-not-looked-for", "note", text),)
    return equal_files(dataset), ()


def _divided(same: NDArray[np.int64]) -> Finding:
    text = (
        f"{int((same >= 0).sum()):,} files are copies of one another, too many to keep them on one "
        "side: scores are too good; `striate check` lists them"
    )
    return Finding("copies-divided", "warning", text)


def with_made(
    dataset: Dataset,
    val: float = VAL,
    test: float = TEST,
    seed: int = 0,
    groups: Groups | None = None,
) -> Dataset:
    """All three splits made here, whatever was given, by the groups given or those of the data."""
    groups = dataset.groups if groups is None else groups
    found = dataset.with_split(stratified(dataset, val, test, seed, groups), SPLITS)
    shares = " · ".join(f"{name} {count:,}" for name, count in found.splits.items())
    kept = ", groups kept together" if groups is not None else ""
    text = f"the splits are made here, class by class with seed {seed}{kept}: {shares}"
    return found.with_findings(Finding("split-made", "note", text))


def _with_val(dataset: Dataset, val: float, seed: int) -> Dataset:
    """Val taken from train where there is none."""
    if "val" in dataset.splits or not val:
        return dataset
    rows = dataset.places("train")
    inner = dataset.only(rows)
    same, notes = _equal(inner)
    split = dataset.split.copy()
    try:
        split[rows] = stratified(inner, val, 0.0, seed, inner.groups if same is None else same)
    except SplitFault:
        if same is None:
            raise
        split[rows] = stratified(inner, val, 0.0, seed)
        notes = (_divided(same),)
    found = dataset.with_split(split, ("val",))
    text = (
        f"there is no val: {found.splits.get('val', 0):,} of {len(rows):,} pictures of train were taken "
        f"for it, class by class with seed {seed}; test is never used for that"
    )
    return found.with_findings(Finding("val-made", "note", text), *notes)


def check_classes(dataset: Dataset) -> None:
    """Refuse a class of val or test that train lacks, naming every one."""
    train = dataset.counts_in("train")
    lost = [
        (split, name, count)
        for split in ("val", "test")
        for name, count in dataset.counts_in(split).items()
        if count and not train[name]
    ]
    if not lost:
        return
    split, name, count = lost[0]
    shown = "; ".join(f"{s}: {n!r}, {c:,} picture(s)" for s, n, c in lost[:20])
    near = [known for known in train if train[known] and known.casefold() == name.casefold()]
    raise ClassNotInTrain(
        f"{split} has a class {name!r} with {count:,} picture(s) that train lacks"
        + (f" ({len(lost)} such: {shown})" if len(lost) > 1 else ""),
        (f"train has {near[0]!r}: is it the same? " if near else "")
        + "give train pictures of it, rename the folder, or take it out",
        where=f"{dataset.source.where}: {_folder_of(dataset, split, name)}",
    )


def _folder_of(dataset: Dataset, split: str, name: str) -> str:
    """Where the first picture of a class in a split lies."""
    number = dataset.classes.index(name)
    rows = dataset.places(split)
    first = int(rows[dataset.labels[rows] == number][0])
    path: str = dataset.paths[first]
    return path.rpartition("/")[0] or path


def scarce(dataset: Dataset) -> list[Finding]:
    """Classes that val or test lack, classes with few pictures, and one class alone."""
    found = []
    for split in ("val", "test"):
        if split in dataset.splits:
            lost = [name for name, count in dataset.counts_in(split).items() if not count]
            text = f"{split} has no pictures of {listed(lost)}: nothing is measured on them there"
            found += [Finding(f"class-missing-in-{split}", "warning", text)] if lost else []
    few = [f"{name} ({count})" for name, count in dataset.counts.items() if count < FEW]
    if few:
        text = f"fewer than {FEW} pictures: {listed(few)}; scores of such classes mean little"
        found.append(Finding("few-pictures", "warning", text))
    if len(dataset.classes) == 1:
        text = f"there is one class alone, {dataset.classes[0]!r}: nothing can be told apart"
        found.append(Finding("one-class", "error", text))
    return found


def write_splits(path: str | Path, dataset: Dataset, groups: Groups | None = None) -> None:
    """Keep who is where: `path,label,split,group`, one row for each picture."""
    kept = dataset.groups if groups is None else groups
    rows = (
        (row.path, row.label, row.split, _shown(kept[i]) if kept is not None else "")
        for i, row in enumerate(dataset)
    )
    safe.write_csv(path, itertools.chain([COLUMNS], rows))


def _shown(group: str | int) -> str:
    """A group as text; a row that stands alone has none."""
    if isinstance(group, str):
        return group
    return f"group {group}" if group >= 0 else ""


def read_splits(path: str | Path, dataset: Dataset) -> Dataset:
    """The dataset divided as `path` says; it must name every picture once, and no other."""
    wanted = {name: i for i, name in enumerate(dataset.paths)}
    found = np.full(len(dataset), UNSPLIT, np.int8)
    unknown: list[str] = []
    for line, row in rows_of(path, COLUMNS[:3], SplitFault):
        at = split_of(row["split"])
        if at is None:
            raise SplitFault(
                f"line {line}: {row['split']!r} is neither train nor val nor test",
                "write one of the three in the column `split`",
                where=f"{path}, line {line}, column split",
            )
        place = wanted.pop(row["path"], None)
        if place is None:
            unknown.append(row["path"])
            continue
        label = dataset.classes[dataset.labels[place]]
        if row["label"] != label:
            raise SplitFault(
                f"{row['path']} is {row['label']!r} in the splits file and {label!r} in the data",
                "make the splits anew with `striate split`, or mend the file",
                where=f"{path}, line {line}, column label",
            )
        found[place] = at
    if unknown or wanted:
        raise SplitFault(
            _differing(list(unknown), list(wanted)),
            "the file was made for other data: make it anew with `striate split DATA -o FILE`",
            where=str(path),
        )
    divided = dataset.with_split(found)
    check_classes(divided)
    return divided


def _differing(unknown: list[str], missing: list[str]) -> str:
    """How the pictures of a splits file and of the data differ."""
    parts = []
    if unknown:
        parts.append(
            f"names {len(unknown):,} picture(s) twice or that are not there: {listed(unknown)}"
        )
    if missing:
        parts.append(f"lacks {len(missing):,} picture(s): {listed(missing)}")
    return "the splits file " + "; it ".join(parts)
