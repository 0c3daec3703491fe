"""Which column of a manifest means what, and whether its labels are one class for each picture."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple, final

from striate.errors import ManifestFault, TaskNotYet
from striate.pictures.split_shares import listed

Role = Literal["path", "label", "split", "group", "weight"]
# The first name is ours; the others are what people and tools write for it.
ALIASES: dict[Role, tuple[str, ...]] = {
    "path": (
        "path", "file_name", "filename", "file", "image", "img", "filepath", "file_path", "image_path",
        "img_path", "image_name", "img_name", "image_file", "picture", "pic",
    ),
    "label": (
        "label", "label_name", "class_name", "class", "labels", "target", "category", "category_name",
        "classname", "target_name",
    ),
    "split": ("split", "subset", "set", "partition", "fold"),
    "group": ("group", "group_id", "patient_id", "subject_id", "patient", "subject"),
    "weight": ("weight", "sample_weight", "weights"),
}  # fmt: skip
_NAMES = ("label_name", "class_name", "category_name", "target_name")  # for people, beside numbers
_SEPARATORS = (";", "|", ",")
_LATER = "for now a picture has one label; several labels and numbers to predict are planned"
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")


@final
class Roles(NamedTuple):
    """The column of each role, by its place in the header; None where there is none."""

    path: int
    label: int
    split: int | None
    group: int | None
    weight: int | None

    def used(self) -> set[int]:
        """The places that mean something."""
        return {place for place in self if place is not None}


def plain(name: str) -> str:
    """A column's name without capitals, spaces and dashes: `File Name` is `file_name`."""
    return re.sub(r"[\s-]+", "_", name.strip().casefold())


def find_roles(header: Sequence[str], sample: Sequence[Sequence[str]], where: str) -> Roles:
    """The roles of the columns, from their names; `sample` helps to say what is wrong."""
    names = [plain(name) for name in header]
    doubled = sorted({name for name in names if name and names.count(name) > 1})
    if doubled:
        raise ManifestFault(
            f"the column {doubled[0]} is there twice", "rename one of them", where=where
        )
    path, label = _place(names, "path", where), _place(names, "label", where)
    if path is None:
        raise ManifestFault(
            f"no column holds paths; the first line has: {listed(list(header)) or 'nothing'}",
            "begin the file with a line of names such as path,label",
            where=where,
        )
    if label is None:
        _refuse_one_hot(names, sample, where)
        raise ManifestFault(
            f"no column holds labels; the first line has: {listed(list(header))}",
            "call the column of class names `label`",
            where=where,
        )
    rest = [_place(names, role, where) for role in ("split", "group", "weight")]
    return Roles(path, label, *rest)


def _place(names: list[str], role: Role, where: str) -> int | None:
    """The column of a role. Our own name wins, and names for people win over numbers; else two are
    one too many.
    """
    met = [name for name in ALIASES[role] if name in names]
    if role == "label" and (spoken := [name for name in _NAMES if name in names]):
        met = spoken
    if not met:
        return None
    if len(met) > 1 and met[0] != role:
        raise ManifestFault(
            f"the columns {' and '.join(met)} could both be the {role}",
            f"call the one that is meant `{role}`",
            where=where,
        )
    return names.index(met[0])


def _refuse_one_hot(names: list[str], sample: Sequence[Sequence[str]], where: str) -> None:
    """Several columns of zeros and ones are several labels."""
    known = {name for aliases in ALIASES.values() for name in aliases}
    hot = [
        name
        for i, name in enumerate(names)
        if name not in known
        and sample
        and all(len(row) > i and row[i].strip() in ("0", "1", "0.0", "1.0") for row in sample)
    ]
    if len(hot) > 1:
        raise TaskNotYet(
            f"the columns {listed(hot)} hold zeros and ones: a column for each label",
            f"{_LATER}; write the one class into a column `label`",
            where=where,
        )


def check_task(labels: Mapping[str, int], where: str) -> None:
    """Refuse labels that are lists or numbers to predict; `labels` counts the pictures of each."""
    total = sum(labels.values())
    for sign in _SEPARATORS:
        _refuse_lists(labels, total, sign, where)
    if not labels or not all(_NUMBER.fullmatch(name) for name in labels):
        return
    broken = [name for name in labels if float(name) % 1]
    many = total >= 20 and len(labels) > total / 2
    if broken or many:
        shown = ", ".join((broken or list(labels))[:3])
        raise TaskNotYet(
            f"the labels are numbers to predict ({shown} …), {len(labels):,} different ones",
            f"{_LATER}; if they are names of classes, write a letter before them",
            where=where,
        )


def _refuse_lists(labels: Mapping[str, int], total: int, sign: str, where: str) -> None:
    """Several labels in one cell: most cells have the separator, or its parts are labels too.

    A comma alone proves nothing (`tench, Tinca tinca` is one class): its parts must recur.
    """
    composed = {name: count for name, count in labels.items() if sign in name.strip(sign)}
    if not composed:
        return
    parts = {part.strip() for name in composed for part in name.split(sign)}
    most = sum(composed.values()) > total / 2
    known = parts <= {name.strip() for name in labels}
    recur = len(parts) < len(composed)
    if known or recur or (most and sign != ","):
        raise TaskNotYet(
            f"{sum(composed.values()):,} labels hold {sign!r}, as {next(iter(composed))!r}: several in one",
            f"{_LATER}; if it is one name, write it without {sign!r}",
            where=where,
        )
