"""A trained classifier: its bundle, the network built from its text, and answers for pictures.

The answer is that of the function that was judged: one view, fp32, the preparation of the bundle, the
temperature and threshold of its card. Safe to ask from several threads at a time: nothing changes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

import numpy as np
from numpy.typing import NDArray

from striate.errors import CannotTrain, FileFault, PreparationFault, Unreadable
from striate.grammar.plan import Plan
from striate.keeping import bundle
from striate.keeping.runs import is_run
from striate.optional import need
from striate.pictures.files import Pixels, read_bytes
from striate.pictures.prepare import Preparation

if TYPE_CHECKING:
    from torch import Tensor, nn

Picture = str | Path | bytes | Pixels
_TIMM = "timm:"


@final
@dataclass(frozen=True)
class Answer:
    """Of one picture: a row everywhere. `sure` is whether the probability reaches the card's threshold;
    `error` says why a picture has no answer.
    """

    path: str
    label: str | None
    probability: float | None
    top: tuple[tuple[str, float], ...]
    sure: bool | None
    error: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        top = [{"label": name, "probability": p} for name, p in self.top]
        return {
            "path": self.path, "label": self.label, "probability": self.probability, "top": top,
            "sure": self.sure, "error": self.error,
        }  # fmt: skip


@final
class Classifier:
    """`load` makes one; `predict` answers."""

    def __init__(self, found: bundle.Bundle, network: nn.Module) -> None:
        self.card = found.card
        self.classes = found.classes
        self.plan_text = found.plan_text
        self.preparation = Preparation.from_dict(found.card["preparation"])
        self.network = network

    def predict(
        self, pictures: Picture | Sequence[Picture], top: int = 3, batch: int = 32
    ) -> list[Answer]:
        """One answer for each picture, in order: paths, bytes of files, or H W C uint8 arrays. What cannot be
        read is an answer with an error, never left out.
        """
        if isinstance(pictures, str | Path | bytes | np.ndarray):
            pictures = [pictures]
        wanted: list[Picture] = list(pictures)
        return list(self._answers(wanted, top, batch))

    def logits(self, batch: Pixels) -> NDArray[np.float32]:
        """N H W C uint8, prepared, to N K scores before temperature."""
        import torch

        images = torch.from_numpy(self.preparation.normalise(batch))
        with torch.inference_mode():
            made: NDArray[np.float32] = self.network(images).float().numpy()
        return made

    def probabilities(self, logits: NDArray[np.float32]) -> NDArray[np.float64]:
        """N K, after the temperature of the card."""
        scaled = logits.astype(np.float64) / float(self.card["temperature"])
        scaled -= scaled.max(axis=1, keepdims=True)
        raised = np.exp(scaled)
        made: NDArray[np.float64] = raised / raised.sum(axis=1, keepdims=True)
        return made

    def _answers(self, pictures: list[Picture], top: int, batch: int) -> Iterator[Answer]:
        for start in range(0, len(pictures), batch):
            some = pictures[start : start + batch]
            made = [self._prepared(one) for one in some]
            good = [one for one in made if not isinstance(one, str)]
            rows: Iterator[NDArray[np.float64]] = iter(())
            if good:
                rows = iter(self.probabilities(self.logits(np.stack(good))))
            for picture, one in zip(some, made, strict=True):
                name = str(picture) if isinstance(picture, str | Path) else ""
                if isinstance(one, str):
                    yield Answer(name, None, None, (), None, one)
                else:
                    yield self._answer(name, next(rows), top)

    def _prepared(self, picture: Picture) -> Pixels | str:
        """H W C uint8 as the network takes it, or why there is none."""
        try:
            if isinstance(picture, np.ndarray):
                return self.preparation.apply(picture)
            data = picture if isinstance(picture, bytes) else read_bytes(picture)
            return self.preparation.decode(data)
        except (FileFault, PreparationFault, Unreadable) as fault:
            return fault.text

    def _answer(self, name: str, row: NDArray[np.float64], top: int) -> Answer:
        best = np.argsort(-row, kind="stable")[: max(1, top)]
        told = tuple((self.classes[int(i)], float(row[i])) for i in best)
        sure = told[0][1] >= float(self.card["threshold"])
        return Answer(name, told[0][0], told[0][1], told, sure)


def load(path: str | Path) -> Classifier:
    """The classifier of a run or a bundle; everything is checked against its manifest first."""
    need("torch", to="load a classifier", extra="train")
    found = bundle_of(path)
    network = built(found.plan_text, len(found.classes))
    network.load_state_dict(found.tensors())
    return Classifier(found, network.eval())


def built(text: str, classes: int) -> nn.Module:
    """The module of a bundle's text: a plan of the grammar, or `timm:name channels=C`."""
    if not text.startswith(_TIMM):
        return Plan.read(text).build()
    timm = need("timm", to=f"build {text}", extra="zoo")
    name, _, channels = text.removeprefix(_TIMM).partition(" channels=")
    made: nn.Module = timm.create_model(
        name, pretrained=False, num_classes=classes, in_chans=int(channels or 3)
    )
    return made


def weights_of(path: str | Path) -> dict[str, Tensor]:
    """The tensors of a run's or bundle's network, to start another training from."""
    return bundle_of(path).tensors()


def bundle_of(path: str | Path) -> bundle.Bundle:
    """The bundle of a run, or the one in the folder itself, checked."""
    return bundle.read(_folder_of(path))


def _folder_of(path: str | Path) -> Path:
    folder = Path(path)
    if is_run(folder):
        folder = folder / "bundle"
        if not folder.is_dir():
            raise CannotTrain(
                f"{path} has no bundle: the run is not finished",
                f"striate resume {path}",
                where=str(path),
            )
    return folder
