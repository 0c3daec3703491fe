"""The network of a bundle as a torch module."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from striate.grammar.plan import Plan
from striate.keeping.bundle import Bundle
from striate.optional import need
from striate.shipping.opened import bundle_of

if TYPE_CHECKING:
    from torch import Tensor, nn

_TIMM = "timm:"


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


def network_of(found: Bundle) -> nn.Module:
    """The network of a bundle with its weights, ready to be asked."""
    need("torch", to="build the network of a bundle", extra="train")
    network = built(found.plan_text, len(found.classes))
    network.load_state_dict(found.tensors())
    return network.eval()


def weights_of(path: str | Path) -> dict[str, Tensor]:
    """The tensors of a run's or bundle's network, to start another training from."""
    return bundle_of(path).tensors()
