"""How a network from scratch begins: the filters of its convolutions, its dense layers where that is asked
for, and a first layer that whitens.

Every random number comes from a generator of its own, by the seed and the name of the parameter: no global
generator is touched, and a layer more elsewhere changes no other layer.

Whitening, after Jordan (2024), arXiv 2404.00498: the filters of the first convolution are the principal
directions of the data's own patches, each scaled so that what comes out has variance 1, and their
negatives. Then a layer that nothing trains gives channels that tell different things.

Shape legend: N pictures, C channels, H height, W width; D numbers of a patch, C kh kw.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn import functional

from striate import seeds
from striate.training.eigen import symmetric
from striate.training.muon import answering, in_order, is_norm
from striate.training.recipe_parts import StartPart

MOST_PICTURES = 5_000
# Added to the variance of each direction, by the mean variance where that is above 1. JPEG leaves half of the
# twelve directions of a 2x2 patch below 0.006: with 5e-4 what noise is there became as loud as the picture.
# CIFAR in 300 s, means of three seeds: 88.7 %, with 0.01 (and 7 % more passes) 89.0; one seed with 0.06 88.9.
EPS = 0.01
DRAWN = {"he": "He et al. (2015)", "xavier": "Glorot and Bengio (2010)"}
_CUTTING = (nn.ReLU, nn.ReLU6)
_ABOVE = (
    3.0  # where answers begin that a ReLU cuts off: twice as far from 0 as He's filters spread them
)
_MOST_NUMBERS = 2**24  # of all patches together; beyond it patches lie further apart
_AT_ONCE = 2**23


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """A network that is built inside begins with the same weights for the same seed, on the CPU.

    PyTorch draws them from its global generator; that is as it was afterwards.
    """
    with torch.random.fork_rng(devices=[]):
        # Not torch.manual_seed, which would seed the generators of all devices and not bring them back.
        torch.default_generator.manual_seed(_key(seed, "build"))
        yield


@torch.no_grad()
def start(
    network: nn.Module, part: StartPart, images: Tensor | None, seed: int, *, mirrored: bool = False
) -> tuple[str, ...]:
    """Give the filters of a network their first values, as the recipe says; what was done, in words.

    filters: `torch` leaves what PyTorch drew, `he` and `xavier` draw anew and set biases to 0, those of dense
    layers too, `dirac` makes the first filters of each convolution hand on their input channels. auto, which
    `defaults` decides before, is dirac for a network with a stage called `whiten`, else torch. images:
    N C H W, normalised, for the whitening; `mirrored`: as if their mirror images were among them.
    """
    first = _to_whiten(network, part)
    notes = []
    if first is not None:
        notes.append(_whiten(first, images, seed, mirrored))
    staged = hasattr(network, "whiten")
    how = part.filters if part.filters != "auto" else ("dirac" if staged else "torch")
    convolutions = dense = 0
    for name, one in network.named_modules():
        if isinstance(one, nn.Conv2d) and one.weight.requires_grad:
            convolutions += _begin(one, how, seed, name)
        elif isinstance(one, nn.Linear) and one.weight.requires_grad and how in DRAWN:
            dense += _begin(one, how, seed, name)
    if how != "torch":
        begun = [f"filters of {convolutions} convolutions"] if convolutions or not dense else []
        begun += (
            [f"weights of {dense} dense {'layer' if dense == 1 else 'layers'}"] if dense else []
        )
        notes.append(f"{' and '.join(begun)} begin as {how}: {DRAWN.get(how, 'identity')}")
    cut = _cut_off(network) if how in DRAWN else None
    if cut is not None:
        cut.fill_(_ABOVE)
        notes.append(
            f"answers begin at {_ABOVE:.0f}, since a ReLU cuts them off at 0, where nothing is learnt"
        )
    return tuple(notes)


def _cut_off(network: nn.Module) -> Tensor | None:
    """The biases of the last layer with weights where a ReLU comes after it, as in All-CNN. Classes that fall
    below 0 for every picture get no gradient any more: of digits three of ten were never answered. The same
    number more in every class changes no softmax. Only where the order of layers is known.
    """
    found = answering(network)
    if not isinstance(found, nn.Conv2d | nn.Linear) or found.bias is None:
        return None
    parts = list(in_order(network)) if isinstance(network, nn.Sequential) else []
    after = parts[parts.index(found) + 1 :]
    is_cut = any(isinstance(one, _CUTTING) for one in after) and not any(map(is_norm, after))
    return found.bias if is_cut and found.bias.requires_grad else None


def hold(network: nn.Module, taken: Mapping[str, Tensor]) -> None:
    """Keep the first convolution of a stage called `whiten` as it is, if it was taken from these weights."""
    first = _to_whiten(network, StartPart())
    for name, weight in network.named_parameters():
        if first is not None and weight is first.weight and name in taken:
            weight.requires_grad_(taken[name].shape != weight.shape)


def _begin(conv: nn.Conv2d | nn.Linear, how: str, seed: int, name: str) -> bool:
    """The filters of one convolution, or the weights of a dense layer; whether something was done."""
    weight = conv.weight
    if how == "torch" or (how == "dirac" and isinstance(conv, nn.Conv2d) and conv.groups > 1):
        return False
    if how == "dirac":
        made = weight.detach().clone(memory_format=torch.contiguous_format)
        nn.init.dirac_(made[: weight.shape[1]])
    else:
        made = _drawn(weight, how, seed, f"filters {name}")
        if conv.bias is not None:
            conv.bias.zero_()
    weight.copy_(made)
    return True


def _drawn(weight: Tensor, how: str, seed: int, purpose: str) -> Tensor:
    """Filters by He or by Xavier, always drawn on the CPU in the order of the shape."""
    draws = torch.Generator().manual_seed(_key(seed, purpose))
    made = torch.empty(weight.shape, dtype=weight.dtype)
    if how == "xavier":
        return nn.init.xavier_uniform_(made, generator=draws)
    return nn.init.kaiming_normal_(made, nonlinearity="relu", generator=draws)


def _to_whiten(network: nn.Module, part: StartPart) -> nn.Conv2d | None:
    """The first convolution of the stage called `whiten`, or of all when that is asked for."""
    stage = getattr(network, "whiten", None)
    if part.whiten == "no" or (part.whiten == "auto" and stage is None):
        return None
    inside = stage if isinstance(stage, nn.Module) else network
    return next((one for one in inside.modules() if isinstance(one, nn.Conv2d)), None)


def _whiten(conv: nn.Conv2d, images: Tensor | None, seed: int, mirrored: bool) -> str:
    """Whitening filters, and what there is to say about them."""
    fault = _cannot(conv, images)
    if fault or images is None:
        return f"the first layer is not whitened: {fault}"
    some = images[_evenly(len(images), MOST_PICTURES)]
    weight = conv.weight
    sides = _sides(weight, mirrored)
    directions = _whitening(_moments(some, conv), sides)  # D D, one direction a row
    each = min(len(directions), -(-len(weight) // 2))
    chosen = torch.cat([directions[:each], -directions[:each]])[: len(weight)]
    made = _drawn(weight, "he", seed, "whiten").to(weight.dtype)
    made[: len(chosen)] = chosen.reshape(-1, *weight.shape[1:]).to(weight.dtype)
    if mirrored:
        for i in range(len(chosen), len(weight) - 1, 2):
            made[i + 1] = made[i].flip(-1)
    weight.copy_(made)
    weight.requires_grad_(False)
    C, kh, kw = weight.shape[1:]
    rest = len(weight) - len(chosen)
    told = f"; {rest} more filters are random" if rest else ""
    return (
        f"the first layer whitens patches of {C}x{kh}x{kw}: {len(chosen)} filters from {len(some):,} "
        f"pictures, which stay as they are{told}"
    )


def _cannot(conv: nn.Conv2d, images: Tensor | None) -> str:
    """Why there is no whitening, or nothing."""
    if images is None or not len(images):
        return "no pictures were given"
    if conv.groups != 1:
        return "its filters see some of the channels only"
    if images.shape[1] != conv.in_channels:
        return f"it takes {conv.in_channels} channels, the pictures have {images.shape[1]}"
    reach = [d * (k - 1) + 1 for d, k in zip(conv.dilation, conv.kernel_size, strict=True)]
    if images.shape[2] < reach[0] or images.shape[3] < reach[1]:
        return "the pictures are smaller than its filters"
    if not bool(torch.isfinite(images).all()):
        return "some pixels are no finite numbers"
    return ""


def _moments(images: Tensor, conv: nn.Conv2d) -> Tensor:
    """D D float64: the mean over all patches of patch x patch, about 0 as the normalised data are."""
    D = conv.weight[0].numel()
    apart = 1
    while images[:, 0, ::apart, ::apart].numel() * D > _MOST_NUMBERS and apart < min(
        images.shape[2:]
    ):
        apart += 1
    at_once = max(1, _AT_ONCE // (images[0, 0, ::apart, ::apart].numel() * D))
    total, count = torch.zeros(D, D, dtype=torch.float64), 0
    for start_at in range(0, len(images), at_once):
        some = images[start_at : start_at + at_once].float().contiguous()
        patches = functional.unfold(some, conv.kernel_size, conv.dilation, stride=apart)  # n D P
        flat = patches.transpose(0, 1).reshape(D, -1)
        total += (flat @ flat.T).double().cpu()
        count += flat.shape[1]
    return total / count


def _sides(weight: Tensor, mirrored: bool) -> tuple[Tensor, ...]:
    """Spaces in which directions are looked for, D d each, with orthonormal columns: all of it; or patches
    that are their own mirror images, and those that are the negatives of theirs.
    """
    D = weight[0].numel()
    all_of_it = torch.eye(D, dtype=torch.float64)
    if not mirrored:
        return (all_of_it,)
    pairs = torch.arange(D).reshape(weight.shape[1:]).flip(-1).reshape(-1)
    here = torch.arange(D)
    own, first = all_of_it[here == pairs], here < pairs
    even, odd = (all_of_it[first] + sign * all_of_it[pairs[first]] for sign in (1, -1))
    return torch.cat([own, even / 2**0.5]).T, odd.T / 2**0.5


def _whitening(moments: Tensor, sides: tuple[Tensor, ...]) -> Tensor:
    """D D: each row a direction by the root of its variance, those of most variance first.

    What hardly varies (the border of digits, a channel that is always the same) has a variance of nearly 0:
    the number added to it keeps every row no longer than 1 / sqrt(EPS) = 10.
    """
    found = [symmetric(side.T @ moments @ side) for side in sides]
    variances = torch.cat([values for values, _ in found])
    columns = torch.cat([s @ vectors for s, (_, vectors) in zip(sides, found, strict=True)], dim=1)
    order = variances.argsort(descending=True, stable=True)
    variances, rows = variances[order].clamp_min(0), columns.T[order]
    # A direction has no sign of its own; the largest of its numbers is made positive.
    most = rows.gather(1, rows.abs().argmax(dim=1, keepdim=True))
    rows = rows * most.sign()
    added = EPS * max(1.0, float(variances.mean()))
    made: Tensor = rows / (variances + added).sqrt()[:, None]
    return made


def _evenly(count: int, most: int) -> Tensor:
    """At most `most` of 0 ... count - 1, spread over all."""
    if count <= most:
        return torch.arange(count)
    return torch.arange(most) * count // most


def _key(seed: int, purpose: str) -> int:
    return seeds.at(seed, f"start {purpose}") & (2**63 - 1)
