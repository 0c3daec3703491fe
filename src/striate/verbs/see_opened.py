"""What `see` looks at: a run or a bundle with its network, and pictures prepared as it wants them.

Shape legend: N pictures, C channels, H height, W width.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, final

from striate.errors import FileFault, NoPictures, Unreadable, UsageError
from striate.optional import need

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor, nn

    from striate.pictures.dataset import Dataset
    from striate.pictures.files import Pixels
    from striate.pictures.prepare import Preparation


NO_LABEL = "no label"


@final
@dataclass(frozen=True, eq=False)
class Opened:
    """The network of a run or bundle, in eval mode, and what goes with it. temperature: what its scores are
    divided by before they are probabilities; notes: what must be said wherever it is shown.
    """

    path: Path
    network: nn.Module
    preparation: Preparation
    classes: tuple[str, ...]
    temperature: float = 1.0
    notes: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What people call it."""
        return self.path.resolve().name

    def tensor(self, pixels: np.ndarray[Any, Any]) -> Tensor:
        """N H W C uint8 of the right size to what the network takes, N C H W."""
        import torch

        return torch.from_numpy(self.preparation.normalise(pixels))

    def back(self, pictures: Tensor) -> np.ndarray[Any, Any]:
        """N C H W as the network takes it to N H W 3 in 0 ... 1, for looking."""
        import numpy as np
        import torch

        shape = (1, -1, 1, 1)
        mean = torch.tensor(self.preparation.mean).reshape(shape)
        std = torch.tensor(self.preparation.std).reshape(shape)
        shown = (pictures.detach().cpu() * std + mean).clamp(0, 1).numpy().transpose(0, 2, 3, 1)
        return np.repeat(shown, 3, axis=3) if shown.shape[3] == 1 else shown

    def place(self, label: str) -> int:
        """The number of a class, by its name; or by the number itself, where no class is called so."""
        if self.classes.count(label) > 1:
            same = [str(k) for k, name in enumerate(self.classes) if name == label]
            raise UsageError(
                f"{len(same)} classes are called {label!r}", f"give a number: {' or '.join(same)}"
            )
        if label in self.classes:
            return self.classes.index(label)
        if label.isdecimal() and int(label) < len(self.classes):
            return int(label)
        import difflib

        near = difflib.get_close_matches(label, self.classes, 3) or list(self.classes[:8])
        raise UsageError(f"there is no class {label!r}", f"did you mean {' or '.join(near)}?")


class Shown(NamedTuple):
    """A picture as the network sees it: H W C uint8 before numbers are made of it."""

    name: str
    pixels: Pixels

    @property
    def coloured(self) -> Pixels:
        """H W 3."""
        return self.pixels.repeat(3, axis=2) if self.pixels.shape[2] == 1 else self.pixels


def opened(path: str | Path | Opened) -> Opened:
    """A run, a bundle as folder, or a .striate file; what is open already stays so. An ONNX alone has no
    network that can be looked into.
    """
    if isinstance(path, Opened):
        return path
    need("torch", to="look into a network", extra="train")
    from striate.pictures.prepare import Preparation
    from striate.shipping.network import network_of
    from striate.shipping.opened import bundle_of, found_at, is_graph

    if is_graph(path):
        raise UsageError(
            f"{path} is an ONNX file, and its layers cannot be looked into",
            "give the run, or the .striate file it came from",
        )
    found = bundle_of(path)
    return Opened(
        Path(found_at(path)),
        network_of(found),
        Preparation.from_dict(found.card["preparation"]),
        found.classes,
        float(found.card.get("temperature") or 1.0),
    )


@final
class OnDisk(Sequence[Shown]):
    """Files and folders, each picture prepared when it is asked for, and not held. Folders are walked in the
    order of their names.
    """

    def __init__(self, names: Sequence[str], preparation: Preparation) -> None:
        self.files, self._preparation = _files(names), preparation
        if not self.files:
            raise NoPictures("no pictures are named", "give files or folders of pictures")

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, at):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN204 as Sequence says
        if isinstance(at, slice):
            return [self[i] for i in range(*at.indices(len(self)))]
        from striate.pictures.files import read_bytes

        path = self.files[at]
        try:
            return Shown(str(path), self._preparation.decode(read_bytes(path)))
        except Unreadable as fault:
            raise Unreadable(
                f"{path}: {fault.text}", "leave it out, or repair it", str(path)
            ) from None


