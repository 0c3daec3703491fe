"""What is decided where a recipe says `auto` or 0, from facts about the data and the network.

The rules were chosen by trials that `docs/log.md` keeps; each line says what it depends on, and the
result is a recipe without `auto`, kept in the run.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, final

from striate.training.recipe import Recipe
from striate.training.recipe_parts import OptimiserPart, mixed

UNEVEN = 3.0  # largest class by smallest, from which classes are weighed
THUMBNAIL = 64  # up to this side pictures are used as they are
FILTERS = "muon"
# Passes from which all small pictures come in every pass, are shifted by an eighth, and some are covered in
# part; before, a sixteenth teaches more: Fashion-MNIST after 3 passes 92.1 for 91.3 %, CIFAR the same.
MANY_PASSES = 15
# The same, but for covering, where filters come in mirrored pairs and know train sooner: CIFAR after 9 to 11
# passes 89.4 for 89.0 %, Fashion-MNIST the same either way. 7, since guesses of 9 passes may say 7.5.
MANY_PASSES_PAIRED = 7
# Smaller pictures at first buy more steps: 75.3 for 72.2 % after a minute of CIFAR on two cores.
# 16 pixels are the least that three pools of ours take.
GROWN, GROWING = 0.6, 26
# Hard pictures more often: what is answered well teaches little. docs/log.md has the trials.
PRACTISED = 0.3
# The rate where the recipe says 0: from scratch, and a tenth of it for weights that were trained before.
# Tried on 3,000 pictures at rates three times apart: within a point of the best for a network with norms,
# within five for one without, where larger ones learned faster or not at all.
RATES = {
    "sgd": (0.1, 0.01), "momentum": (0.03, 0.003), "nesterov": (0.03, 0.003), "rmsprop": (1e-3, 1e-4),
    "adam": (3e-3, 3e-4), "adamw": (3e-3, 3e-4), "adagrad": (1e-2, 1e-3), "adadelta": (1.0, 0.1),
    "muon": (0.24, 0.024),
}  # fmt: skip
RATES_OTHERS = (3e-3, 3e-4)  # of what Muon does not step
RATE_STARTED = 0.01  # and where the optimiser was decided as well
RATE_HEADED = (
    0.0003  # a fitted head has little to gain: 0.001 wobbled, from 0.003 on features were lost
)
# Of the weights while a headed network is fine-tuned: looks wobble less from one to the next.
DECAY_HEADED, DECAY = 0.95, 0.99
_BATCHES = (16, 32, 64, 128, 256, 512, 1024)


@final
@dataclass(frozen=True)
class Facts:
    """Of the data and the network. pictures: of train. unevenness: largest class by smallest. affordable:
    pictures that the budget or the epochs let pass through the network; 0 while that is not known.
    has_norms: whether batch norms are in the network. is_plain: whether it is a chain with convolutions and
    no norm of any kind. whitens: whether its first stage is called so. grows: whether it takes pictures of
    other sizes. pretrained: whether it starts from trained weights; is_headed: whether a head was fitted on
    its features first.
    """

    pictures: int
    classes: int
    side: int
    unevenness: float = 1.0
    affordable: int = 0
    mirror: bool = True
    has_norms: bool = True
    is_plain: bool = False
    whitens: bool = False
    grows: bool = True
    pretrained: bool = False
    is_headed: bool = False


def settle(recipe: Recipe, facts: Facts) -> Recipe:
    """The recipe with everything decided but what is measured."""
    values: dict[str, Any] = {}
    if recipe.batch == 0:
        values["batch"] = batch_for(facts)
    if recipe.pictures.augment == "auto":
        values["pictures.augment"] = _augment(recipe, facts)
    if recipe.pictures.mix == "auto":
        values["pictures.mix"] = mixed("auto", recipe.pictures.augment)
    if recipe.pictures.grow_from == 0:
        grows = facts.whitens and facts.grows
        values["pictures.grow_from"] = grown_from(0, facts.side, grows=grows)
    if recipe.practise.share == 0:
        values["practise.share"] = PRACTISED if _is_practised(recipe, facts) else 1.0
    if recipe.loss.class_weights == "auto":
        is_uneven = facts.unevenness > UNEVEN and not recipe.pictures.balanced
        values["loss.class_weights"] = "effective" if is_uneven else "none"
    values |= _optimiser(recipe, facts) | _average(recipe, facts)
    if recipe.loss.smoothing < 0:
        smooth = facts.whitens and recipe.loss.name == "cross-entropy"
        values["loss.smoothing"] = 0.1 if smooth else 0.0
    if recipe.regularise.mirrored == "auto":
        values["regularise.mirrored"] = "yes" if _is_mirrored(recipe, facts) else "no"
    if recipe.start.filters == "auto":
        values["start.filters"] = _filters(facts)
    if recipe.start.whiten == "auto":
        values["start.whiten"] = "yes" if facts.whitens and not facts.pretrained else "no"
    return recipe.with_values(values)


def grown_from(said: float, side: int, *, grows: bool) -> float:
    """As said; else where the pictures begin of our own networks, which take any size, as a share of their
    side.
    """
    return said or (GROWN if grows and side >= GROWING else 1.0)


def batch_for(facts: Facts) -> int:
    """At most an eighth of train, and about 200 steps where the budget allows so many. Where it does not, 64:
    smaller steps cost more than they teach, since much of a small step is the same work for any batch.
    """
    seen = facts.affordable or 20 * facts.pictures
    fit = [b for b in _BATCHES if b * 8 <= facts.pictures and b <= max(64, seen // 200)]
    return min(fit[-1] if fit else _BATCHES[0], facts.pictures)


def _augment(recipe: Recipe, facts: Facts) -> str:
    """Small pictures are shifted and mirrored, digits and text only shifted, photographs cropped. Where each
    is seen a few times only, what moves it far is left out; where often, our own networks see some covered.
    """
    if facts.side > THUMBNAIL:
        return "photos"
    if not facts.mirror:
        return "digits"
    if _passes(recipe, facts) < _many(recipe, facts):
        return "light"
    is_often = facts.whitens and not facts.pretrained and _passes(recipe, facts) >= MANY_PASSES
    return "covered" if is_often else "thumbnails"


def _passes(recipe: Recipe, facts: Facts) -> float:
    """How often each picture will be seen; many where that is not known."""
    return recipe.epochs or facts.affordable / facts.pictures or MANY_PASSES


def _is_practised(recipe: Recipe, facts: Facts) -> bool:
    """Our own networks from scratch, where passes are few and nothing else decides which pictures come."""
    part = recipe.pictures
    is_free = mixed(part.mix, part.augment) == "none" and not part.balanced
    is_ours = facts.whitens and not facts.pretrained
    return is_ours and is_free and _passes(recipe, facts) < _many(recipe, facts)


def _many(recipe: Recipe, facts: Facts) -> int:
    """Passes from which pictures are seen often."""
    said = recipe.regularise.mirrored
    is_paired = said == "yes" or (said == "auto" and _is_mirrored(recipe, facts))
    return MANY_PASSES_PAIRED if is_paired else MANY_PASSES


def _is_mirrored(recipe: Recipe, facts: Facts) -> bool:
    """Our own networks from scratch, where mirrored pictures mean the same and may be shown."""
    is_shown = recipe.pictures.augment != "none" and facts.mirror
    return facts.whitens and not facts.pretrained and is_shown


def _filters(facts: Facts) -> str:
    """How filters begin. After PyTorch's and a ReLU what comes out is two and a half times quieter than what
    went in, which only a norm makes up for: where there is none He's, or what is deep learns late or never.
    """
    if facts.pretrained:
        return "torch"
    return "dirac" if facts.whitens else "he" if facts.is_plain else "torch"


def _optimiser(recipe: Recipe, facts: Facts) -> dict[str, Any]:
    """Muon from scratch where norms follow the filters, or none is there at all; AdamW where norms are of
    another kind, or no filters; small steps of Nesterov for weights that are good already. Those get a rate
    here, whichever optimiser was named.
    """
    part, name = recipe.optimiser, recipe.optimiser.name
    values: dict[str, Any] = {}
    if name == "auto":
        # Neither Muon nor AdamW has a decay that goes through the gradient.
        fits = facts.has_norms or facts.is_plain
        name = "adam" if part.coupled else FILTERS if fits else "adamw"
        name = "nesterov" if facts.pretrained else name
        values["optimiser.name"] = name
    if facts.pretrained and part.rate == 0:
        small = RATE_HEADED if facts.is_headed else RATE_STARTED
        values["optimiser.rate"] = small if part.name == "auto" else RATES[name][1]
    if facts.pretrained and part.rate_others == 0 and name == "muon":
        values["optimiser.rate_others"] = RATES_OTHERS[1]
    if part.momentum < 0:
        values["optimiser.momentum"] = momentum(part, name)
    if recipe.schedule.warm_up < 0:
        gently = recipe.schedule.name == "linear" and not facts.has_norms
        values["schedule.warm_up"] = 0.1 if gently or facts.is_headed else 0.0
    return values


def _average(recipe: Recipe, facts: Facts) -> dict[str, Any]:
    """A moving average for headed networks, none for others."""
    values: dict[str, Any] = {}
    if recipe.average.name == "auto":
        is_wanted = facts.is_headed and not recipe.optimiser.lookahead
        values["average.name"] = "ema" if is_wanted else "none"
    if recipe.average.decay < 0:
        values["average.decay"] = DECAY_HEADED if facts.is_headed else DECAY
    return values


def momentum(part: OptimiserPart, name: str) -> float:
    """As said; else 0.6 for the filters of Muon, after airbench, and 0.9 for the others."""
    if part.momentum >= 0:
        return part.momentum
    return 0.6 if name == "muon" else 0.9
