"""The four ways to put words together: sequence, repeat, residual, branches. A stage names a sequence."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, final

from striate.errors import LimitExceeded, WordFault
from striate.grammar.vocabulary import WORDS
from striate.grammar.words import Word, where

MAX_NESTING = 64
MAX_LAYERS = 100_000
_LABEL = re.compile(r"[a-z][a-z0-9_]{0,59}\Z")
# Names an nn.Module has already: a child called so could not be reached as an attribute.
_RESERVED = """
add_module append apply arms bfloat16 body buffers call_super_init children clear compile copy
cpu cuda double dump_patches eval extend extra_repr float forward get_buffer get_extra_state
get_parameter get_submodule half insert ipu items keys load_state_dict modules mtia
named_buffers named_children named_modules named_parameters parameters pop
register_backward_hook register_buffer register_forward_hook register_forward_pre_hook
register_full_backward_hook register_full_backward_pre_hook register_load_state_dict_post_hook
register_load_state_dict_pre_hook register_module register_parameter
register_state_dict_post_hook register_state_dict_pre_hook requires_grad_ set_extra_state
set_submodule share_memory shortcut state_dict to to_empty train training type update values
xpu zero_grad
"""
RESERVED = frozenset(_RESERVED.split())


@final
@dataclass(frozen=True)
class Repeat:
    """`( body )*times`: the body again and again, with weights of its own each time."""

    body: Items
    times: int
    at: int = field(default=-1, compare=False, repr=False)

    def __post_init__(self) -> None:
        _filled(self.body, "a repeat", self.at)
        if self.times < 2:
            said = f"a repeat is made at least 2 times; got {self.times}"
            raise WordFault(said, "leave the repeat out", **where(self.at))


@final
@dataclass(frozen=True)
class Residual:
    """`{ body }`: body(x) + shortcut(x), He et al. (2015). The shortcut is x itself where the shapes are
    equal, otherwise a 1x1 convolution with the body's stride, and a batch norm if the body has one."""

    body: Items
    at: int = field(default=-1, compare=False, repr=False)

    def __post_init__(self) -> None:
        _filled(self.body, "a residual", self.at)


@final
@dataclass(frozen=True)
class Branches:
    """`[ a | b ]` concatenates the channels of its arms, `[ a + b ]` adds them; all get the same input."""

    arms: tuple[Items, ...]
    how: Literal["concat", "add"] = "concat"
    at: int = field(default=-1, compare=False, repr=False)

    def __post_init__(self) -> None:
        if len(self.arms) < 2:
            raise WordFault("branches need at least two arms", "add an arm", **where(self.at))
        for arm in self.arms:
            _filled(arm, "an arm of a branch (write `id` to pass the input on)", self.at)


@final
@dataclass(frozen=True)
class Stage:
    """`name=( body )`: a part with a name, which the built network keeps."""

    name: str
    body: Items
    at: int = field(default=-1, compare=False, repr=False)

    def __post_init__(self) -> None:
        place = where(self.at, len(self.name))
        if not _LABEL.match(self.name):
            raise WordFault(
                f"a stage has a name of small letters, digits and _; got {self.name[:40]!r}",
                "write it like `stage1=( … )`",
                **place,
            )
        if self.name in RESERVED or is_taken(self.name):
            raise WordFault(
                f"{self.name!r} cannot name a stage, it means something else",
                f"call it `{self.name}_stage`",
                **place,
            )
        _filled(self.body, f"the stage {self.name!r}", self.at)


Item = Word | Repeat | Residual | Branches | Stage
Items = tuple[Item, ...]


def is_taken(name: str) -> bool:
    """True for the names that layers get by themselves: `conv1`, `res1`, `fork2`, `fc1_flatten`."""
    stem = name.removesuffix("_flatten").rstrip("0123456789")
    return stem in WORDS or stem in {"res", "fork", "arm", "join"}


def _filled(body: Items, what: str, at: int) -> None:
    if not body:
        raise WordFault(f"{what} is empty", "write a word between the brackets", **where(at))


def words_in(items: Items) -> Iterator[Word]:
    """Every word, each once, in reading order (repeats are not unrolled)."""
    for item in items:
        if isinstance(item, Word):
            yield item
        elif isinstance(item, Branches):
            for arm in item.arms:
                yield from words_in(arm)
        else:
            yield from words_in(item.body)


def layers_in(items: Items, depth: int = 0) -> int:
    """How many layers there are once repeats are unrolled; the limits are enforced here."""
    if depth > MAX_NESTING:
        raise LimitExceeded(f"brackets may be nested {MAX_NESTING} deep at most", "nest less")
    total = 0
    for item in items:
        total += 1 if isinstance(item, Word) else _layers_inside(item, depth + 1)
        if total > MAX_LAYERS:
            raise LimitExceeded(
                f"a plan has at most {MAX_LAYERS:,} layers after unrolling; this one has more",
                "repeat less often",
                **where(item.at),
            )
    return total


def _layers_inside(item: Repeat | Residual | Branches | Stage, depth: int) -> int:
    if isinstance(item, Branches):
        return sum(layers_in(arm, depth) for arm in item.arms)
    if isinstance(item, Stage) and is_repeated(item):
        depth -= 1  # `name=( … )*3` is one pair of brackets
    return layers_in(item.body, depth) * (item.times if isinstance(item, Repeat) else 1)


def is_repeated(stage: Stage) -> bool:
    """Whether a stage is one repeat and nothing else, and so written with its brackets."""
    return len(stage.body) == 1 and isinstance(stage.body[0], Repeat)
