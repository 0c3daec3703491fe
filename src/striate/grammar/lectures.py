"""The architectures as the lectures print them, translated to words of the grammar.

    [(CONV-RELU)^2-POOL?]^3-(FC-RELU)^1,SOFTMAX              CS231n (`^` and `*` alike, `?` means with it)
    [Conv, ReLU, Pool] x 2, flatten, [FC, ReLU] x 1, FC      UIUC CS 446
    convolutional layer + ReLU + max pooling, repeated; flatten; fully connected     USC CSCI 467

Sizes they leave out, as they advise: 3x3 filters with padding 1, 2x2 max pools, 64 filters that double after
every pool (up to 512), 128 units in a hidden fully connected layer. "Repeated" without a number is twice.
A form that does not end in an FC without RELU gets a last `fc` for the classes, as in the lectures' figures.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from striate.errors import LimitExceeded, PlanError, SyntaxFault
from striate.geometry.shape import Shape
from striate.grammar.combine import MAX_LAYERS, MAX_NESTING, Items, layers_in
from striate.grammar.plain import Activation, Flatten, Full, Softmax
from striate.grammar.read import MAX_TEXT, read_input
from striate.grammar.sliding import Conv, MaxPool
from striate.grammar.words import Word, check_digits, where

FIRST_CHANNELS, MOST_CHANNELS, HIDDEN = 64, 512, 128
_NAMES = {
    "conv": ("conv", "convolution", "convolutional layer", "convolutional", "convolution layer"),
    "relu": ("relu",),
    "pool": ("pool", "pooling", "max pooling", "max pool", "maxpool"),
    "fc": ("fc", "fully connected layer", "fully connected", "fully-connected", "linear"),
    "flatten": ("flatten",),
    "softmax": ("softmax",),
}
_MEANING = {name: word for word, names in _NAMES.items() for name in names}
_PHRASES = "|".join(sorted((n.replace(" ", r"\s+") for n in _MEANING), key=len, reverse=True))
_TOKEN = re.compile(
    rf"\s*(?:(?P<word>(?:{_PHRASES})(?![a-z0-9_]))"
    r"|(?P<repeat>repeated(?:\s+(?P<again>[0-9]+)\s+times|\s+twice)?)"
    r"|(?P<power>[\^*×x]\s*(?P<times>[0-9]+))"
    r"|(?P<open>[\[(])|(?P<close>[\])])|(?P<join>->|[-,+;→?]))",
    re.IGNORECASE,
)
_CLOSES = {"(": ")", "[": "]"}
_LOOKS = re.compile(
    r"(CONV|Conv|FC|POOL|Pool|RELU|ReLU|SOFTMAX)\b|\bconvolutional layer\b|\bfully connected\b"
)
_SIZED = re.compile("[a-z]{2}[0-9]")  # `conv3`: a word of the grammar, which writes its sizes


class _Token(NamedTuple):
    kind: str
    text: str
    at: int
    times: int


def is_lecture(text: str) -> bool:
    """True for a text with a name that only the lectures' forms have: CONV, Conv, ReLU, POOL, FC ..."""
    return bool(len(text) <= MAX_TEXT and _LOOKS.search(text) and not _SIZED.search(text))


def read_lecture(text: str) -> tuple[Items, Shape | None]:
    """One of the lectures' forms to the items of a plan; repeats are unrolled, since the filters double."""
    try:
        given, start = read_input(text)
        words, _ = _sequence(_tokens(text, start), 0, None, 0)
        items = _filled(words)
        layers_in(items)
    except PlanError as fault:
        if fault.position is None:
            fault.position = 0
        raise fault.located(text) from None
    return items, given


