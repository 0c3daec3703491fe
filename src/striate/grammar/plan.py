"""A network as text, its table before a tensor exists, and the way to a module.

>>> plan = Plan.read("3x32x32: conv3p1-16 relu max2 gap fc10")
>>> plan.parameters, plan.receptive_field, plan["conv1"].output
(618, (4, 4), Shape(channels=16, height=32, width=32, flat=False))
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, cast, final, overload

from striate.errors import ClassesDiffer, LimitExceeded, PlanError, Remainder, Unbound, UsageError
from striate.geometry.shape import MAX_SIZE, Pair, Shape
from striate.grammar.bind import bind
from striate.grammar.combine import Branches, Items, layers_in, words_in
from striate.grammar.layer import Layer, Node, layers_of
from striate.grammar.lectures import is_lecture, read_lecture
from striate.grammar.plain import Activation, Flatten, Full, Softmax
from striate.grammar.read import MAX_TEXT, read
from striate.grammar.sheet import Sheet
from striate.grammar.sliding import Conv, Gap
from striate.grammar.words import Word, where
from striate.grammar.write import write
from striate.optional import need
from striate.pages import notebook

if TYPE_CHECKING:
    from torch import nn

    from striate.textbook.network import Network


@final
@dataclass(frozen=True)
class Plan:
    """Words and how they are put together, and the input they are bound to (None: not bound yet).

    A bound plan is a sequence of `Layer` rows: `len`, iteration, `plan[3]`, `plan["stage1.conv2"]`.
    `source` is the text it was read from, for messages; it does not count for equality.
    """

    items: Items
    given: Shape | None = None
    source: str = field(default="", compare=False, repr=False)

    def __post_init__(self) -> None:
        try:
            self._check()
        except PlanError as fault:
            fault.position = fault.position or 0
            raise fault.located(self.source) from None

    def _check(self) -> None:
        """Whatever is a plan can be written and read again, so one made by hand keeps the reader's rules."""
        if not self.items:
            raise PlanError("a plan needs at least one word", "write a word such as `conv3p1-64`")
        if self.given is not None and (
            self.given.flat or not all(1 <= size <= MAX_SIZE for size in self.given[:3])
        ):
            raise PlanError(
                f"an input is channels x height x width, each from 1 to {MAX_SIZE:,}; got {self.given}",
                "try 3x224x224 for a colour picture, 1x28x28 for a grey one",
            )
        layers_in(self.items)
        if len(self.text) > MAX_TEXT:
            raise LimitExceeded(
                f"a plan has at most {MAX_TEXT // 1024} kB of text; "
                f"this one takes {len(self.text):,} characters when it is written out",
                "repeat with `( … )*n`",
            )

    @classmethod
    def read(cls, text: str) -> Plan:
        """A text of the grammar, or one of the forms the lectures print, to a plan."""
        items, given = read_lecture(text) if is_lecture(text) else read(text)
        return cls(items, given, text)

    @cached_property
    def text(self) -> str:
        """The canonical text: `Plan.read(plan.text) == plan`."""
        return write(self.items, self.given)

    @property
    def words(self) -> tuple[Word, ...]:
        """Every word once, in reading order (repeats are not unrolled)."""
        return tuple(words_in(self.items))

    def on(self, channels: int, height: int, width: int, classes: int | None = None) -> Plan:
        """The same plan on another input. `classes` fills the number a last `fc` has left open, and must
        agree with one it has not."""
        plan = replace(self, given=Shape(channels, height, width))
        return plan if classes is None else plan.with_classes(classes)

    def with_classes(self, classes: int, *, replaced: bool = False) -> Plan:
        """The plan with `classes` outputs. Another number in the last `fc`, or in a last convolution
        whose maps are averaged, is an error unless `replaced`."""
        last = self.head
        if isinstance(last, Full) and (last.features is None or replaced):
            return replace(self, items=_with_head(self.items, replace(last, features=classes)))
        maps = _last_maps(self.items) if replaced else None
        if maps is not None:
            one = replace(cast("Conv", self.items[maps]), channels=classes)
            return replace(self, items=(*self.items[:maps], one, *self.items[maps + 1 :]))
        if self.given:
            made = self.output.count
        else:  # without an input only an `fc` says how many there are
            made = last.features if isinstance(last, Full) and last.features else classes
        if made != classes:
            raise ClassesDiffer(
                f"the plan ends with {made:,} outputs, but there are {classes:,} classes",
                "write the last word as `fc`, without a number: it takes the number of classes",
                **(last.where if last else where(0)),
            ).located(self._shown)
        return self

    def answering(self) -> Plan:
        """The plan with one vector a picture: maps that a text leaves at its end, as after `gap`, get a
        `flatten`, before a final softmax."""
        if self.layers[-1].output.flat:
            return self
        at = len(self.items) + _head_at(self.items) + 1
        return replace(self, items=(*self.items[:at], Flatten(), *self.items[at:]))

    @property
    def head(self) -> Word | None:
        """The last word, but for a softmax; None where the plan ends in branches."""
        return _head(self.items)

    @cached_property
    def nodes(self) -> tuple[Node, ...]:
        """The bound tree, for builders."""
        if self.given is None:
            raise Unbound(
                "this plan does not say how large its input is",
                "start the text with `3x32x32:`, or bind it: `plan.on(3, 32, 32)`, `--input 3x32x32`",
                position=0,
            ).located(self._shown)
        try:
            return bind(self.items, self.given)
        except PlanError as fault:
            raise fault.located(self._shown) from None

    @property
    def _shown(self) -> str:
        return self.source or self.text

    @cached_property
    def layers(self) -> tuple[Layer, ...]:
        """One row for each layer, in the order the picture travels."""
        return tuple(layers_of(self.nodes))

    @cached_property
    def sheet(self) -> Sheet:
        """The table."""
        layers = self.layers  # raises Unbound where there is no input
        return Sheet(self.text, self.given or layers[0].given, layers)

    def __len__(self) -> int:
        return len(self.layers)

    def __bool__(self) -> bool:
        return True  # else an unbound plan, which has no length yet, could not be tested

    def __iter__(self) -> Iterator[Layer]:
        return iter(self.layers)

    @overload
    def __getitem__(self, key: int | str) -> Layer: ...
    @overload
    def __getitem__(self, key: slice) -> tuple[Layer, ...]: ...
    def __getitem__(self, key: int | str | slice) -> Layer | tuple[Layer, ...]:
        return self.sheet[key]

    def __str__(self) -> str:
        if self.given is None:
            return f"{self.text}\n(not bound to an input yet: plan.on(3, 32, 32) shows its table)"
        return self.sheet.table()

    def _repr_html_(self) -> str:
        """What Jupyter shows: the table."""
        return notebook.lines([str(self)]) if self.given is None else self.sheet._repr_html_()

    @property
    def parameters(self) -> int:
        """How many numbers the network learns."""
        return self.sheet.parameters

    @property
    def macs(self) -> int:
        """Multiply-adds for one picture."""
        return self.sheet.macs

    @property
    def flops(self) -> int:
        """Two for each multiply-add."""
        return self.sheet.flops

    @property
    def receptive_field(self) -> Pair | None:
        """Rows and columns that the last spatial map sees; None is the whole picture."""
        return self.sheet.receptive_field

    @property
    def output(self) -> Shape:
        """The shape of the answer."""
        return self.layers[-1].output

    def to_dict(self, batch: int = 1) -> dict[str, Any]:
        """The table as plain data."""
        return self.sheet.to_dict(batch)

    def check_exact(self) -> None:
        """The lectures' rule: refuse any window that does not end exactly at the border ("doesn't fit!")."""
        try:
            self.sheet.check_exact()
        except Remainder as refusal:
            raise refusal.located(self._shown) from None

    @overload
    def build(self, kind: Literal["torch"] = ..., *, softmax: bool = ...) -> nn.Module: ...
    @overload
    def build(
        self, kind: Literal["textbook"], *, softmax: bool = ..., seed: int = ...
    ) -> Network: ...
    def build(
        self, kind: str = "torch", *, softmax: bool = False, seed: int = 0
    ) -> nn.Module | Network:
        """The network as a PyTorch module, freshly initialised by PyTorch's own generator; or as the
        `textbook` network in NumPy, whose first weights are drawn from `seed`. A final `softmax` is left to
        the loss unless asked for."""
        if kind == "textbook":
            from striate.grammar import build_textbook

            try:
                return build_textbook.build(self, softmax=softmax, seed=seed)
            except PlanError as fault:
                raise fault.located(self._shown) from None
        if kind != "torch":
            raise UsageError(
                f"a plan is built as `torch` or as `textbook`; got {kind[:40]!r}",
                'leave it out for PyTorch, or write `plan.build("textbook")`',
            )
        need("torch", to="build a network", extra="train")
        from striate.grammar.build import build

        return build(self, softmax=softmax)


def _head_at(items: Items) -> int:
    return -2 if len(items) > 1 and isinstance(items[-1], Softmax) else -1


def _last_maps(items: Items) -> int | None:
    """Where the convolution stands whose maps, one a class, are averaged to the answers; None without one."""
    after: list[Word] = []
    for at in range(len(items) - 1, -1, -1):
        word = items[at]
        if isinstance(word, Conv) and word.groups == 1:
            return at if any(isinstance(one, Gap) for one in after) else None
        if not isinstance(word, Activation | Softmax | Flatten | Gap):
            return None
        after.append(word)
    return None


def _head(items: Items) -> Word | None:
    last = items[_head_at(items)]
    if isinstance(last, Word):
        return last
    return None if isinstance(last, Branches) else _head(last.body)


def _with_head(items: Items, head: Full) -> Items:
    """The items with the word that `_head` finds replaced."""
    at = len(items) + _head_at(items)
    last = items[at]
    if not isinstance(last, Word | Branches):
        return (*items[:at], replace(last, body=_with_head(last.body, head)), *items[at + 1 :])
    return (*items[:at], head, *items[at + 1 :])
