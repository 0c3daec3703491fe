"""What was seen, written: a page or a PNG, and the numbers themselves."""

from __future__ import annotations

import errno
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from striate import safe
from striate.errors import UsageError
from striate.optional import need

if TYPE_CHECKING:
    from striate.seeing.figures.figure import Figure
    from striate.verbs.see_opened import Opened

PAGE, DRAWING, ARRAYS = ".html", ".png", ".npz"


def check_names(path: Path, npz: Path | None = None) -> None:
    """Refuse names whose endings say nothing, or whose folder is not there, before any work is done."""
    if path.suffix.lower() not in (PAGE, DRAWING):
        raise UsageError(
            f"{path} ends neither in .html nor in .png", "the ending of -o says what is written"
        )
    if npz is not None and npz.suffix.lower() != ARRAYS:
        raise UsageError(f"{npz} does not end in .npz", "give --npz a name that does")
    for one in (path, npz):
        if one is not None and not one.parent.is_dir():
            raise safe.unwritable(one, FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT)))
    if path.suffix.lower() == DRAWING:
        need("matplotlib", to="draw a figure", extra="train")


def with_notes(figure: Figure, subject: str | Opened) -> Figure:
    """The figure, with what must be said of the network in its lead and its facts."""
    if isinstance(subject, str) or not subject.notes:
        return figure
    lead = "\n".join((figure.lead, *subject.notes))
    return replace(figure, lead=lead, facts={**figure.facts, "notes": list(subject.notes)})


def write(figure: Figure, path: Path, npz: Path | None = None) -> dict[str, Any]:
    """Write a figure as its name says, and its arrays where that is asked; give what was written. A drawing
    too tall for one sheet goes on in NAME.2.png, NAME.3.png and so on.
    """
    check_names(path, npz)
    further: list[str] = []
    if path.suffix.lower() == PAGE:
        from striate.seeing.figures.page import page_of

        safe.write_text(path, page_of(figure))
    else:
        from striate.seeing.figures.drawing import sheets_of

        for at, sheet in enumerate(sheets_of(figure), 1):
            one = path if at == 1 else path.with_suffix(f".{at}{path.suffix}")
            safe.write_bytes(one, sheet)
            further += [str(one)] if at > 1 else []
    told: dict[str, Any] = {"written": str(path), "bytes": path.stat().st_size}
    if further:
        told["further"] = further
    if npz is not None:
        _write_arrays(figure, npz)
        told["arrays"] = str(npz)
    return told


def _write_arrays(figure: Figure, npz: Path) -> None:
    """As `numpy.savez_compressed` writes; arrays on the disk are not read whole."""
    import zipfile

    import numpy as np

    from striate.seeing.figures.rows import Rows

    with (
        safe.replacing(npz) as temporary,
        zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as held,
    ):
        for name, values in figure.arrays.items():
            with held.open(f"{name}.npy", "w", force_zip64=True) as file:
                if isinstance(values, Rows):
                    values.write_npy(file)
                else:
                    np.lib.format.write_array(file, np.asarray(values), allow_pickle=False)