def _tokens(text: str, start: int) -> list[_Token]:
    tokens: list[_Token] = []
    at, end = start, len(text.rstrip())
    while at < end:
        found = _TOKEN.match(text, at)
        if not found:
            place = at + len(text[at:]) - len(text[at:].lstrip())
            raise SyntaxFault(
                "a form of the lectures has CONV, RELU, POOL, FC, FLATTEN, SOFTMAX, brackets and numbers; "
                f"got {text[place : place + 20]!r}",
                "write N, M and K as numbers, as in `[(CONV-RELU)^2-POOL?]^3-(FC-RELU)^1,SOFTMAX`",
                position=place,
            )
        kind = str(found.lastgroup)
        place, said = found.start(kind), found[kind]
        digits = found["times"] or found["again"] or "2"
        check_digits(digits, at=place)
        tokens.append(_Token(kind, said, place, int(digits)))
        at = found.end()
    return tokens


def _sequence(
    tokens: list[_Token], at: int, opened: _Token | None, depth: int
) -> tuple[list[_Token], int]:
    """The words up to the bracket that closes `opened`, as often as the text says, and what comes next."""
    if opened and depth > MAX_NESTING:
        said = f"brackets may be nested {MAX_NESTING} deep at most"
        raise LimitExceeded(said, "nest less", position=opened.at)
    words: list[_Token] = []
    since = 0  # `repeated` belongs to all since the last `;` within these brackets
    while at < len(tokens):
        token = tokens[at]
        at += 1
        if token.kind == "word":
            words.append(token)
        elif token.kind == "open":
            inner, at = _sequence(tokens, at, token, depth + 1)
            if at < len(tokens) and tokens[at].kind == "power":
                inner, at = _again(inner, tokens[at]), at + 1
            words += inner
        elif token.kind == "close":
            if opened and token.text == _CLOSES[opened.text]:
                return words, at
            raise SyntaxFault(f"`{token.text}` closes nothing", "take it out", position=token.at)
        elif token.kind == "repeat" and len(words) > since:
            words[since:] = _again(words[since:], token)
        elif token.kind in {"repeat", "power"}:
            raise SyntaxFault(
                f"`{token.text[:40]}` has nothing to repeat",
                "put what is repeated in brackets before it",
                **where(token.at, len(token.text)),
            )
        elif token.text == ";":
            since = len(words)
    if opened:
        hint = f"close it with `{_CLOSES[opened.text]}`"
        raise SyntaxFault(f"`{opened.text}` is never closed", hint, position=opened.at)
    return words, at


def _again(words: list[_Token], token: _Token) -> list[_Token]:
    if len(words) * token.times > MAX_LAYERS:
        raise LimitExceeded(
            f"a plan has at most {MAX_LAYERS:,} layers after unrolling; this one has more",
            "repeat less often",
            **where(token.at, len(token.text)),
        )
    return words * token.times


def _filled(tokens: list[_Token]) -> Items:
    """Names to words, with the sizes the lectures leave out."""
    names = [_MEANING[" ".join(t.text.lower().split())] for t in tokens]
    words: list[Word] = []
    channels = FIRST_CHANNELS
    last = max((i for i, name in enumerate(names) if name == "fc"), default=-1)
    closes = last >= 0 and "relu" not in names[last:]
    for i, (name, token) in enumerate(zip(names, tokens, strict=True)):
        at = token.at
        if name == "conv":
            words.append(Conv(kernel=(3, 3), padding=(1, 1), channels=channels, at=at))
        elif name == "pool":
            words.append(MaxPool(kernel=(2, 2), at=at))
            channels = min(2 * channels, MOST_CHANNELS)
        elif name == "fc":
            words.append(Full(features=None if closes and i == last else HIDDEN, at=at))
        elif name == "softmax":
            # "(FC-RELU)^K, SOFTMAX": the layer that makes the scores is part of the softmax.
            if not closes:
                words.append(Full(at=at))
            words.append(Softmax(at=at))
        else:
            words.append(Activation(called="relu", at=at) if name == "relu" else Flatten(at=at))
    if not words:
        raise SyntaxFault("a word is missing here", "write CONV, RELU, POOL or FC", position=0)
    if not closes and "softmax" not in names:
        words.append(Full(at=tokens[-1].at))
    return tuple(words)
