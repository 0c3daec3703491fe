"""A trained classifier: what was kept, and answers for pictures.

The answer is that of the function that was judged: one view, fp32, the preparation of the bundle, the
temperature and threshold of its card. Safe to ask from several threads at a time: nothing changes.
"""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any, Literal, final

import numpy as np
from numpy.typing import NDArray

from striate.errors import FileFault, GraphRefused, PreparationFault, Unreadable
from striate.pages import notebook
from striate.pages.html import joined
from striate.pictures.files import Pixels, formats, read_bytes
from striate.pictures.prepare import Preparation
from striate.shipping.answer import Answer
from striate.shipping.eight_bits import may_overflow
from striate.shipping.engine import Engine, Prepared, SelfPreparing
from striate.shipping.opened import bundle_of, is_graph
from striate.shipping.session import Session

if TYPE_CHECKING:
    from torch import nn

    from striate.keeping.bundle import Bundle

Picture = str | Path | bytes | Pixels
Runtime = Literal["onnx", "torch"]
_NEEDED = ("classes", "preparation", "temperature", "threshold")


@final
class Classifier:
    """`load` makes one; `predict` answers. `runtime` says what runs the network."""

    def __init__(self, card: dict[str, Any], engine: Engine, plan_text: str = "") -> None:
        self.card = card
        self.classes: tuple[str, ...] = tuple(card["classes"])
        self.preparation = Preparation.from_dict(card["preparation"])
        self.threshold = float(card["threshold"])
        self.plan_text = plan_text
        self.engine = engine

    def _repr_html_(self) -> str:
        """What Jupyter shows: its classes, its network and what runs it."""
        count = len(self.classes)
        some = ", ".join(self.classes[:10]) + (f" … ({count} in all)" if count > 10 else "")
        facts = [("classes", some), ("network", self.plan_text), ("runs on", self.runtime)]
        facts += [("sure from", f"{self.threshold:.2f}")] if self.threshold else []
        return joined([notebook.heading("Classifier"), notebook.table(("", ""), facts)])

    @property
    def runtime(self) -> str:
        """What runs the network."""
        return self.engine.name

    def predict(
        self, pictures: Picture | Sequence[Picture], top: int = 3, batch: int = 32
    ) -> list[Answer]:
        """One answer for each picture, in order: paths, bytes of files, or H W C uint8 arrays. What cannot be
        read is an answer with an error, never left out.
        """
        if isinstance(pictures, str | Path | bytes | np.ndarray):
            pictures = [pictures]
        return list(self._answers(list(pictures), top, min(batch, self.engine.at_once)))

    def prepare(self, picture: Picture) -> Pixels | str:
        """One picture as the engine takes it, or why there is none."""
        try:
            if isinstance(picture, np.ndarray):
                return self.engine.prepare(picture)
            return self.engine.decode(
                picture if isinstance(picture, bytes) else read_bytes(picture)
            )
        except (FileFault, PreparationFault, Unreadable) as fault:
            return fault.text

    def probabilities(self, pictures: Sequence[Pixels]) -> NDArray[np.float64]:
        """N K of pictures that `prepare` made."""
        made = self.engine.probabilities(pictures)
        given, named = made.shape[1], len(self.classes)
        if given != named:
            raise GraphRefused(
                f"its network gives {given:,} scores, and its card names {named:,} classes",
                "export it again from its run",
            )
        return made

    def answer(self, name: str, row: NDArray[np.float64], top: int = 3) -> Answer:
        """The answer that K probabilities give."""
        if not np.isfinite(row).all():
            return Answer.failed(name, "the network gives no numbers for it")
        best = np.argsort(-row, kind="stable")[: max(1, top)]
        told = tuple((self.classes[int(i)], float(row[i])) for i in best)
        return Answer(name, told[0][0], told[0][1], told, told[0][1] >= self.threshold)

    def _answers(self, pictures: list[Picture], top: int, batch: int) -> Iterator[Answer]:
        for start in range(0, len(pictures), batch):
            some = pictures[start : start + batch]
            made = [self.prepare(one) for one in some]
            good = [one for one in made if not isinstance(one, str)]
            rows = iter(self.probabilities(good)) if good else iter(())
            for picture, one in zip(some, made, strict=True):
                name = str(picture) if isinstance(picture, str | Path) else ""
                if isinstance(one, str):
                    yield Answer.failed(name, one)
                else:
                    yield self.answer(name, next(rows), top)


