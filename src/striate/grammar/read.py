"""Text to plan: a recursive-descent reader of eleven productions. A fault points at its column.

plan     = [ input ":" ] sequence
input    = number "x" number "x" number
sequence = item { item }
item     = word | repeat | residual | branches | stage
repeat   = "(" sequence ")" [ "*" number ]
residual = "{" sequence "}"
branches = "[" sequence { "|" sequence } "]" | "[" sequence { "+" sequence } "]"
stage    = label "=" repeat
word     = name [ size ] { "same" | letter [ size ] } [ "-" number ]
size     = number [ "x" number ]
label    = letter { letter | digit | "_" }
"""

from __future__ import annotations

import re
from typing import NamedTuple

from striate.errors import LimitExceeded, PlanError, SyntaxFault, WordFault
from striate.geometry.shape import Shape
from striate.grammar.combine import (
    MAX_NESTING,
    Branches,
    Item,
    Items,
    Repeat,
    Residual,
    Stage,
    layers_in,
)
from striate.grammar.vocabulary import spelled
from striate.grammar.words import check_digits, where

MAX_TEXT = 64 * 1024
_INPUT = re.compile(r"\s*([0-9]+)\s*[xX×]\s*([0-9]+)\s*[xX×]\s*([0-9]+)\s*:")
_BARE_INPUT = re.compile(r"\s*[0-9]+[xX×][0-9]+[xX×][0-9]+(?=\s|\Z)")
_TOKEN = re.compile(r"[(){}\[\]|+*=]|[^\s(){}\[\]|+*=]+")
_CLOSES = {"(": ")", "{": "}", "[": "]"}
_ENDS = frozenset({")", "}", "]", "|", "+", ""})  # what ends a sequence; the last token is empty


class Token(NamedTuple):
    """A bracket, a sign or a word, and where it starts. The last token is empty."""

    text: str
    at: int


def read(text: str) -> tuple[Items, Shape | None]:
    """The items of a text, and its input if it names one. Only `PlanError` is raised, with a position."""
    try:
        if len(text) > MAX_TEXT:
            said = f"a plan has at most {MAX_TEXT // 1024} kB of text; got {len(text):,} characters"
            raise LimitExceeded(said, "repeat with `( … )*n`", position=0)
        given, start = read_input(text)
        items = _Reader(_tokens(text, start)).plan()
        layers_in(items)
    except PlanError as fault:
        if fault.position is None:
            fault.position = 0
        raise fault.located(text) from None
    return items, given


def read_input(text: str) -> tuple[Shape | None, int]:
    """The `C x H x W:` in front of a text, and where the rest starts."""
    found = _INPUT.match(text)
    if not found:
        if ":" in text:
            raise SyntaxFault(
                "`:` stands after the input, channels x height x width, and nowhere else",
                "write it like `3x224x224: conv3p1-64`",
                position=text.index(":"),
            )
        if bare := _BARE_INPUT.match(text):
            raise SyntaxFault(
                "after an input stands `:`",
                "write it like `3x224x224: conv3p1-64`",
                position=bare.end(),
            )
        return None, 0
    for i in (1, 2, 3):
        place = where(found.start(i), len(found[i]))
        check_digits(found[i], at=found.start(i))
        if int(found[i]) == 0:
            raise WordFault("an input has sizes from 1; got 0", "try `3x224x224:`", **place)
    return Shape(int(found[1]), int(found[2]), int(found[3])), found.end()


def _tokens(text: str, start: int) -> list[Token]:
    tokens = [Token(found[0], found.start()) for found in _TOKEN.finditer(text, start)]
    return [*tokens, Token("", len(text))]


