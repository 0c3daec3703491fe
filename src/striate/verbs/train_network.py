"""Which network is trained: by name, as text, from a run, pretrained, or chosen by what the budget buys."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, final

from striate.errors import CannotTrain, FileFault, PlanError
from striate.grammar.plan import Plan
from striate.optional import need
from striate.shipping.opened import bundle_of
from striate.zoo.catalogue import CATALOGUE, find, plan_of

if TYPE_CHECKING:
    import torch
    from torch import nn

    from striate.geometry.shape import Shape
    from striate.verbs.train_order import Order


TIMM = "timm:"


@final
@dataclass(frozen=True, eq=False)
class Chosen:
    """A network before it has learnt anything here. `text` is its plan, or `timm:name`. mean and std are
    those its weights expect, None for the data's own. licence: of the weights it starts from.
    """

    name: str
    text: str
    network: nn.Module
    plan: Plan | None
    side: int
    channels: int
    pretrained: dict[str, Any] | None = None
    mean: tuple[float, ...] | None = None
    std: tuple[float, ...] | None = None
    notes: tuple[str, ...] = ()

    @property
    def parameters(self) -> int:
        """How many numbers the network has that are learnt."""
        return sum(p.numel() for p in self.network.parameters())

    @property
    def macs(self) -> int | None:
        """Multiply-adds for one picture; None where the plan is not known."""
        return self.plan.macs if self.plan is not None else None


def choose(
    model: str,
    shape: tuple[int, int, int],
    classes: int,
    *,
    pretrained: str | None,
    seed: int,
    announce: Callable[[str], None],
) -> Chosen:
    """The network called `model` (a name of the zoo, a text, `timm:name`) for pictures C H W, built from a
    seed; `pretrained` is None, "" for published weights, or a file.
    """
    need("torch", to="train a network", extra="train")
    from striate.training.initialise import seeded

    with seeded(seed):
        if model.startswith(TIMM):
            return _from_timm(model, shape, classes, pretrained, announce)
        if pretrained is not None:
            return _pretrained(model, shape, classes, pretrained or None, announce)
        plan = planned(model, shape, classes)
        name = model if model in CATALOGUE else "own text"
        return Chosen(name, plan.text, plan.build(), plan, shape[1], shape[0])


def checked(order: Order, classes: int) -> None:
    """Refuse what can be refused before a picture is read, so that a typo leaves no run behind."""
    if order.source:
        bundle_of(order.source)
    if order.pretrained and not Path(order.pretrained).is_file():
        raise FileFault(
            f"there is no file {order.pretrained} to take weights from",
            "`--pretrained` alone takes the published ones; DATA stands before it",
            where="--pretrained",
        )
    given = stated(order.model)
    if given is not None:
        planned(order.model, given[:3], classes)
    if given is not None and given.channels not in (1, 3):
        raise CannotTrain(
            f"the text takes {given.channels} channels; pictures have 3, or 1 where they are grey",
            "begin it with 3x32x32: or 1x32x32:",
            where="--model",
        )


def stated(model: str) -> Shape | None:
    """The input that a text of the user's states; None for names, which take any."""
    if model == "auto" or model.startswith(TIMM):
        return None
    if _is_name(model):
        find(model)
        return None
    return Plan.read(model).given


def model_of(order: Order) -> str:
    """The network that is meant: that of the run it starts from, unless another is named."""
    if order.model != "auto":
        return order.model
    if order.source:
        return bundle_of(order.source).plan_text.partition(" channels=")[0]
    return "auto" if order.pretrained is None else "mobilenet_v2"


def planned(model: str, shape: tuple[int, int, int], classes: int) -> Plan:
    """The plan of a name or a text, for pictures C H W."""
    plan = plan_of(model, shape[0]) if _is_name(model) else Plan.read(model)
    return _bound(plan, shape, classes)


def _is_name(model: str) -> bool:
    """A word without blanks and colons is meant as a name, so that a typo gets the nearest names."""
    return model in CATALOGUE or not any(c in model for c in " :()[]{}")


def _bound(plan: Plan, shape: tuple[int, int, int], classes: int) -> Plan:
    """For these pictures and classes. A text of the user's keeps the input it states, and must fit."""
    C, H, W = shape
    try:
        bound = plan.on(C, H, W).with_classes(classes, replaced=True)
        bound = bound.answering()  # a window that does not fit is told here
    except PlanError as fault:
        raise CannotTrain(
            f"the network cannot take pictures of {C}x{H}x{W}: {fault.text}",
            fault.hint or "choose another size: --set pictures.size=...",
            where=fault.where,
        ) from None
    return bound