def load(
    path: str | Path,
    runtime: Runtime | None = None,
    threads: int | None = None,
    shared: bool = False,
) -> Classifier:
    """The classifier of a run, a bundle (folder or .striate) or an exported .onnx; everything is checked
    first.

    ONNX Runtime runs it where there is a graph, which needs no torch; `runtime="torch"` builds the network.
    `shared` is for those who ask from several threads at a time.

    >>> load("runs/latest").predict("cat.jpg")[0].label  # doctest: +SKIP
    'cat'
    """
    if is_graph(path):
        return _of_graph(path, threads, shared)
    found = bundle_of(path)
    graph = None if runtime == "torch" else found.graph()
    if graph is None:
        if runtime == "onnx":
            raise GraphRefused(
                f"{path} holds no model.onnx", f"striate export {path}", where=str(path)
            )
        return of_network(found, threads)
    with _readers_meanwhile():
        session = Session(graph, threads, shared)
    return of_session(found.card, session, found.plan_text)


def load_facts(path: str | Path) -> dict[str, Any]:
    """The card of a run, a bundle or an exported file."""
    return _of_graph(path, 1).card if is_graph(path) else bundle_of(path).card


def of_network(found: Bundle, threads: int | None = None) -> Classifier:
    """The classifier whose network torch runs."""
    from striate.shipping.network import network_of

    network = network_of(found)
    if threads is not None:
        import torch

        torch.set_num_threads(threads)
    return Classifier(found.card, _prepared("torch", found.card, _asked(network)), found.plan_text)


def _asked(network: nn.Module) -> Any:
    import torch

    def ask(images: NDArray[np.float32]) -> NDArray[np.float32]:
        with torch.inference_mode():
            made: NDArray[np.float32] = network(torch.from_numpy(images)).float().numpy()
        return made

    return ask


def _prepared(name: str, card: dict[str, Any], network: Any) -> Prepared:
    preparation = Preparation.from_dict(card["preparation"])
    return Prepared(name, preparation, float(card["temperature"]), network)


def of_session(card: dict[str, Any], session: Session, plan_text: str = "") -> Classifier:
    """The classifier whose network, or all of it, ONNX Runtime runs."""
    engine: Engine
    if session.kind == "picture":
        engine = SelfPreparing(session, Preparation.from_dict(card["preparation"]))
    else:
        engine = _prepared("onnx", card, session.run)
    return Classifier(card, engine, plan_text)


@contextlib.contextmanager
def _readers_meanwhile() -> Iterator[None]:
    """Import what reads pictures while ONNX Runtime opens a file, for which Python is not needed: 15 ms of
    the first answer. What fails here fails again when a picture is read, and is told then.
    """

    def import_them() -> None:
        with contextlib.suppress(Exception):
            formats()

    helper = Thread(target=import_them, name="striate-readers", daemon=True)
    helper.start()
    try:
        yield
    finally:
        helper.join()


def _of_graph(path: str | Path, threads: int | None, shared: bool = False) -> Classifier:
    try:
        with _readers_meanwhile():
            session = Session(Path(path), threads, shared)
    except GraphRefused as fault:
        raise GraphRefused(f"{path}: {fault.text}", fault.hint, where=str(path)) from None
    card = session.facts
    lacking = [name for name in _NEEDED if name not in card]
    if lacking:
        raise GraphRefused(
            f"{path} does not say its {', '.join(lacking)}",
            "give a file that `striate export` made: another one does not know how pictures are prepared",
            where=str(path),
        )
    from striate.keeping.card import card_faults

    faults = card_faults(card)
    told, digest = card["preparation"], card.get("preparation_sha256")
    if not faults and digest != Preparation.from_dict(told).digest:
        faults = ["its preparation is not the one it was exported with"]
    if faults:
        raise GraphRefused(f"{path}: {'; '.join(faults[:3])}", where=str(path))
    if may_overflow(card):
        told = (
            f"{path} has eight bits of a processor with VNNI, and this one has none: its sums may overflow, "
            "and its answers differ from those that were judged; export it here, or take it in fp32"
        )
        warnings.warn(told, RuntimeWarning, stacklevel=3)
    return of_session(card, session, str(card.get("plan", "")))