class _Reader:
    """One pass over the tokens, one method for each production."""

    def __init__(self, tokens: list[Token]) -> None:
        self.tokens, self.next = tokens, 0

    @property
    def here(self) -> Token:
        return self.tokens[self.next]

    def take(self) -> Token:
        token = self.here
        self.next += 1
        return token

    def plan(self) -> Items:
        items = self.sequence(0)
        if self.here.text:
            raise _stray(self.here)
        return items

    def sequence(self, depth: int) -> Items:
        """Items up to a sign that ends them, which is not taken."""
        if depth > MAX_NESTING:
            said = f"brackets may be nested {MAX_NESTING} deep at most"
            raise LimitExceeded(said, "nest less", position=self.here.at)
        items: list[Item] = []
        while self.here.text not in _ENDS:
            items.extend(self.item(depth))
        if not items:
            if depth == 0 and self.here.text:
                raise _stray(self.here)
            hint = "write a word such as `conv3p1-64`"
            raise SyntaxFault("a word is missing here", hint, position=self.here.at)
        _check_names(items)
        return tuple(items)

    def item(self, depth: int) -> Items:
        token = self.here
        if token.text == "(":
            return self.repeat(depth)
        if token.text == "{":
            self.take()
            body = self.sequence(depth + 1)
            self.close(token)
            return (Residual(body, token.at),)
        if token.text == "[":
            return (self.branches(depth),)
        if token.text in {"*", "="}:
            raise _stray(token)
        self.take()
        if self.here.text == "=":
            return (self.stage(token, depth),)
        return (spelled(token.text, token.at),)

    def close(self, opened: Token) -> None:
        sign = _CLOSES[opened.text]
        token = self.take()
        if token.text == sign:
            return
        if not token.text:
            said = f"`{opened.text}` is never closed"
            raise SyntaxFault(said, f"close it with `{sign}`", position=opened.at)
        raise SyntaxFault(
            f"`{opened.text}` is open here, so `{sign}` was expected; got `{token.text}`",
            f"close it with `{sign}`; `|` and `+` stand between the arms of `[ a | b ]`",
            position=token.at,
        )

    def repeat(self, depth: int) -> Items:
        """A group; made once it is no repeat but its items."""
        opened = self.take()
        body = self.sequence(depth + 1)
        self.close(opened)
        if self.here.text != "*":
            return body
        self.take()
        token = self.take()
        place = where(token.at, len(token.text))
        is_number = token.text.isascii() and token.text.isdecimal()
        if is_number:
            check_digits(token.text, at=token.at)
        if not is_number or int(token.text) < 1:
            raise SyntaxFault(
                f"after `*` stands how often, a whole number from 1; got {_shown(token)}",
                "write it like `( … )*3`",
                **place,
            )
        times = int(token.text)
        return body if times == 1 else (Repeat(body, times, opened.at),)

    def branches(self, depth: int) -> Branches:
        opened = self.take()
        arms = [self.sequence(depth + 1)]
        sign = self.here.text
        while self.here.text == sign and sign in {"|", "+"}:
            self.take()
            arms.append(self.sequence(depth + 1))
        if self.here.text in {"|", "+"}:
            raise SyntaxFault(
                "one pair of brackets either concatenates (`|`) or adds (`+`), not both",
                "nest one pair in the other",
                position=self.here.at,
            )
        self.close(opened)
        if len(arms) == 1:
            raise SyntaxFault(
                "branches need at least two arms",
                "write `[ a | b ]` to concatenate, `[ a + b ]` to add; a plain group is `( a )`",
                position=opened.at,
            )
        return Branches(tuple(arms), "add" if sign == "+" else "concat", opened.at)

    def stage(self, label: Token, depth: int) -> Stage:
        self.take()
        if self.here.text != "(":
            raise SyntaxFault(
                f"a stage is a group in round brackets; got {_shown(self.here)}",
                "write it like `stage1=( … )`",
                **where(self.here.at, len(self.here.text)),
            )
        return Stage(label.text, self.repeat(depth), label.at)


def _check_names(items: list[Item]) -> None:
    names: set[str] = set()
    for item in items:
        if isinstance(item, Stage):
            if item.name in names:
                said = f"two stages here are named {item.name!r}"
                raise WordFault(said, "rename one", **where(item.at, len(item.name)))
            names.add(item.name)


def _shown(token: Token) -> str:
    return repr(token.text[:40]) if token.text else "the end of the text"


def _stray(token: Token) -> SyntaxFault:
    """A sign where no sign can stand."""
    hint = "repeat with brackets, `( … )*3`" if token.text == "*" else "take it out"
    return SyntaxFault(f"`{token.text}` has nothing to belong to", hint, position=token.at)
