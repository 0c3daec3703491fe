"""`striate predict`: answers for pictures, told as they come or kept in a file that survives a kill."""

from __future__ import annotations

import time
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from striate.errors import NoPictures, UsageError
from striate.machine import usable_threads
from striate.shipping.classifier import load
from striate.shipping.facts import digest_of
from striate.shipping.opened import found_at
from striate.shipping.picture_names import Named
from striate.shipping.predictor import Predictor, batch_for
from striate.verbs.train_order import Said

if TYPE_CHECKING:
    from striate.shipping.answer import Answer
    from striate.shipping.row_file import RowFile
    from striate.shipping.rows import Form

_PICTURES = (".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff")


class Wanted(NamedTuple):
    """How to answer. `form` is that of the file `out`; `null`: names on stdin end with NUL."""

    top: int = 3
    threshold: float | None = None
    form: Form = "jsonl"
    out: Path | None = None
    resume: bool = False
    overwrite: bool = False
    null: bool = False
    threads: int | None = None


class Answered(NamedTuple):
    """Some answers, in order, and how far it is; `total` is None where nobody knows."""

    answers: tuple[Answer, ...]
    done: int
    total: int | None


class Predicted(NamedTuple):
    """What was done. `total` and `unreadable` are of all rows, `added` of this call alone."""

    model: Path
    out: Path | None
    total: int
    unreadable: int
    added: int
    seconds: float

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "model": str(self.model), "path": str(self.out) if self.out else None,
            "count": self.total, "unreadable": self.unreadable,
            "seconds": round(self.seconds, 3),
        }  # fmt: skip


def predict(
    model: str | Path, pictures: Sequence[str], wanted: Wanted | None = None
) -> Generator[Said | Answered, None, Predicted]:
    """Answer for files, folders and `-`, a list on stdin. With `out` the rows go there and Answered holds
    none. No picture at all is a fault, one that cannot be read is a row.
    """
    wanted = wanted or Wanted()
    named = Named(pictures, null=wanted.null, pauses=wanted.out is None)
    count = named.count  # once: it looks at every name
    _sensible(model, pictures)
    if wanted.out is not None and wanted.resume and _is_complete(wanted.out):
        yield Said(f"{wanted.out} is complete already: nothing is left to do")
        return Predicted(Path(model), wanted.out, 0, 0, 0, 0.0)
    predictor = _predictor(model, count, wanted)
    file = _opened(model, wanted.out, wanted) if wanted.out is not None else None
    before, total, unreadable = (file.rows, file.rows, file.unreadable) if file else (0, 0, 0)
    begun = time.monotonic()
    try:
        if file and before:
            yield Said(f"going on after {before:,} rows of {file.part}")
        for answers in predictor.answers(file.after(named) if file else named):
            failed = sum(one.error is not None for one in answers)
            total, unreadable = total + len(answers), unreadable + failed
            if file:
                _keep(file, answers, wanted, failed)
            yield Answered(() if file else tuple(answers), total, count)
        for one in named.left_out():
            yield Said(one.text, one.severity)
        if not total:
            raise NoPictures(
                f"there is no picture in {', '.join(pictures)}",
                "name files, a folder with pictures, or - for a list of names on stdin",
            )
        if file:
            file.finish()
    finally:
        if file:
            file.close()
    spent = time.monotonic() - begun
    return Predicted(Path(model), wanted.out, total, unreadable, total - before, spent)


def _keep(file: RowFile, answers: Sequence[Answer], wanted: Wanted, unreadable: int) -> None:
    from striate.shipping.rows import rows

    data = rows(wanted.form, answers, wanted.top)
    file.add(data, (one.path for one in answers), unreadable)


def _is_complete(out: Path) -> bool:
    from striate.shipping.row_file import is_complete

    return is_complete(out)


def _opened(model: str | Path, out: Path, wanted: Wanted) -> RowFile:
    from striate.shipping import rows
    from striate.shipping.row_file import RowFile, parts_of

    order = {
        "model": _digest(model), "top": wanted.top, "threshold": wanted.threshold,
        "format": wanted.form,
    }  # fmt: skip
    if wanted.resume and parts_of(out)[0].exists():
        return RowFile.go_on(out, order)
    return RowFile.begin(out, order, rows.head(wanted.form, wanted.top), wanted.overwrite)


def _predictor(model: str | Path, count: int | None, wanted: Wanted) -> Predictor:
    """One picture gets all cores; of many, each core gets its own. What goes to a file is put together by
    its places alone, so that going on gives the same bytes.
    """
    cores = wanted.threads or usable_threads()
    alone = count == 1
    classifier = load(model, threads=cores if alone else 1)
    if wanted.threshold is not None:
        classifier.threshold = wanted.threshold
    shared = None if wanted.out is not None else count
    batch = batch_for(classifier.preparation.shape, shared, cores)
    batch = min(batch, classifier.engine.at_once)
    return Predictor(classifier, batch, 1 if alone else cores, wanted.top)


def _sensible(model: str | Path, pictures: Sequence[str]) -> None:
    if not pictures:
        raise UsageError(
            "no pictures are named", "name files, a folder, or - for a list of names on stdin"
        )
    if Path(model).suffix.lower() in _PICTURES and Path(model).is_file():
        raise UsageError(
            f"{model} is a picture, and the model comes first", "striate predict MODEL PICTURES"
        )


def _digest(model: str | Path) -> str:
    """What tells one model from another: the hash of a file, or of the manifest, which holds all hashes."""
    place = found_at(model)
    held = (place, place / "manifest.json", place / "bundle" / "manifest.json")
    file = next((one for one in held if one.is_file()), place)
    return digest_of(file.read_bytes())
