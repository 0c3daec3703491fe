"""From columns of facts to sentences: each finding has a code that stays, a severity, a count and examples.

An error means that training would be wrong; a warning should be looked at; a note is good to know.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from striate.pictures.audit import findings_copies
from striate.pictures.audit.copies import Copies
from striate.pictures.audit.facts import FORMATS, Facts
from striate.pictures.audit.phrases import counted, examples, share
from striate.pictures.dataset import SPLITS, Dataset, Finding, Severity

Mask = NDArray[np.bool_]
MOST_PATHS = 1_000  # kept for one finding
FEW = 10
_ENDINGS = {
    "JPEG": ("jpg", "jpeg", "jpe", "jfif"),
    "PNG": ("png", "apng"),
    "WEBP": ("webp",),
    "GIF": ("gif",),
    "BMP": ("bmp", "dib"),
    "TIFF": ("tif", "tiff"),
    "AVIF": ("avif", "avifs"),
}
_VERBS = {"are": "is", "have": "has", "show": "shows"}
_KNOWN_ENDINGS = {ending for endings in _ENDINGS.values() for ending in endings}
_ODD_FORMAT = 0.01  # of all pictures: a format that fewer have is a stray
_TINY = 16  # pixels of the shorter side, where half of the pictures have at least three times that
_DARK, _BRIGHT, _UNIFORM = 15.0, 240.0, 1.0
_BLURRED = 0.006  # edges by variance: sharp photographs have 0.05 and more
_ODD_AREA, _ODD_ASPECT, _DRIFT = 8.0, 2.5, 1.5


def of(dataset: Dataset, facts: Facts, copies: Copies, skip_bad: bool) -> tuple[Finding, ...]:
    """Everything there is to say."""
    found = [
        *_unreadable(dataset, facts, skip_bad),
        *findings_copies.of(dataset, copies),
        *_classes(dataset, facts),
    ]
    if len(facts.read):
        found += [
            *_files(dataset, facts),
            *_sizes(dataset, facts),
            *_drift(dataset, facts),
            *_light(dataset, facts),
        ]
    return tuple(found)


def _about(
    dataset: Dataset, code: str, severity: Severity, text: str, places: NDArray[np.int64]
) -> list[Finding]:
    """One finding on these places, or none; `{n}` of the text becomes count and
    share, `{are}` agrees with it."""
    if not len(places):
        return []
    paths = tuple(dataset.paths[int(i)] for i in places[:MOST_PATHS])
    said = text.replace("{n}", share(len(places), len(dataset)))
    for plural, singular in _VERBS.items():
        said = said.replace(f"{{{plural}}}", singular if len(places) == 1 else plural)
    return [Finding(code, severity, f"{said}: {examples(paths, len(places))}", paths)]


def _unreadable(dataset: Dataset, facts: Facts, skip_bad: bool) -> list[Finding]:
    places = facts.refused
    left = len(dataset) - len(places)
    text = "{n} cannot be read" + (f" and {{are}} left out; {left:,} remain" if skip_bad else "")
    severity: Severity = "warning" if skip_bad else "error"
    return _about(dataset, "unreadable", severity, text, places)


def _classes(dataset: Dataset, facts: Facts) -> Iterator[Finding]:
    """How even the classes are, counted over what can be read."""
    counts = np.bincount(dataset.labels[facts.read], minlength=len(dataset.classes))
    empty = [dataset.classes[i] for i in np.flatnonzero(counts == 0)]
    if empty:
        text = f"{counted(len(empty), 'class')} without a readable picture: {examples(empty)}"
        yield Finding("empty-classes", "error", text)
    few = [
        f"{dataset.classes[i]} ({counts[i]})" for i in np.flatnonzero((counts > 0) & (counts < FEW))
    ]
    if few and not any(one.code == "few-pictures" for one in dataset.findings):
        text = f"{counted(len(few), 'class')} with fewer than {FEW} pictures: {examples(few)}"
        yield Finding("few-pictures", "warning", text + "; scores of such classes mean little")
    known = counts[counts > 0]
    if len(known) > 1 and known.max() >= 3 * known.min():
        most, least = (
            int(np.argmax(counts)),
            int(np.argmin(np.where(counts > 0, counts, counts.max()))),
        )
        text = (
            f"classes are uneven: {dataset.classes[most]} has {counts[most]:,} pictures, "
            f"{dataset.classes[least]} {counts[least]:,} ({counts[most] / counts[least]:.1f} times as many)"
        )
        severe: Severity = "warning" if known.max() >= 10 * known.min() else "note"
        yield Finding("uneven-classes", severe, text)


def _files(dataset: Dataset, facts: Facts) -> Iterator[Finding]:
    """Formats, endings, EXIF and animation."""
    places, rows = facts.read, facts.rows[facts.read]
    wrong = [
        int(i)
        for i, kind in zip(places, rows["format"], strict=True)
        if _is_misnamed(dataset.paths[int(i)], int(kind))
    ]
    text = "{n} {have} the ending of another format (read all the same)"
    yield from _about(dataset, "wrong-extension", "warning", text, np.array(wrong, np.int64))
    held = np.bincount(np.maximum(rows["format"], 0), minlength=len(FORMATS))
    usual = FORMATS[int(np.argmax(held))]
    for kind in np.flatnonzero((held > 0) & (held <= max(1, _ODD_FORMAT * len(rows)))):
        if len(rows) >= FEW and FORMATS[kind] != usual:
            text = f"{{n}} in the format {FORMATS[kind]} among {usual}: often a placeholder, not a photograph"
            strays = places[rows["format"] == kind]
            yield from _about(dataset, "odd-format", "warning", text, strays)
    turned = places[rows["orientation"] > 1]
    text = "{n} {are} stored turned or mirrored; EXIF says so and it is applied"
    yield from _about(dataset, "exif-rotated", "note", text, turned)
    text = "{n} {are} animated; the first frame is taken"
    yield from _about(dataset, "animated", "note", text, places[rows["animated"]])


def _is_misnamed(path: str, kind: int) -> bool:
    """Whether the ending is that of another format; no ending, or an unknown one, is none."""
    ending = path.rpartition("/")[2].rpartition(".")[2].lower()
    return ending in _KNOWN_ENDINGS and kind >= 0 and ending not in _ENDINGS[FORMATS[kind]]


def _sizes(dataset: Dataset, facts: Facts) -> Iterator[Finding]:
    """Pictures unlike the others in size or shape."""
    places, rows = facts.read, facts.rows[facts.read]
    height, width = rows["height"].astype(np.float64), rows["width"].astype(np.float64)
    area, aspect = height * width, np.log(width / height)
    middle = float(np.median(area))
    tiny = (np.minimum(height, width) < _TINY) & (np.median(np.minimum(height, width)) >= 3 * _TINY)
    text = f"{{n}} {{are}} tiny, with a side under {_TINY} pixels"
    yield from _about(dataset, "tiny", "warning", text, places[tiny])
    odd = ((area > _ODD_AREA * middle) | (area < middle / _ODD_AREA)) & ~tiny
    text = f"{{n}} {{are}} over {_ODD_AREA:g} times larger or smaller than usual ({middle:,.0f} pixels)"
    yield from _about(dataset, "odd-sizes", "note", text, places[odd])
    odd = np.abs(aspect - np.median(aspect)) > np.log(_ODD_ASPECT)
    usual = float(np.exp(np.median(aspect)))
    text = f"{{n}} {{are}} much wider or higher than the usual width : height of {usual:.2f}"
    yield from _about(dataset, "odd-aspect", "note", text, places[odd])


def _drift(dataset: Dataset, facts: Facts) -> Iterator[Finding]:
    """Val or test with pictures of another size than train."""
    places, rows = facts.read, facts.rows[facts.read]
    side = np.sqrt(rows["height"].astype(np.float64) * rows["width"])
    middle = {
        name: float(np.median(side[dataset.split[places] == i]))
        for i, name in enumerate(SPLITS)
        if (dataset.split[places] == i).any()
    }
    for name in ("val", "test"):
        if "train" not in middle or name not in middle:
            continue
        ratio = middle[name] / middle["train"]
        if max(ratio, 1 / ratio) >= _DRIFT:
            text = (
                f"pictures of {name} are of another size than those of train: {middle[name]:.0f} "
                f"against {middle['train']:.0f} pixels (middle values of the square root of the area)"
            )
            yield Finding("size-drift", "warning", text)


def _light(dataset: Dataset, facts: Facts) -> Iterator[Finding]:
    """Dark, bright, uniform, blurred, and grey among colour."""
    places, rows = facts.read, facts.rows[facts.read]
    uniform = rows["contrast"] < _UNIFORM
    text = "{n} {show} one colour and nothing else"
    yield from _about(dataset, "uniform", "warning", text, places[uniform])
    usual = float(np.median(rows["brightness"]))
    if usual > 2 * _DARK:
        dark = (rows["brightness"] < _DARK) & ~uniform
        text = f"{{n}} {{are}} very dark (mean under {_DARK:g} of 255)"
        yield from _about(dataset, "dark", "note", text, places[dark])
    if usual < 255 - 2 * (255 - _BRIGHT):
        bright = (rows["brightness"] > _BRIGHT) & ~uniform
        text = f"{{n}} {{are}} very bright (mean over {_BRIGHT:g} of 255)"
        yield from _about(dataset, "bright", "note", text, places[bright])
    large = np.minimum(rows["height"], rows["width"]) >= 64
    sharpness = rows["sharpness"] / np.maximum(rows["contrast"].astype(np.float64) ** 2, 1.0)
    text = "{n} {are} blurred, with hardly an edge"
    blurred = large & ~uniform & (sharpness < _BLURRED)
    yield from _about(dataset, "blurred", "note", text, places[blurred])
    grey = rows["grey"]
    if 0 < grey.sum() < 0.5 * len(rows):
        text = "{n} {are} grey among pictures in colour"
        yield from _about(dataset, "grey-among-colour", "note", text, places[grey])
    elif 0.5 * len(rows) <= grey.sum() < len(rows):
        text = "{n} {are} in colour among grey pictures"
        yield from _about(dataset, "colour-among-grey", "note", text, places[~grey])
