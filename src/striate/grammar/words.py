"""The shape of every word: `name` + size + `letter size`... + `-channels`, read from and written to text.

A word is one frozen dataclass. Its fields say how they are spelt: `slot` is the number right after the name,
`option("s", ...)` a letter and a number, `width()` the channels after the dash. To add a word, write
its dataclass and name it in `vocabulary.py` (and in `build.py` and `build_textbook.py`).
Sizes are one number or a (height, width) pair, height first.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from copy import copy
from dataclasses import MISSING, Field, dataclass, field, fields
from decimal import Decimal
from functools import cached_property, lru_cache
from types import MappingProxyType
from typing import Any, ClassVar, Literal, NoReturn, Self, TypedDict

from striate.errors import LimitExceeded, WordFault
from striate.geometry.shape import Pair, Shape
from striate.geometry.window import Window

Kind = Literal["pair", "int", "decimal", "switch", "flag", "padding"]
Padding = Pair | Literal["same"]
Windows = tuple[Window, Window]

MAX_DIGITS, MAX_DECIMAL = 9, 20  # a decimal is counted with its point
MAX_NUMBER = 10**MAX_DIGITS - 1
_NUMBER = r"[0-9]+(?:\.[0-9]+)?"
_OPTION = re.compile(rf"(same|[a-z])({_NUMBER}(?:x{_NUMBER})?)?")
_SIZE = re.compile(rf"{_NUMBER}(?:x{_NUMBER})?")
_PAIR = (re.compile("[0-9]+(?:x[0-9]+)?"), "a whole number or a pair such as 3x1")
_RULES: Mapping[str, tuple[re.Pattern[str], str]] = MappingProxyType(
    {
        "int": (re.compile("[0-9]+"), "a whole number"),
        "decimal": (re.compile(_NUMBER), "a number"),
        "pair": _PAIR,
        "padding": _PAIR,
    }
)


class Where(TypedDict):
    """Where a fault stands in a text, as `PlanError` takes it."""

    position: int | None
    length: int


def where(at: int, length: int = 1) -> Where:
    """The place of something read at `at`; words made by hand have -1 and no place."""
    return {"position": at if at >= 0 else None, "length": length}


def slot(kind: Kind, default: Any = MISSING, low: float = 1, high: float = MAX_NUMBER) -> Any:
    """The number right after the name."""
    return _spelt("", kind, default, low, high)


def option(letter: str, kind: Kind, default: Any, low: float = 1, high: float = MAX_NUMBER) -> Any:
    """A letter with a number after it; left out when it has its default."""
    return _spelt(letter, kind, default, low, high)


def width() -> Any:
    """The output channels, after the dash; left out, the channels stay as they are."""
    return _spelt("-", "int", None, 1, MAX_NUMBER)


def _spelt(letter: str, kind: Kind, default: Any, low: float, high: float) -> Any:
    return field(
        default=default, metadata={"letter": letter, "kind": kind, "low": low, "high": high}
    )


@dataclass(frozen=True, kw_only=True)
class Word(ABC):
    """One word of a plan. `at` is its place in the text it was read from; it does not count for equality."""

    name: ClassVar[str]
    example: ClassVar[str]
    needs_map: ClassVar[bool] = (
        False  # True: it works on rows and columns, so not after `flatten` or `fc`
    )
    at: int = field(default=-1, compare=False, repr=False)

    def __post_init__(self) -> None:
        for f in spelt(type(self)):
            value = getattr(self, f.name)
            if value is f.default:
                continue
            if isinstance(value, int) and f.metadata["kind"] in {"pair", "padding"}:
                object.__setattr__(self, f.name, (value, value))
            elif isinstance(value, int) and f.metadata["kind"] == "decimal":
                object.__setattr__(self, f.name, float(value))
            elif value == 0 and isinstance(value, float):
                object.__setattr__(self, f.name, 0.0)  # -0.0 could not be written
            _check(self, f)

    def moved(self, at: int) -> Self:
        """The same word at another place of its text."""
        word = copy(self)  # all is checked already, and `text` comes along
        object.__setattr__(word, "at", at)
        return word

    @cached_property
    def text(self) -> str:
        """The word as it is written: its canonical spelling."""
        return self.spelling + "".join(_write(f, getattr(self, f.name)) for f in spelt(type(self)))

    @property
    def spelling(self) -> str:
        """The letters that name it."""
        return self.name

    @abstractmethod
    def shape(self, given: Shape) -> Shape:
        """The output for one input: C H W to C H W, or a vector."""

    def parameters(self, given: Shape, bias: bool) -> int:
        """How many numbers it learns. `bias` counts for words that may go without."""
        return 0

    def macs(self, given: Shape) -> int:
        """How many multiply-adds it takes."""
        return 0

    def windows(self) -> Windows | None:
        """The windows it slides over rows and over columns; None where it works on each place alone."""
        return None

    @property
    def sees_all(self) -> bool:
        """True where every output sees the whole picture."""
        return False

    def has_bias(self, following: Word | None) -> bool:
        """Whether it learns a bias, given the word that comes right after it."""
        return False

    def fault(self, text: str, hint: str = "") -> NoReturn:
        """Refuse this word, at its place."""
        raise WordFault(f"`{self.text}`: {text}", hint, **self.where)

    @property
    def where(self) -> Where:
        """Its place in its text."""
        return where(self.at, len(self.text))

    @property
    def place(self) -> int | None:
        """Where it stands in its text, or None for a word made by hand."""
        return self.where["position"]


@lru_cache(maxsize=128)
def spelt(kind: type[Word]) -> tuple[Field[Any], ...]:
    """The fields of a word that are written, in the order they are written in."""
    own = [f for f in fields(kind) if "letter" in f.metadata]
    return tuple(sorted(own, key=lambda f: f.metadata["letter"] == "-"))  # the channels stand last


def letters(kind: type[Word]) -> str:
    """The letters of a word's options."""
    return "".join(f.metadata["letter"] for f in spelt(kind)).removesuffix("-")


