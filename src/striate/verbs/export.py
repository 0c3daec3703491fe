"""`striate export`: a run or bundle as one file for elsewhere, proven to give the same answers.

The file stands under its name only when it agrees: it is made in memory, compared with the network that torch
runs, and written whole.
"""

from __future__ import annotations

import tempfile
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, final

import numpy as np

from striate import safe
from striate.errors import CannotTrain, FileFault, LosesTooMuch
from striate.judging.answers import softmax
from striate.keeping import bundle, bundle_zip
from striate.keeping.runs import is_run
from striate.pictures.prepare import Preparation
from striate.shipping import agree
from striate.shipping.facts import digest_of, facts_of
from striate.shipping.opened import bundle_of, found_at
from striate.verbs.export_data import Pictures, pictures_of
from striate.verbs.train_order import Event, Said, Working

if TYPE_CHECKING:
    from striate.judging.compare import Comparison
    from striate.keeping.bundle import Bundle
    from striate.shipping.classifier import Classifier
    from striate.shipping.eight_bits import EightBits

Form = Literal["onnx", "onnx-tensor", "bundle"]
FORMS: tuple[Form, ...] = ("onnx", "onnx-tensor", "bundle")
_ENDS = {"onnx": ".onnx", "onnx-tensor": ".onnx", "bundle": ".striate"}
_AGREED_ON = 64


@final
@dataclass(frozen=True)
class Wanted:
    """What is to be exported. data: pictures to prove it with, where the run's own are not there any more."""

    form: Form = "onnx"
    int8: bool = False
    max_drop: float = 0.01
    data: str | None = None
    out: Path | None = None
    overwrite: bool = False


@final
@dataclass(frozen=True)
class Exported:
    """The file, and what proves it. real: whether pictures of the run were compared, not made ones."""

    path: Path
    form: Form
    size_bytes: int
    sha256: str
    agreement: agree.Agreement | None
    real: bool
    int8: Comparison | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "path": str(self.path), "form": self.form, "size_bytes": self.size_bytes, "sha256": self.sha256,
            "agreement": self.agreement.to_dict() if self.agreement else None,
            "real_pictures": self.real, "int8": self.int8.to_dict() if self.int8 else None,
        }  # fmt: skip


def export(path: str | Path, wanted: Wanted) -> Generator[Event, None, Exported]:
    """Make the file; raise `Disagrees` or `LosesTooMuch` and leave none where it is not the same network."""
    place = found_at(path)
    found = bundle_of(place)
    out = _out(place, wanted)
    pictures = pictures_of(place, wanted.data)
    if pictures.dataset is None:
        yield Said(
            f"no pictures of the run can be read ({pictures.why}): made ones are compared", "note"
        )
    if wanted.form == "bundle":
        return (yield from _as_bundle(found, out, pictures))
    yield Working("exporting", 0, 1)
    tensor = _tensor(found)
    lost: EightBits | None = None
    if wanted.int8:
        tensor, lost = yield from _in_eight_bits(found, tensor, pictures, wanted)
    data = tensor if wanted.form == "onnx-tensor" else _with_preparation(found, tensor, lost)
    # What is measured in eight bits is the loss on val; wrapped or not, it must be the same network.
    reference = _by(found, tensor) if wanted.int8 else None
    agreement = yield from _agreement(found, _by(found, data), pictures, reference)
    agree.must_agree(agreement, out.name)
    safe.write_bytes(out, data)
    real, cost = pictures.dataset is not None, lost.cost if lost else None
    return Exported(out, wanted.form, len(data), digest_of(data), agreement, real=real, int8=cost)


def _out(place: Path, wanted: Wanted) -> Path:
    """Where the file goes: into the run's folder `export`, else beside the bundle."""
    if wanted.form == "bundle" and wanted.int8:
        raise CannotTrain(
            "a bundle carries fp32 alone", "take --to onnx with --int8", where=str(place)
        )
    out = wanted.out
    if out is None:
        name = "model-int8" if wanted.int8 else "model"
        name += "-tensor" if wanted.form == "onnx-tensor" else ""
        name += _ENDS[wanted.form]
        if is_run(place):  # its own folder, where only exports of this run stand
            (place / "export").mkdir(exist_ok=True)
            return place / "export" / name
        out = place.parent / name
    if out.is_dir():
        raise FileFault(f"{out} is a folder", f"name a file: {out / 'model.onnx'}", str(out))
    if out.suffix != _ENDS[wanted.form]:
        raise FileFault(
            f"{out.name} should end in {_ENDS[wanted.form]}: by that it is known what it is",
            f"-o {out.with_suffix(_ENDS[wanted.form])}",
            str(out),
        )
    if out.exists() and out.samefile(place):
        raise FileFault(f"{out} is what is exported", "give another name with -o", str(out))
    if out.exists() and not wanted.overwrite:
        raise FileFault(f"{out} is there", "give another name with -o, or --overwrite", str(out))
    return out


def _tensor(found: Bundle) -> bytes:
    """The graph from prepared pictures to logits: the bundle's own, or made now for an older bundle."""
    graph = found.graph()
    if graph is None:
        from striate.shipping.network import network_of
        from striate.shipping.to_onnx import tensor_graph

        preparation = Preparation.from_dict(found.card["preparation"])
        shape = (preparation.channels, *preparation.size)
        graph = tensor_graph(network_of(found), shape, _facts(found, "tensor"))
    return graph


