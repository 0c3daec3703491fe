"""`x=2 y=-1 z=3: (x*w + y) max z`: a formula read to a computation graph, by a small parser.

    formula    values ":" sum, or a sum alone
    values     NAME "=" NUMBER, parted by blanks or commas
    choice     sum, then any number of  "max" sum | "min" sum
    sum        product, then any number of  "+" product | "-" product
    product    power, then any number of  "*" power | "/" power
    power      "-" power, or atom and perhaps "^" NUMBER
    atom       NUMBER | NAME | "(" choice ")" | FUNCTION "(" choice ")"
               | ("max" | "min") "(" choice "," choice ")"

Text is never evaluated. A letter without a value is 1, and `Formula.assumed` names it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple, final

from striate.errors import UsageError
from striate.textbook import graph
from striate.textbook.graph import Node

FUNCTIONS: dict[str, Callable[[Node], Node]] = {
    "exp": graph.exp,
    "log": graph.log,
    "sigmoid": graph.sigmoid,
    "relu": lambda a: graph.maximum(Node(0.0, "0"), a),  # at 0 the slope is 0, as in the layer
}
_TOKEN = re.compile(
    r"\s*(?:(\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)|([A-Za-z_]\w*)|(.))"
)
_VALUE = re.compile(
    r"([A-Za-z_]\w*)\s*=\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)(?=[\s,]|$)[\s,]*"
)
_LONGEST, _DEEPEST = 400, 40
HINT = (
    'such as "x=2 y=-1 z=3: (x*w + y) max z"; + - * / ^ max min exp log sigmoid relu and brackets'
)


@final
class Formula(NamedTuple):
    """end: the last node; texts: each node as it was written; assumed: letters that had no value."""

    end: Node
    texts: dict[Node, str]
    leaves: dict[str, Node]
    assumed: tuple[str, ...]


def read(text: str) -> Formula:
    """A formula with its values to a graph of `textbook.graph`."""
    text = text.replace("−", "-").replace("·", "*").replace("×", "*").strip()
    if len(text) > _LONGEST:
        raise UsageError(f"a formula has at most {_LONGEST} letters; here are {len(text)}", HINT)
    given, colon, formula = text.rpartition(":")
    values = _values(given) if colon else {}
    reader = _Reader(formula, values)
    end = reader.all()
    unused = [name for name in values if name not in reader.leaves]
    if unused:
        raise UsageError(f"{', '.join(unused)} has a value and is not in the formula", HINT)
    assumed = tuple(name for name in reader.leaves if name not in values)
    return Formula(end, reader.texts, reader.leaves, assumed)


def _values(text: str) -> dict[str, float]:
    values: dict[str, float] = {}
    at, text = 0, text.strip()
    while at < len(text):
        met = _VALUE.match(text, at)
        if met is None:
            raise UsageError(
                f"before the colon stand values, and this is none: {text[at:]!r}", HINT
            )
        name = met[1]
        if name in values or name in FUNCTIONS or name in ("max", "min"):
            again = "has two values" if name in values else "is a function"
            raise UsageError(f"{name} {again}", HINT)
        values[name] = float(met[2])
        at = met.end()
    return values


class _Reader:
    """One formula, token by token; every method gives the node of what it read."""

    def __init__(self, text: str, values: dict[str, float]) -> None:
        self.tokens = [m[1] or m[2] or m[3] for m in _TOKEN.finditer(text.rstrip())]
        self.values, self.at, self.depth = values, 0, 0
        self.leaves: dict[str, Node] = {}
        self.texts: dict[Node, str] = {}

    def all(self) -> Node:
        if not self.tokens:
            raise UsageError("here is no formula", HINT)
        end = self.choice()
        if self.at < len(self.tokens):
            self.refuse("an operation")
        return end

    def choice(self) -> Node:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise UsageError(f"brackets are at most {_DEEPEST} deep", HINT)
        made = self.sum()
        while self.peek() in ("max", "min"):
            made = self.extreme(self.take(), made, self.sum())
        self.depth -= 1
        return made

    def sum(self) -> Node:
        made = self.product()
        while (sign := self.peek()) in ("+", "-"):
            self.take()
            other = self.product()
            last = self.bracketed(other, "+-") if sign == "-" else self.texts[other]
            text = f"{self.texts[made]} {sign} {last}"
            made = self.said(made + other if sign == "+" else made - other, text)
        return made

    def product(self) -> Node:
        made = self.power()
        while (sign := self.peek()) in ("*", "/"):
            self.take()
            other = self.power()
            text = f"{self.bracketed(made, '+-')} {sign} {self.bracketed(other)}"
            made = self.said(made * other if sign == "*" else made / other, text)
        return made

    def power(self) -> Node:
        if self.peek() == "-":
            self.take()
            of = self.power()
            number = _as_number(self.texts[of])
            if number is not None:  # a number below zero is one leaf, no step
                return self.leaf(-float(of.value))  # the text has six digits, the value all
            return self.said(-of, f"-{self.bracketed(of)}")
        made = self.atom()
        if self.peek() != "^":
            return made
        self.take()
        sign = -1.0 if self.peek() == "-" else 1.0
        if sign < 0:
            self.take()
        number = _as_number(self.peek() or "")
        if number is None:
            self.refuse("a number as the power")
        word = self.take()
        text = f"{self.bracketed(made, '+-*/^')}^{'-' if sign < 0 else ''}{word}"
        return self.said(made ** (sign * float(word)), text)

    def atom(self) -> Node:
        word = self.peek()
        if word is None or word in ")+*/^,":
            self.refuse("a number, a letter or a bracket")
        word = self.take()
        number = _as_number(word)
        if number is not None:
            return self.leaf(number)
        if word == "(":
            made = self.choice()
            self.expect(")")
            return made
        if word in ("max", "min"):
            self.expect("(")
            first = self.choice()
            self.expect(",")
            made = self.extreme(word, first, self.choice())
            self.expect(")")
            return made
        if word in FUNCTIONS:
            self.expect("(")
            inside = self.choice()
            self.expect(")")
            return self.said(FUNCTIONS[word](inside), f"{word}({self.texts[inside]})")
        if not (word[0].isalpha() or word[0] == "_"):
            self.at -= 1
            self.refuse("a number, a letter or a bracket")
        return self.letter(word)

    def letter(self, name: str) -> Node:
        """One node for a letter, however often it is used: its gradients are added."""
        if name not in self.leaves:
            if self.peek() == "(":
                raise UsageError(f"{name} is no function", f"functions are {', '.join(FUNCTIONS)}")
            self.leaves[name] = Node(self.values.get(name, 1.0), name)
            self.texts[self.leaves[name]] = name
        return self.leaves[name]

    def leaf(self, value: float) -> Node:
        text = f"{value:g}"
        return self.said(Node(value, text), text)

    def extreme(self, word: str, a: Node, b: Node) -> Node:
        """max(a, b), and min(a, b) as -max(-a, -b)."""
        made = graph.maximum(a, b) if word == "max" else -graph.maximum(-a, -b)
        return self.said(made, f"{word}({self.texts[a]}, {self.texts[b]})")

    def said(self, node: Node, text: str) -> Node:
        """A node with its text; steps in between, which the formula does not show, get one too."""
        self.texts[node] = text
        for edge in node.edges:
            if edge.parent not in self.texts:
                self._hidden(edge.parent)
        return node

    def _hidden(self, node: Node) -> None:
        for edge in node.edges:
            if edge.parent not in self.texts:
                self._hidden(edge.parent)
        parents = [self.texts[edge.parent] for edge in node.edges]
        if len(parents) == 2:
            text = (
                f"max({', '.join(parents)})"
                if node.name == "max"
                else f" {node.name} ".join(parents)
            )
        else:
            text = f"({parents[0]}){node.name}" if parents else f"{float(node.value):g}"
        self.texts[node] = text

    def bracketed(self, node: Node, only: str = "+-*/") -> str:
        """Its text, in brackets where one of these signs stands outside all brackets, or a minus leads it."""
        text = self.texts[node]
        outside = _outside(text)
        loose = any((sign if sign == "^" else f" {sign} ") in outside for sign in only) or (
            text.startswith("-") and len(text) > 1
        )
        return f"({text})" if loose else text

    def peek(self) -> str | None:
        return self.tokens[self.at] if self.at < len(self.tokens) else None

    def take(self) -> str:
        self.at += 1
        return self.tokens[self.at - 1]

    def expect(self, sign: str) -> None:
        if self.peek() != sign:
            self.refuse(f"{sign!r}")
        self.at += 1

    def refuse(self, wanted: str) -> None:
        met = self.peek()
        before = " ".join(self.tokens[: self.at]) or "the beginning"
        here = "it ends" if met is None else f"there is {met!r}"
        raise UsageError(f"after {before}: {wanted} is expected, and {here}", HINT)


def _outside(text: str) -> str:
    """What stands in no bracket.

    >>> _outside("exp(x) / (exp(x) + y)")
    'exp / '
    """
    while (less := re.sub(r"\([^()]*\)", "", text)) != text:
        text = less
    return text


def _as_number(word: str) -> float | None:
    try:
        return float(word) if word and (word[0].isdigit() or word[0] in ".-") else None
    except ValueError:
        return None