def read_word(kind: type[Word], fixed: Mapping[str, Any], text: str, name: str) -> Word:
    """The written word `text`, which starts with `name`, to its dataclass."""
    own = {f.metadata["letter"]: f for f in spelt(kind)}
    found: dict[str, Any] = dict(fixed)
    body, dash, channels = text[len(name) :].partition("-")
    if match := _SIZE.match(body):
        _put(found, own.get(""), match[0], kind)
        body = body[match.end() :]
    while body:
        match = _OPTION.match(body)
        if not match:
            raise WordFault(f"{body[:40]!r} cannot be read here")
        letter, value = match[1], match[2]
        if letter == "same":
            if value or "p" not in own or own["p"].metadata["kind"] != "padding":
                raise WordFault(f"`same` stands alone, for padding; got {match[0][:40]!r}")
            letter, value = "p", "same"
        _put(found, own.get(letter), value, kind, letter)
        body = body[match.end() :]
    if dash:
        _put(found, own.get("-"), channels, kind, "-")
    missing = [f for f in own.values() if f.default is MISSING and f.name not in found]
    if missing:
        raise WordFault(f"its {missing[0].name} is missing")
    return kind(**found)


def _put(
    found: dict[str, Any],
    f: Field[Any] | None,
    text: str | None,
    kind: type[Word],
    letter: str = "",
) -> None:
    if f is None:
        what = {"": "number after its name", "-": "channels"}.get(letter, f"option `{letter}`")
        own = ", ".join(letters(kind))
        known = f"it knows {own}" if own else "it takes no options"
        raise WordFault(f"this word has no {what}; {known}")
    if f.name in found:
        raise WordFault(f"its {f.name} is given twice", "leave one out")
    found[f.name] = _value(f, text)


def _value(f: Field[Any], text: str | None) -> Any:
    kind, letter = f.metadata["kind"], f.metadata["letter"]
    if kind == "flag" and text is None:
        return True
    if kind == "switch" and text in {None, "0", "1"}:
        return text != "0"
    if kind == "padding" and text == "same":
        return "same"
    if text is None or kind in {"flag", "switch"}:
        rule = "0 or 1" if kind == "switch" else "no number" if kind == "flag" else "a number"
        raise WordFault(f"`{letter}` takes {rule}; got {(text or 'none')[:20]}")
    if not _RULES[kind][0].fullmatch(text):
        raise WordFault(f"its {f.name} is {_RULES[kind][1]}; got {text[:40]!r}")
    if kind == "decimal":
        check_digits(text, MAX_DECIMAL)
        return float(text)
    parts = text.split("x")
    for part in parts:
        check_digits(part)
    return int(text) if kind == "int" else (int(parts[0]), int(parts[-1]))


def check_digits(text: str, most: int = MAX_DIGITS, at: int = -1) -> None:
    """Refuse a number that is written with too many digits."""
    if len(text) > most:
        said = f"at most {MAX_DIGITS} digits" + f", decimals {most} signs" * (most > MAX_DIGITS)
        raise LimitExceeded(
            f"numbers have {said}; got {text[:20]}…", "use a smaller number", **where(at, len(text))
        )


def _check(word: Word, f: Field[Any]) -> None:
    """A number outside its limits is refused here, so that words made by hand are held to the same rule."""
    value, low, high = getattr(word, f.name), f.metadata["low"], f.metadata["high"]
    for number in value if isinstance(value, tuple) else (value,):
        if isinstance(number, bool) or not isinstance(number, int | float):
            continue
        if not low <= number <= high:
            limit = f"at least {low:,}" if number < low else f"at most {high:,}"
            said = f"{word.spelling}: its {f.name} must be {limit}; got {number:,}"
            raise WordFault(said, f"write it like `{word.example}`", **where(word.at))
        if isinstance(number, float):
            check_digits(_number(number), MAX_DECIMAL, word.at)


def _write(f: Field[Any], value: Any) -> str:
    letter: str = f.metadata["letter"]
    if value is f.default or value is None or (f.default is not MISSING and value == f.default):
        return ""
    if value == "same":
        return "same"
    if isinstance(value, bool):
        return letter if value else f"{letter}0"
    return letter + _number(value)


def _number(value: Pair | int | float) -> str:
    if isinstance(value, tuple):
        return str(value[0]) if value[0] == value[1] else f"{value[0]}x{value[1]}"
    # Decimal, because 1e-05 would read as an option letter and a dash.
    text = format(Decimal(repr(value)), "f") if isinstance(value, float) else str(value)
    return text.removesuffix(".0")


def sliding(
    kernel: Pair, stride: Pair, padding: Padding, dilation: Pair, ceil: bool = False
) -> Windows:
    """The two windows of a word, rows first. `same` pads by extent - 1 in all, the smaller half
    before, as PyTorch does: stride 1 keeps the size, stride s gives size / s rounded up."""
    if padding == "same":
        spare = dilation[0] * (kernel[0] - 1), dilation[1] * (kernel[1] - 1)
        before = spare[0] // 2, spare[1] // 2
        after = spare[0] - before[0], spare[1] - before[1]
    else:
        before = after = padding
    return (
        Window(kernel[0], stride[0], before[0], after[0], dilation[0], ceil),
        Window(kernel[1], stride[1], before[1], after[1], dilation[1], ceil),
    )


def slid(windows: Windows, given: Shape, channels: int) -> Shape:
    """The map that two windows leave of a map."""
    return Shape(channels, windows[0].out(given.height), windows[1].out(given.width))
