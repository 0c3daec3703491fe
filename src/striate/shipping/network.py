"""The network of a bundle as a torch module."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from striate.errors import BundleRefused
from striate.grammar.plan import Plan
from striate.keeping.bundle import Bundle
from striate.optional import need
from striate.shipping.opened import bundle_of

if TYPE_CHECKING:
    from torch import Tensor, nn

_TIMM = "timm:"
_NAME = re.compile(r"[A-Za-z0-9_]+(\.[A-Za-z0-9_]+)*")


def built(text: str, classes: int) -> nn.Module:
    """The module of a bundle's text: a plan of the grammar, or `timm:name channels=C`."""
    if not text.startswith(_TIMM):
        return Plan.read(text).build()
    name, _, channels = text.removeprefix(_TIMM).partition(" channels=")
    unknown = BundleRefused(
        f"its network {text[:60]!r} is none that this timm knows",
        "install the timm it was made with, or use its model.onnx",
    )
    # What cannot be a name is refused before two seconds are spent on importing timm.
    if not _NAME.fullmatch(name) or not (channels or "3").isdecimal():
        raise unknown
    timm = need("timm", to=f"build {text[:60]}", extra="zoo")
    if not timm.is_model(name):
        raise unknown
    made: nn.Module = timm.create_model(
        name, pretrained=False, num_classes=classes, in_chans=int(channels or 3)
    )
    return made


def network_of(found: Bundle) -> nn.Module:
    """The network of a bundle with its weights, ready to be asked. It is built without memory and given the
    tensors of the file, so a text that says more than the file holds costs nothing.
    """
    torch = need("torch", to="build the network of a bundle", extra="train")
    foreign = found.plan_text.startswith(_TIMM)  # timm makes tables that are no weights
    try:
        with torch.device("cpu" if foreign else "meta"):
            network = built(found.plan_text, len(found.classes))
        network.load_state_dict(found.tensors(), assign=not foreign)
    except RuntimeError as fault:
        text = " ".join(str(fault).split())
        raise BundleRefused(
            f"its weights are not those of its network: {text[:200]}",
            "copy it anew, or write it anew from its run",
            where=str(found.path),
        ) from None
    return network.eval().requires_grad_(requires_grad=True)


def weights_of(path: str | Path) -> dict[str, Tensor]:
    """The tensors of a run's or bundle's network, to start another training from."""
    return bundle_of(path).tensors()