def _pretrained(
    model: str,
    shape: tuple[int, int, int],
    classes: int,
    file: str | None,
    announce: Callable[[str], None],
) -> Chosen:
    """A network of the zoo with weights in all layers but its last, which is new."""
    import torch

    from striate.fetch import hash_of
    from striate.zoo.pretrained import pretrained, source_of

    name = model
    loaded = pretrained(name, file, announce=announce)
    if shape[0] != loaded.plan.layers[0].given.channels:
        raise CannotTrain(
            f"{name} was trained on {loaded.plan.layers[0].given.channels} channels, these have {shape[0]}",
            "leave out --pretrained",
        )
    plan = _bound(loaded.plan, shape, classes)
    network = plan.build()
    old, new = loaded.network.state_dict(), network.state_dict()
    kept = {k: v for k, v in old.items() if k in new and new[k].shape == v.shape}
    network.load_state_dict({**new, **kept})
    left = sorted(set(new) - set(kept))
    if len(left) > 2:
        raise CannotTrain(f"these weights do not fit {name} here: {', '.join(left[:5])} …")
    with torch.no_grad():
        for key in left:
            new_value = network.get_parameter(key)
            new_value.zero_() if new_value.ndim == 1 else new_value.mul_(0.1)
    weights = CATALOGUE[name].weights
    facts = {
        "source": str(Path(file).name) if file else source_of(find(name)).url,
        "licence": weights.licence if weights and not file else "as the file's source says",
        "sha256": hash_of(Path(file)) if file else None,
    }
    return Chosen(
        name,
        plan.text,
        network,
        plan,
        shape[1],
        shape[0],
        facts,
        loaded.mean,
        loaded.std,
        loaded.notes,
    )


def _from_timm(
    model: str,
    shape: tuple[int, int, int],
    classes: int,
    pretrained: str | None,
    announce: Callable[[str], None],
) -> Chosen:
    """A network of timm; published weights are downloaded by timm, which is said first."""
    timm: Any = need("timm", to=f"train {model}", extra="zoo")
    name = model.removeprefix(TIMM)
    if name not in timm.list_models(name):
        near = difflib.get_close_matches(name, timm.list_models())
        asked = f"did you mean {' or '.join(TIMM + one for one in near)}? " if near else ""
        raise CannotTrain(
            f"timm has no network {name!r}", f"{asked}`timm.list_models()` lists them in Python"
        )
    if pretrained:
        raise CannotTrain(
            "--pretrained FILE is for networks of the zoo",
            "leave the file out for timm's own weights",
        )
    if pretrained is not None:
        announce(f"timm gets the weights of {name} from its hub, if they are not in its cache")
    network = timm.create_model(
        name, pretrained=pretrained is not None, num_classes=classes, in_chans=shape[0]
    )
    _takes(network, model, shape)
    facts, mean, std = None, None, None
    if pretrained is not None:
        told = getattr(network, "pretrained_cfg", {}) or {}
        facts = {
            "source": f"timm {name}", "licence": told.get("license") or "unknown", "sha256": None,
        }  # fmt: skip
        mean, std = tuple(told.get("mean", ())) or None, tuple(told.get("std", ())) or None
    text = f"{model} channels={shape[0]}"
    return Chosen(name, text, network, None, shape[1], shape[0], facts, mean, std)


def with_weights(chosen: Chosen, tensors: dict[str, torch.Tensor], source: str) -> Chosen:
    """Started from the weights of a run or bundle: all that fit; the rest stays new, and is said."""
    own = chosen.network.state_dict()
    kept = {k: v for k, v in tensors.items() if k in own and own[k].shape == v.shape}
    if not any(k.endswith("weight") for k in kept):
        raise CannotTrain(
            f"no weights of {source} fit this network",
            "give the same --model as that run had, or leave out --from",
        )
    chosen.network.load_state_dict({**own, **kept})
    new = sorted(set(own) - set(kept))
    said = (
        f"started from {source}: {len(kept)} of {len(own)} tensors"
        + (f"; new: {', '.join(new[:4])}" if new else ""),
    )
    return replace(chosen, notes=(*chosen.notes, *said))


class Kind(NamedTuple):
    """What the defaults ask of a network, as `Facts` has it."""

    has_norms: bool
    is_plain: bool
    whitens: bool


def kind_of(network: nn.Module) -> Kind:
    """Of a network that is built, on any device."""
    from striate.training.muon import is_plain

    has_norms = any(True for _ in norms_of(network))
    return Kind(has_norms, is_plain(network), hasattr(network, "whiten"))


def norms_of(network: nn.Module) -> Iterator[nn.Module]:
    """The batch norms of a network, of one process or over all ranks."""
    from torch.nn.modules.batchnorm import _BatchNorm

    from striate.training.rank_norm import RankNorm

    return (m for m in network.modules() if isinstance(m, _BatchNorm | RankNorm))


def _takes(network: Any, model: str, shape: tuple[int, int, int]) -> None:
    """Refuse pictures C H W that a network of timm was not made for: many transformers take one size."""
    import torch

    try:
        with torch.no_grad():
            network.eval()(torch.zeros(1, *shape))
    except (AssertionError, RuntimeError, ValueError) as fault:
        side = (getattr(network, "pretrained_cfg", None) or {}).get("input_size", (0, 0))[-1]
        why = str(fault).strip().split("\n")[0]
        raise CannotTrain(
            f"{model} takes no pictures of {shape[1]} x {shape[2]}: {why}",
            f"--set pictures.size={side}" if side else "give another --set pictures.size=...",
        ) from fault
    finally:
        network.train()
