"""The parts of a recipe: what is shown, practised, lost, stepped, scheduled, averaged, begun with; each knob
with the words or the numbers that it takes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, final

AUGMENTS = ("auto", "none", "light", "digits", "thumbnails", "covered", "photos", "strong")
OPTIMISERS = (
    "auto", "sgd", "momentum", "nesterov", "rmsprop", "adam", "adamw", "adagrad", "adadelta", "muon",
)  # fmt: skip


def one_of(*choices: str) -> Any:
    """A field that takes one of these words; the first is the default."""
    return field(default=choices[0], metadata={"choices": choices})


def within(default: float, low: float, high: float) -> Any:
    """A number from `low` to `high`, both included."""
    return field(default=default, metadata={"range": (low, high)})


@final
@dataclass(frozen=True)
class PicturePart:
    """What the network is shown. size: side in pixels, 0 is decided. grow_from: the side at step 0 as a
    share of `size` (progressive resizing; 0 is decided), reaching it at `grow_until` of the steps. mix: auto
    is either where `augment` is strong, else none. mix_alpha: of the shares that are drawn; 0 is 0.2 for
    mixup and 1 for cutmix.
    """

    size: int = within(0, 0, 4096)
    fit: str = one_of("auto", "crop", "pad", "stretch")
    augment: str = one_of(*AUGMENTS)
    mix: str = one_of("auto", "none", "mixup", "cutmix", "either")
    mix_alpha: float = within(0.0, 0, 10)
    balanced: bool = False
    grow_from: float = within(0.0, 0, 1)
    grow_until: float = within(0.75, 0, 1)


def mixed(mix: str, augment: str) -> str:
    """What `auto` is for `pictures.mix`."""
    if mix == "auto":
        return "either" if augment == "strong" else "none"
    return mix


@final
@dataclass(frozen=True)
class PractisePart:
    """After the first pass over train: passes over the `share` of pictures with the highest loss when they
    were last seen and over `rest` of the others, until `until` of the steps; then all again. share 0 is
    decided, 1 is every picture in every pass.
    """

    share: float = within(0.0, 0, 1)
    rest: float = within(0.1, 0, 1)
    until: float = within(0.8, 0, 1)


@final
@dataclass(frozen=True)
class LossPart:
    """Softmax cross-entropy, or the multiclass hinge of the lectures (Weston and Watkins). smoothing: of
    labels, -1 is decided.
    """

    name: str = one_of("cross-entropy", "hinge")
    smoothing: float = within(-1.0, -1, 0.9)
    margin: float = within(1.0, 0, 100)
    class_weights: str = one_of("auto", "none", "inverse", "effective")


@final
@dataclass(frozen=True)
class OptimiserPart:
    """rate 0 is the default of the optimiser. With muon `rate` is for filters and `rate_others` for all
    else. momentum -1 is decided. decay: decoupled from the gradient unless `coupled`; never on norms and
    biases. clip: largest norm of the gradient, 0 for none. accumulate: batches to one step. lookahead: steps
    between pulls, 0 for none.
    """

    name: str = one_of(*OPTIMISERS)
    rate: float = within(0.0, 0, 1000)
    rate_others: float = within(0.0, 0, 1000)
    momentum: float = within(-1.0, -1, 0.9999)
    decay: float = within(0.0, 0, 10)
    coupled: bool = False
    clip: float = within(0.0, 0, 1e9)
    accumulate: int = within(1, 1, 10_000)
    lookahead: int = within(0, 0, 1000)
    lookahead_pull: float = within(0.5, 0, 1)


@final
@dataclass(frozen=True)
class SchedulePart:
    """The rate as a factor over the steps. warm_up: share of the steps from 0 up, -1 is decided. final:
    factor at the last step. step: times `step_factor` each `step_every` of the steps.
    """

    name: str = one_of("linear", "constant", "cosine", "one-cycle", "step")
    warm_up: float = within(-1.0, -1, 1)
    final: float = within(0.0, 0, 1)
    step_every: float = within(0.34, 0.001, 1)
    step_factor: float = within(0.1, 0, 1)


@final
@dataclass(frozen=True)
class RegularisePart:
    """dropout: for every `drop` word, -1 leaves the text's own. patience: looks at val without a lower loss
    until training stops and the best weights come back; 0 never stops early. mirrored: filters come in pairs,
    each the mirror image of the other.
    """

    dropout: float = within(-1.0, -1, 0.95)
    stochastic_depth: float = within(0.0, 0, 0.9)
    patience: int = within(0, 0, 10_000)
    mirrored: str = one_of("auto", "yes", "no")


@final
@dataclass(frozen=True)
class AveragePart:
    """ema: a moving average of the weights with this decay a step, -1 is decided; swa: the mean of the
    weights after every step from `start` (share of the steps) on.
    """

    name: str = one_of("auto", "none", "ema", "swa")
    decay: float = within(-1.0, -1, 0.99999)
    start: float = within(0.75, 0, 1)


@final
@dataclass(frozen=True)
class StartPart:
    """filters: how convolutions begin, and with he and xavier dense layers too. whiten: the first convolution
    whitens the data's own patches, and stays so; auto does it where a stage is called `whiten`.
    """

    filters: str = one_of("auto", "torch", "he", "xavier", "dirac")
    whiten: str = one_of("auto", "yes", "no")


@final
@dataclass(frozen=True)
class MachinePart:
    """How it is computed. micro_batch 0 is decided, and memory that runs out makes it smaller, which is
    said. threads 0: as many as are quickest here. compile, resident: auto is for CUDA alone, where a trial
    says that it pays, and where the pixels of train fit into the memory of the device.
    """

    device: str = one_of("auto", "cpu", "cuda", "mps")
    precision: str = one_of("auto", "fp32", "bf16")
    compile: str = one_of("auto", "yes", "no")
    resident: str = one_of("auto", "yes", "no")
    channels_last: bool = True
    micro_batch: int = within(0, 0, 1_000_000)
    threads: int = within(0, 0, 4096)
    workers: int = within(1, 0, 64)
