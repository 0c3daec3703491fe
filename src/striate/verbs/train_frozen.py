"""Pretrained networks: their features first, then, if the budget allows, their last stages.

The features of every picture (and of its mirror) are computed once, and a linear head is fitted on them
to convergence; that is most of what there is to gain, in seconds. Fine-tuning begins from there, with
batch norms as they are, and what validates better is kept.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from torch import nn

from striate.judging.answers import answered
from striate.keeping.kept_features import FeatureShelf
from striate.training import frozen, frozen_head
from striate.training.recipe import Recipe
from striate.training.threads import while_others_wait
from striate.verbs.train_network import norms_of
from striate.verbs.train_order import Event, Said, Working
from striate.verbs.train_ready import Ready, Rows

TRAINED_SHARE = 0.25  # of the layers, counted from the end
PATIENCE = 4  # looks without a better val, where the rate does not fall
ALL_LOOKS = 10_000  # where it falls, fine-tuning is best when it has fallen
_AT_ONCE = 256


def still_parts(network: nn.Module) -> tuple[nn.Module, ...]:
    """Let the last layers alone be trained; gives the batch norms, which stay as they are."""
    owners = [m for m in network.modules() if any(True for _ in m.parameters(recurse=False))]
    first = round(len(owners) * (1 - TRAINED_SHARE))
    norms = tuple(norms_of(network))
    for at, owner in enumerate(owners):
        for weight in owner.parameters(recurse=False):
            weight.requires_grad_(at >= first and owner not in norms)
    return norms


def patient(recipe: Recipe) -> Recipe:
    """The best weights come back; a rate that stays also ends when val gets no better."""
    if recipe.regularise.patience:
        return recipe
    falls = recipe.schedule.name != "constant" and recipe.schedule.final < 1
    patience = ALL_LOOKS if falls else PATIENCE
    return replace(recipe, regularise=replace(recipe.regularise, patience=patience))


def fitted_head(ready: Ready) -> Generator[Event, None, frozen_head.Head | None]:
    """What training begins with where weights were given: a head on their features; else none."""
    if not ready.order.is_headed:
        return None
    with while_others_wait(ready.ranks):
        return (yield from head_first(ready))


def still_norms(ready: Ready) -> tuple[nn.Module, ...]:
    """What then stays as it is while the last layers are trained; of other networks nothing."""
    return still_parts(ready.chosen.network) if ready.order.is_headed else ()


def head_first(ready: Ready) -> Generator[Event, None, frozen_head.Head]:
    """Fit the head on features and put it into the network; those of mirrored pictures are used too, unless
    val is surely the worse for it.
    """
    data, network = ready.dataset, ready.chosen.network
    rows = {name: data.places(name) for name in ("train", "val")}
    labels = {name: data.labels[at].astype(np.int64) for name, at in rows.items()}
    found = {}
    for name in ("train", "val"):
        found[name] = yield from _features(ready, rows[name], f"features of {name}")
    weights = ready.weights()

    def fitted(features: NDArray[np.float32], truth: NDArray[np.int64]) -> frozen_head.Head:
        return frozen_head.fit_head(
            features, truth, found["val"], labels["val"], len(data.classes), weights=weights
        )

    head = fitted(found["train"], labels["train"])
    if data.mirror:
        other = yield from _features(
            ready, rows["train"], "features of the mirror of train", mirror=True
        )
        both = fitted(
            np.concatenate([found["train"], other]), np.concatenate([labels["train"]] * 2)
        )
        if _surely_worse(both, head, found["val"], labels["val"]):
            yield Said(
                "the head is fitted without mirrored pictures: with them the loss on val is "
                f"{both.val_loss:.3f}, without {head.val_loss:.3f}"
            )
        else:
            head = both
    frozen.cut(network).attach(network, head)
    yield Said(
        f"a linear head on frozen features: val accuracy {head.val_accuracy:.2%}, loss {head.val_loss:.3f} "
        f"(L2 {head.l2:g}); {'now the last layers' if ready.course.steps else 'the budget ends here'}"
    )
    return head


def _surely_worse(
    one: frozen_head.Head,
    other: frozen_head.Head,
    features: NDArray[np.float32],
    truth: NDArray[np.int64],
) -> bool:
    """Whether the losses of `one` are above those of `other` by two standard errors of the pairs: less than
    that is chance, and chosen by chance on 153 pictures of ants and bees a head lost two points.
    """
    over = answered(one.logits(features), truth).loss - answered(other.logits(features), truth).loss
    return bool(over.mean() > 2 * over.std() / np.sqrt(len(over)))


def _features(
    ready: Ready, rows: Rows, what: str, *, mirror: bool = False
) -> Generator[Event, None, NDArray[np.float32]]:
    """N D, as they were kept, or made a run of pictures at a time so that people see how far it is."""
    network, pictures, device = ready.chosen.network, ready.pictures, ready.course.device
    shelf = FeatureShelf.here()
    key = frozen.key(network, pictures, rows, mirror, device=device)
    found = shelf.find(key)
    if found is not None:
        yield Said(f"{what}: from the cache, {len(found):,} pictures")
        return found
    parts = []
    for start in range(0, len(rows), _AT_ONCE):
        yield Working(what, start, len(rows))
        some = rows[start : start + _AT_ONCE]
        parts.append(frozen.features(network, pictures, some, mirror=mirror, device=device))
    made: NDArray[np.float32] = np.concatenate(parts)
    if ready.ranks.rank == 0 and (why := shelf.keep(key, made)):
        yield Said(f"{what} are not kept for the next time: {why}", "warning")
    return made
