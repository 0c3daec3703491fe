"""Which layers there are, by what they do: convolutions, fully connected ones, and those with maps."""

from __future__ import annotations

from torch import Tensor, nn

from striate.errors import CannotLookInside
from striate.seeing.tap import layer_of

Filters = nn.Conv1d | nn.Conv2d | nn.Conv3d


def convolutions(model: nn.Module) -> dict[str, nn.Conv2d]:
    """Every convolution over rows and columns, in the order in which they stand."""
    return {name: m for name, m in model.named_modules() if isinstance(m, nn.Conv2d)}


def convolution(model: nn.Module, name: str | None = None) -> tuple[str, nn.Conv2d]:
    """One convolution, the first by default. The name of a block stands for the first one in it."""
    found = convolutions(model)
    if name is None:
        if not found:
            raise CannotLookInside(
                "this network has no convolution, so it has no filters",
                "see its templates: `see RUN templates`",
            )
        first = next(iter(found))
        return first, found[first]
    layer_of(dict(model.named_modules()), name)
    inside = [one for one in found if one == name or one.startswith(name + ".")]
    if not inside:
        raise CannotLookInside(
            f"{name} is no convolution and holds none",
            f"convolutions here: {', '.join(list(found)[:8])}",
        )
    return inside[0], found[inside[0]]


def first_full(model: nn.Module) -> tuple[str, nn.Linear] | None:
    """The fully connected layer that sees the picture itself: none where another layer with weights stands
    before it.
    """
    for name, module in model.named_modules():
        if isinstance(module, nn.Linear):
            return name, module
        if next(module.parameters(recurse=False), None) is not None:
            return None
    return None


def weights_of(layer: nn.Module) -> Tensor:
    """The weights of a layer, apart from the graph, on the CPU."""
    weight = layer.weight
    if not isinstance(weight, Tensor):
        raise CannotLookInside("this layer has no weights", "choose a convolution")
    return weight.detach().cpu()