def read_pictures(names: Sequence[str], preparation: Preparation) -> list[Shown]:
    """Files and folders, prepared."""
    return list(OnDisk(names, preparation))


def read_few(names: Sequence[str], preparation: Preparation, most: int) -> list[Shown]:
    """Likewise, where all are held at once: so many of them at most."""
    found = OnDisk(names, preparation)
    if len(found) > most:
        raise UsageError(
            f"{len(found):,} pictures are named, and at most {most} are held at once here",
            "name fewer; `--in DATA` instead takes some from the first to the last where it can be given",
        )
    return list(found)


def _files(names: Sequence[str]) -> list[Path]:
    from striate.pictures.inputs.folder_names import is_hidden, is_picture

    found = []
    for name in names:
        path = Path(name)
        if path.is_dir():
            below = sorted(p for p in path.rglob("*") if p.is_file())
            found += [p for p in below if is_picture(p.name) and not is_hidden(p.name)]
        elif path.is_file():
            found.append(path)
        else:
            raise FileFault(f"{name} is not there", "look how it is written", name)
    return found


def data_of(opened_: Opened, given: str | None) -> Dataset:
    """The pictures in `given`, which may be a folder without labels; without it those of the run that it did
    not learn from, val and test.
    """
    from striate.pictures.opening import open_as_given

    if given is not None:
        try:
            return replace(open_as_given(given), name=_short(given))
        except NoPictures:
            loose = _unlabelled(Path(given))
            if loose is None:
                raise
            return loose
    from striate.keeping.runs import Run, is_run

    if not is_run(opened_.path):
        raise UsageError(
            f"{opened_.name} is no run, so it is not known which pictures to look at",
            "give --in DATA",
        )
    facts = Run.open(opened_.path).facts()
    data, options = facts.get("data"), facts.get("options")
    name = data.get("name") if isinstance(data, dict) else None
    root = options.get("root") if isinstance(options, dict) else None
    if not isinstance(name, str):
        raise UsageError("the run does not say which pictures it was trained on", "give --in DATA")
    dataset = open_as_given(name, root=Path(root) if isinstance(root, str) else None)
    return _unlearned(opened_.path, dataset, name)


def _unlabelled(folder: Path) -> Dataset | None:
    """The pictures that lie directly in a folder, for what needs no labels; None where there are none."""
    import numpy as np

    from striate.pictures.dataset import UNSPLIT, Dataset, Names
    from striate.pictures.inputs.folder_names import is_picture
    from striate.pictures.source import Folder

    inside = sorted(folder.iterdir()) if folder.is_dir() else []
    names = [one.name for one in inside if one.is_file() and is_picture(one.name)]
    if not names:
        return None
    return Dataset(
        name=f"{_short(str(folder))}, without labels",
        source=Folder(folder),
        paths=Names(names),
        classes=(NO_LABEL,),
        labels=np.zeros(len(names), np.int32),
        split=np.full(len(names), UNSPLIT, np.int8),
    )


def _unlearned(run: Path, dataset: Dataset, name: str) -> Dataset:
    """What the network learned from is nearer together than what it did not: so that is left out."""
    import numpy as np

    from striate.pictures.split import read_splits

    divided = read_splits(run / "splits.csv", dataset)
    rows = np.concatenate([divided.places("val"), divided.places("test")])
    return replace(divided.only(rows), name=f"val and test of {_short(name)}")


def _short(name: str) -> str:
    """A path in short, for titles."""
    return Path(name).name or name


def pixels_of(opened_: Opened, dataset: Dataset, row: int) -> Pixels:
    """One row of a data set, prepared."""
    made: Pixels = opened_.preparation.apply(dataset.pixels(row, opened_.preparation.rules))
    return made
