"""Pretrained weights into a network of the zoo: torchvision's by name, or a file of the user's.

Addresses and hashes are those that the installed torchvision states. Nothing is downloaded before
`announce` has said what, from where, how large and under which licence.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

from striate.errors import NoWeights, WeightsDiffer, WeightsRefused
from striate.fetch import Progress, fetch, hash_of
from striate.grammar.plan import Plan
from striate.optional import available, need
from striate.zoo.catalogue import find
from striate.zoo.network import Network
from striate.zoo.sandbox import read_foreign

if TYPE_CHECKING:
    from torch import Tensor, nn

SIZE_SLACK = 1.05  # torchvision rounds the size it states
# torch.hub's convention, which torchvision follows: the name ends in the first digits of the file's
# sha256.
_HASHED = re.compile(r"-([0-9a-f]{8,64})\.(?:pth|pt|th|safetensors)\Z")
_AUXILIARY = re.compile(r"(?:aux\d?|AuxLogits)\.")
_WRAPPERS = ("module.", "_orig_mod.", "model.")  # data parallel, compiled, lightning


@final
@dataclass(frozen=True)
class Source:
    """Where published weights are: address, start of the sha256, size, licence."""

    url: str
    sha256_prefix: str
    size_bytes: int
    licence: str

    def __str__(self) -> str:
        size = f"{self.size_bytes / 1e6:.1f} MB"
        return f"{self.url} ({size}, sha256 {self.sha256_prefix}…, licence: {self.licence})"


@final
@dataclass(frozen=True)
class Loaded:
    """A network with weights in it, how pictures are normalised for them, and what is worth
    saying.
    """

    network: nn.Module
    plan: Plan
    mean: tuple[float, float, float] | None
    std: tuple[float, float, float] | None
    notes: tuple[str, ...] = ()


def pretrained(
    name: str,
    file: str | Path | None = None,
    *,
    announce: Callable[[str], None] | None = None,
    progress: Progress | None = None,
) -> Loaded:
    """The network `name` with weights from `file`, or with torchvision's, downloaded once.

    `announce` gets one sentence before a download, and may raise to stop it.
    """
    wanted = find(name)
    need("torch", to="load pretrained weights", extra="train")
    path = Path(file) if file else _downloaded(wanted, announce, progress)
    check_named_hash(path)
    plan = Plan.read(wanted.text)
    network = plan.build()
    foreign = read_foreign(path)
    notes = (*foreign.notes, *fill(network, foreign.tensors, _twin_names(wanted)))
    weights = wanted.weights
    return Loaded(network.eval(), plan, weights and weights.mean, weights and weights.std, notes)


def source_of(network: Network) -> Source:
    """What the installed torchvision states of a network's weights."""
    if network.weights is None:
        raise NoWeights(
            f"no pretrained weights are known for {network.name}",
            "give a file of weights, or choose one of `striate models` that has them",
        )
    models = need("torchvision.models", to="know where pretrained weights are", extra="train")
    stated: Any = models.get_weight(network.weights.enum)
    found = _HASHED.search(stated.url)
    if not found or not stated.url.startswith("https://"):
        raise WeightsRefused(f"the installed torchvision states no hash for {network.weights.enum}")
    return Source(
        stated.url, found[1], int(stated.meta["_file_size"] * 2**20), network.weights.licence
    )


def cache_folder() -> Path:
    """Where downloaded weights are kept: torch's own folder, so that they are shared with
    everything that uses torch.
    """
    home = os.environ.get("TORCH_HOME")
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home or Path(cache) / "torch") / "hub" / "checkpoints"


def _downloaded(
    network: Network, announce: Callable[[str], None] | None, progress: Progress | None
) -> Path:
    source = source_of(network)
    target = cache_folder() / source.url.rpartition("/")[2]
    if not target.exists() and announce:
        announce(f"downloading weights of {network.name}: {source}")
    limit = int(source.size_bytes * SIZE_SLACK) + 2**20
    return fetch(
        source.url, target, sha256_prefix=source.sha256_prefix, size_limit=limit, progress=progress
    )


def check_named_hash(path: Path) -> None:
    """A file whose name states the start of its sha256 must have it."""
    stated = _HASHED.search(path.name)
    if stated and path.is_file() and not (real := hash_of(path)).startswith(stated[1]):
        raise WeightsRefused(
            f"{path.name} should have a sha256 that starts with {stated[1]}, but it starts with {real[:8]}",
            "the file is damaged or is another one: delete it and get it again",
            str(path),
        )


def _twin_names(network: Network) -> list[str] | None:
    """The names torchvision gives the tensors of this network, in its order, without auxiliary
    heads.
    """
    if network.weights is None or not available("torchvision"):
        return None
    import torch
    from torchvision import models

    with torch.device("meta"):
        twin = models.get_model(network.name, weights=None)
    return [name for name in twin.state_dict() if not _AUXILIARY.match(name)]


def fill(
    network: nn.Module, tensors: dict[str, Tensor], twin: list[str] | None = None
) -> list[str]:
    """Put `tensors` into `network`: by its own names, by `twin`'s, or in order; every shape is
    checked.

    Returns what was left out, in words. Nothing is changed when anything does not fit.
    """
    own = network.state_dict()
    given = _unwrapped(tensors)
    if set(own) <= set(given):
        pairs = [(name, name) for name in own]
    elif twin is not None and {n for n in twin if not _is_counter(n)} <= set(given):
        pairs = list(zip(own, twin, strict=True))
    else:
        pairs = _in_order(own, given)
    filled = {}
    for name, other in pairs:
        if other not in given and _is_counter(name):
            continue  # files older than the counter of batches: it has no part in the answer
        if own[name].shape != given[other].shape:
            raise WeightsDiffer(
                f"the tensor {other!r} has shape {list(given[other].shape)}, "
                f"but {name!r} of this network has {list(own[name].shape)}",
                "these weights belong to another network, or to another number of classes",
            )
        filled[name] = given[other]
    network.load_state_dict({**own, **filled})
    left = sorted(set(given) - {other for _, other in pairs})
    return (
        [f"{len(left)} tensors of the file have no place here: {', '.join(left[:3])} …"]
        if left
        else []
    )


def _is_counter(name: str) -> bool:
    return name.endswith("num_batches_tracked")


def _unwrapped(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Names without what wrappers put in front of all of them."""
    for prefix in _WRAPPERS:
        if tensors and all(name.startswith(prefix) for name in tensors):
            return _unwrapped({name[len(prefix) :]: value for name, value in tensors.items()})
    return tensors


def _in_order(own: dict[str, Tensor], given: dict[str, Tensor]) -> list[tuple[str, str]]:
    """Both in the order their layers were made; counters of batches pair up only where the file has
    them.
    """
    names = [n for n in given if not _AUXILIARY.match(n) and not _is_counter(n)]
    mine = [n for n in own if not _is_counter(n)]
    if len(names) != len(mine):
        raise WeightsDiffer(
            f"the file holds {len(names)} tensors, this network has {len(mine)}",
            "these weights belong to another network",
        )
    return list(zip(mine, names, strict=True))
