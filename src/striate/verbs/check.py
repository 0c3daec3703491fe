"""`check`: look at every picture of DATA and say what is wrong, without changing anything there."""

from __future__ import annotations

import errno
import os
from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, final

import numpy as np

from striate import safe
from striate.errors import DataError, UsageError
from striate.pictures import fixes, untouched
from striate.pictures.audit.audit import Audit, Progress, audit
from striate.pictures.audit.audit_page import page
from striate.pictures.audit.findings_copies import conflicts
from striate.pictures.dataset import SPLITS, Dataset, Finding
from striate.pictures.files import DEFAULT
from striate.pictures.opening import open_as_given
from striate.pictures.split import complete


@final
@dataclass(frozen=True, eq=False)
class Checked:
    """What `check` found, in the forms it can be kept in."""

    name: str
    audit: Audit

    @property
    def is_wrong(self) -> bool:
        """Whether training on this would be wrong."""
        return self.audit.is_wrong

    def to_dict(self) -> dict[str, Any]:
        """For `--json`, without `schema_version`."""
        found, copies = self.audit, self.audit.copies
        data = found.dataset
        return {
            "data": self.name,
            "pictures": len(data),
            "classes": data.counts,
            "splits": data.splits,
            "unreadable": [{"path": path, "reason": reason} for path, reason in found.unreadable],
            "exact_copies": [[data.paths[int(i)] for i in group] for group in copies.exact],
            "near_copies": [
                {
                    "paths": [data.paths[int(i)] for i in pair],
                    "splits": [data[int(i)].split for i in pair],
                    "distance": round(float(distance), 4),
                }
                for pair, distance in zip(copies.near, copies.distance, strict=True)
            ],
            "label_conflicts": [
                {
                    "paths": [data.paths[i] for i in one.places],
                    "labels": list(one.labels),
                    "exact": one.is_exact,
                }
                for one in conflicts(data, copies)
            ],
            "findings": [
                {"code": f.code, "severity": f.severity, "text": f.text, "paths": list(f.paths)}
                for f in found.findings
            ],
        }

    def fixes(self) -> list[fixes.Fix]:
        """What a person may want to do about it: leave out what cannot be read, and all but the first
        of equal pictures; of equal pictures under two labels a person must decide.
        """
        found, data = self.audit, self.audit.dataset
        rows = [fixes.Fix(path, "skip", "", reason) for path, reason in found.unreadable]
        conflicting = {p for c in conflicts(data, found.copies) if c.is_exact for p in c.places}
        for group in found.copies.exact:
            places = [int(i) for i in group]
            # Test before val before train: a copy in train is the one that can be spared.
            first = max(places, key=lambda i: (data.split[i], -i))
            for place in places:
                if place in conflicting:
                    others = sorted({data[i].label for i in places} - {data[place].label})
                    reason = f"equal to a picture of {', '.join(others)}: keep one, relabel or skip the rest"
                    rows.append(fixes.Fix(data.paths[place], "skip", "", reason))
                elif place != first:
                    reason = f"equal to {data.paths[first]}"
                    rows.append(fixes.Fix(data.paths[place], "skip", "", reason))
        return rows

    def write_page(self, path: str | Path) -> None:
        """The HTML report."""
        safe.write_text(path, page(self.audit, self.name))

    def write_fixes(self, path: str | Path) -> None:
        """The list of fixes, for a person to edit."""
        fixes.write(path, self.fixes())

    def write_sheet(self, path: str | Path, preset: str) -> None:
        """A sheet of what augmentation does to some of the pictures."""
        from striate.pictures.augment.chain import preset as chain_of
        from striate.pictures.augment.sheet import preview
        from striate.pictures.prepare import Preparation

        rows = self.audit.facts.rows[self.audit.facts.read]
        side = int(np.median(np.minimum(rows["height"], rows["width"]))) if len(rows) else 32
        size = (min(side, 224), min(side, 224))
        readable = self.audit.dataset.only(self.audit.facts.read)
        chain = chain_of(preset, size, readable.mirror)
        safe.write_bytes(path, preview(readable, chain, Preparation(size)))


def check(
    name: str,
    *,
    skip_bad: bool = False,
    root: Path | None = None,
    outputs: Sequence[str | Path] = (),
    preset: str | None = None,
) -> Generator[Progress, None, Checked]:
    """Yield progress and return what was found. DATA is whatever `open_data` takes.

    `outputs` and `preset` are what will be written afterwards: refused before a picture is read.
    """
    if preset is not None:
        from striate.pictures.augment.chain import preset as chain_of

        chain_of(preset, (32, 32))
    for output in outputs:
        if not Path(output).parent.is_dir():
            raise safe.unwritable(
                output, FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
            )
    dataset = _with_training_in_mind(open_as_given(name, root=root))
    for output in outputs:
        untouched.refuse_inside(name, dataset, output)
    found = yield from audit(dataset, DEFAULT, skip_bad=skip_bad)
    return Checked(str(name), found)


def _with_training_in_mind(dataset: Dataset) -> Dataset:
    """The splits as they are, with what `train` would say about them."""
    try:
        return replace(dataset, findings=complete(dataset).findings)
    except DataError as fault:
        text = f"{fault.text}; {fault.hint}" if fault.hint else fault.text
        code = fault.title.replace(" ", "-")
        return dataset.with_findings(Finding(code, "error", text))


def refuse_inside(data: str, *outputs: str | Path | None) -> None:
    """Nothing is written into DATA, and DATA itself is not written over."""
    where = Path(os.path.realpath(data))
    for output in outputs:
        if output is None or not where.exists():
            continue
        target = Path(os.path.realpath(output))
        if target == where or (where.is_dir() and where in target.parents):
            raise UsageError(
                f"{output} lies inside the data, and nothing is ever written there",
                "give a path outside of it",
                where=str(data),
            )


def splits_of(dataset: Dataset) -> list[str]:
    """The splits that are there, in their order."""
    return [name for name in SPLITS if name in dataset.splits]
