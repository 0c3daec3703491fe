"""A network of the zoo to look into, without a run: with weights of a file, published ones, or none."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from striate.errors import FileFault, UsageError
from striate.grammar.plan import Plan
from striate.grammar.vocabulary import nearest
from striate.optional import available
from striate.verbs.see_opened import Opened
from striate.zoo.catalogue import CATALOGUE, find

if TYPE_CHECKING:
    from striate.pictures.prepare import Preparation
    from striate.zoo.network import Network
    from striate.zoo.pretrained import Loaded

PUBLISHED, RANDOM = "published", "random"
_WAYS = f"--weights FILE, --weights {PUBLISHED} (downloaded once) or --weights {RANDOM}"
_SHOWN = 0.875  # of the short side: what networks for photographs are usually shown


def is_meant(name: str) -> bool:
    """Whether a network of the zoo is meant: a run or file of that name goes first."""
    return name in CATALOGUE and not Path(name).exists() and not Path("runs", name).exists()


def opened_from_zoo(
    name: str,
    weights: str | None = None,
    announce: Callable[[str], None] | None = None,
    seed: int = 0,
) -> Opened:
    """The network `name` of the zoo. weights: a file, "published" or "random". announce: gets one sentence
    before a download.
    """
    if not is_meant(name):
        raise _no_such(name)
    row = find(name)
    if weights is None:
        raise UsageError(f"{name} is a network of the zoo, and has no weights of its own", _WAYS)
    if weights == RANDOM:
        return _drawn(row, seed)
    if weights != PUBLISHED and not Path(weights).is_file():
        raise FileFault(f"there is no file {weights} to take weights from", _WAYS, weights)
    from striate.zoo.pretrained import pretrained

    loaded = pretrained(name, None if weights == PUBLISHED else weights, announce=announce)
    told: dict[str, Any] = _published_facts(row)
    preparation, notes = _preparation(loaded, told)
    last = loaded.plan.layers[-1].output.channels
    classes = tuple(told.get("categories", ()))
    if len(classes) != last:
        classes = tuple(map(str, range(last)))
        notes.append(f"the names of its {last} classes are not known: they have numbers")
    network = loaded.network.requires_grad_(requires_grad=True)
    return Opened(Path(name), network, preparation, classes, notes=(*loaded.notes, *notes))


def _no_such(name: str) -> UsageError:
    if name in CATALOGUE:
        return UsageError(f"{name} is a run or a file here", "leave out --weights, or go elsewhere")
    near = nearest(name, CATALOGUE)
    return UsageError(
        f"--weights is for networks of the zoo, and {name[:60]} is not one",
        f"did you mean {near}?" if near else "`striate models` lists them; runs have weights",
    )


def _drawn(row: Network, seed: int) -> Opened:
    """Untrained, and said so wherever it is shown."""
    from striate.optional import need
    from striate.pictures.prepare import Preparation

    need("torch", to="build a network", extra="train")
    from striate.training.initialise import seeded

    plan = Plan.read(row.text)
    with seeded(seed):
        network = plan.build().eval()
    given, last = plan.layers[0].given, plan.layers[-1].output.channels
    preparation = Preparation((given.height, given.width), "RGB" if given.channels == 3 else "L")
    note = "Its weights are drawn at random: whatever is seen here, nothing of it was learned."
    return Opened(Path(row.name), network, preparation, tuple(map(str, range(last))), notes=(note,))


def _published_facts(row: Network) -> dict[str, Any]:
    """What torchvision says of the weights: names of classes, and how pictures are cut for them."""
    if row.weights is None or not available("torchvision"):
        return {}
    from torchvision import models

    stated: Any = models.get_weight(row.weights.enum)
    cut = getattr(stated.transforms, "keywords", {})
    return {"categories": stated.meta.get("categories", ()), **cut}


def _preparation(loaded: Loaded, told: dict[str, Any]) -> tuple[Preparation, list[str]]:
    """As the weights were trained: size, share of the picture, mean and deviation, where that is known."""
    from striate.pictures.prepare import Preparation

    given = loaded.plan.layers[0].given
    mode: Any = "RGB" if given.channels == 3 else "L"
    if loaded.mean is None or loaded.std is None:
        note = (
            "what pictures these weights expect is not known: mean 0.5 and deviation 0.25 are taken"
        )
        return Preparation((given.height, given.width), mode), [note]
    side = told.get("crop_size", given.height)
    ratio = side / told["resize_size"] if "resize_size" in told else _SHOWN
    made = Preparation((side, side), mode, ratio=ratio, mean=loaded.mean, std=loaded.std)
    return made, []