def _facts(found: Bundle, kind: str) -> dict[str, Any]:
    return facts_of(found.card, found.plan_text, kind, found.weights.sha256)


def _with_preparation(found: Bundle, tensor: bytes, lost: EightBits | None) -> bytes:
    from striate.shipping.picture_graph import picture_graph

    card, facts = found.card, _facts(found, "picture")
    if lost is not None:
        facts["int8"] = lost.to_dict()
    preparation = Preparation.from_dict(card["preparation"])
    return picture_graph(tensor, preparation, float(card["temperature"]), facts)


def _by(found: Bundle, tensor: bytes) -> Classifier:
    """The classifier with another graph in place of the bundle's."""
    from striate.shipping.classifier import of_session
    from striate.shipping.session import Session

    return of_session(found.card, Session(tensor), found.plan_text)


def _agreement(
    found: Bundle, second: Classifier, pictures: Pictures, reference: Classifier | None = None
) -> Generator[Event, None, agree.Agreement]:
    """The file beside the network that torch runs, each with its own preparation."""
    from striate.shipping.classifier import of_network

    first = reference or of_network(found)
    rows: list[list[np.ndarray[Any, Any]]] = [[], []]
    for raw in pictures.raw(first.preparation, _AGREED_ON):
        yield Working("comparing with the network", len(rows[0]), _AGREED_ON)
        for held, one in zip(rows, (first, second), strict=True):
            held.append(one.probabilities([one.engine.prepare(raw)])[0])
    return agree.compared(np.stack(rows[0]), np.stack(rows[1]))


def _in_eight_bits(
    found: Bundle, tensor: bytes, pictures: Pictures, wanted: Wanted
) -> Generator[Event, None, tuple[bytes, EightBits]]:
    """The graph in eight bits, and what that costs on val, picture by picture."""
    from striate.judging.compare import Told, compare
    from striate.shipping.eight_bits import EightBits, has_vnni
    from striate.shipping.quantise import CALIBRATED_ON, quantised
    from striate.verbs.train_data import prepared_all

    if pictures.dataset is None:
        raise CannotTrain(
            f"eight bits are calibrated and judged on pictures, and there are none: {pictures.why}",
            "give them: --data DATA",
        )
    preparation = Preparation.from_dict(found.card["preparation"])
    rows = np.concatenate([pictures.places("train", CALIBRATED_ON), pictures.dataset.places("val")])
    some = pictures.dataset.only(rows)
    ready = yield from prepared_all(some, preparation, True)
    places = {split: ready.dataset.places(split) for split in ("train", "val")}
    calibration = preparation.normalise(np.asarray(ready.take(places["train"])))
    yield Working("quantising", 0, 1)
    facts, reduced = _facts(found, "tensor"), not has_vnni()
    small = quantised(tensor, calibration, facts, reduced)
    said = []
    for graph in (tensor, small):
        labels = yield from _labels(found, graph, ready, places["val"])
        said.append(labels)
    names = found.classes
    truth = [ready.dataset.classes[i] for i in ready.dataset.labels[places["val"]]]
    paths = [ready.dataset.paths[int(row)] for row in places["val"]]
    told = [Told(paths, truth, [names[i] for i in one]) for one in said]
    lost = compare(*told)
    if -lost.difference > wanted.max_drop:
        raise LosesTooMuch(
            f"fp32 has {lost.first.value:.2%} of val right and int8 {lost.second.value:.2%}: {lost.text}; "
            f"a drop of {wanted.max_drop:.2%} is allowed",
            "ship fp32, or allow more with --max-drop",
        )
    told_all = EightBits(lost, float(np.equal(said[0], said[1]).mean()), reduced)
    return _restamped(small, facts | {"int8": told_all.to_dict()}), told_all


def _restamped(data: bytes, facts: dict[str, Any]) -> bytes:
    from striate.shipping.to_onnx import loaded, stamped

    return stamped(loaded(data), facts)


def _labels(
    found: Bundle, graph: bytes, ready: Any, rows: Any
) -> Generator[Event, None, list[int]]:
    """The first class of each picture."""
    from striate.shipping.session import Session

    session, preparation = Session(graph), Preparation.from_dict(found.card["preparation"])
    made: list[int] = []
    for start in range(0, len(rows), _AGREED_ON):
        yield Working("judging eight bits", start, len(rows))
        some = preparation.normalise(np.asarray(ready.take(rows[start : start + _AGREED_ON])))
        made += [int(i) for i in softmax(session.run(some)).argmax(1)]
    return made


def _as_bundle(found: Bundle, out: Path, pictures: Pictures) -> Generator[Event, None, Exported]:
    """The bundle as one file, with a model.onnx in any case; read again and compared before it is there."""
    from striate.shipping.classifier import load

    with tempfile.TemporaryDirectory(prefix="striate-bundle-") as folder:
        place, made = found.path, Path(folder) / out.name
        if found.onnx is None:
            place = Path(folder) / "bundle"
            bundle.write(place, found.tensors(), found.plan_text, found.card, _tensor(found))
        bundle_zip.write(place, made)
        agreement = yield from _agreement(found, load(made, runtime="onnx"), pictures)
        agree.must_agree(agreement, "its model.onnx")
        data = made.read_bytes()
    safe.write_bytes(out, data)
    real = pictures.dataset is not None
    return Exported(out, "bundle", len(data), digest_of(data), agreement, real=real)
