"""Random and mutated texts: `python -m tests.grammar.fuzz 1000000` (the tests run 100,000).

Each must become a plan that is read back from its text, or end in a declared error at a place in the text,
within a time that only a hang would take. Bound plans must print their table.
"""

from __future__ import annotations

import random
import sys
import time
from collections import Counter
from collections.abc import Callable

from striate.errors import PlanError
from striate.grammar.plan import Plan
from striate.grammar.vocabulary import WORDS
from tests.grammar.strategies import SENSIBLE

LONGEST = 1500  # characters of a whole report
SLOWEST_S = 10.0  # a hundred thousand layers may take a second; what hangs takes for ever
SEEDS = (
    "3x32x32: (conv3p1-64 bn relu)*2 max2 (conv3p1-128 bn relu)*2 max2 gap fc10",
    "3x224x224: conv7s2p3-64 bn relu max3s2p1 layer1=({conv3p1-64 bn relu conv3p1 bn} relu)*2 "
    "layer2=({conv3s2p1-128 bn relu conv3p1 bn} relu) gap fc1000",
    "3x224x224: conv11s4p2-64 relu max3s2 conv5p2-192 relu max3s2 avgto6 (drop0.5 fc4096 relu)*2 fc",
    "3x64x64: conv3s2p1-8 bn hswish {conv1-16 bn hswish dw3p1 bn hswish se8h conv1-8 bn} gap fc",
    "3x64x64: conv3p1-24 [part2i1 | part2i2 conv1 bn relu dw3p1 bn conv1 bn relu] shuffle2 gap fc10",
    "16x28x28: [conv1-8 relu | conv1-4 relu conv3p1-8 relu | max3s1p1 conv1-8] lrn5k2a0.0001b0.75",
    "[(CONV-RELU)^2-POOL?]^3-(FC-RELU)^1,SOFTMAX",
    "3x32x32: [Conv, ReLU, Pool] x 2, flatten, [FC, ReLU] x 1, FC",
    "convolutional layer + ReLU + max pooling, repeated; flatten; fully connected",
)
SIGNS = [
    "(",
    ")",
    "{",
    "}",
    "[",
    "]",
    "|",
    "+",
    "*",
    "=",
    ":",
    "?",
    ",",
    ";",
    "^",
    "-",
    "*2",
    "*9",
    "^3",
    "x",
    "2",
    "3x32x32:",
    "stem=(",
    "a_=",
    "conv",
    "same",
    "CONV",
    "RELU",
    "POOL",
    "FC",
    "SOFTMAX",
    "Conv",
    "repeated",
    "0",
    "1",
    "999999999",
    "1000000000",
    "-64",
    "s2",
    "p1",
    "0.5",
    "1e9",
    "inf",
    "nan",
    "é",
    "３",
    "×",
]
STRANGE = ("repeated 3 times", "\n", "\t", "\u2028", "\x00", "\x1b[31m", "\ud800")
TOKENS = (*WORDS, *SENSIBLE, *SIGNS, *STRANGE)
PAIRS = (("(", ")*3"), ("{", "}"), ("[", "| id ]"), ("[", "+ id ]"), ("part_=(", ")"))
Maker = Callable[[random.Random], str]


class Wrong(Exception):
    """A text that did something else than it should."""


def characters(rng: random.Random) -> str:
    """Any characters at all, or those that texts are made of."""
    if rng.random() < 0.3:
        return "".join(chr(rng.randrange(0x11000)) for _ in range(rng.randrange(30)))
    return "".join(
        rng.choices("conv3relumaxfbg(){}[]|+*=:x-^, \n0123456789.spdk", k=rng.randrange(60))
    )


def tokens(rng: random.Random) -> str:
    """Words, signs and numbers in any order."""
    return rng.choice(("", " ", " ")).join(rng.choices(TOKENS, k=rng.randrange(1, 25)))


def mutated(rng: random.Random) -> str:
    """A text that was right, with a few places changed, cut, doubled or moved."""
    text = rng.choice(SEEDS)
    for _ in range(rng.randrange(1, 4)):
        a, b = sorted(rng.randrange(len(text) + 1) for _ in range(2))
        b = min(b, a + rng.randrange(1, 12))
        text = rng.choice(
            (
                text[:a] + text[b:],
                text[:a] + rng.choice(TOKENS) + text[b:],
                text[:a] + text[a:b] * 2 + text[b:],
                text[:b] + text[a:b] + text[b:],
                text[:a] + str(rng.choice((0, 1, 7, 10**9, 10**9 - 1, 10**30))) + text[b:],
                text[:a] + text[a:b][::-1] + text[b:],
            )
        )
    return text


def likely(rng: random.Random) -> str:
    """Sensible words on a sensible input: most of these fit."""
    words = rng.choices(SENSIBLE, k=rng.randrange(1, 12))
    for _ in range(rng.randrange(3)):
        a, b = sorted(rng.randrange(len(words) + 1) for _ in range(2))
        begin, end = rng.choice(PAIRS)
        words[a:b] = [begin, *words[a:b], end]
    return rng.choice(("16x32x24: ", "8x9x31: ", "")) + " ".join(words)


def deep(rng: random.Random) -> str:
    """Brackets in brackets, around the limit and far beyond."""
    depth = rng.choice((3, 30, 63, 64, 65, 66, 200))
    kinds = (("(", ")"), ("{", "}"), ("[id|", "]"), ("a_=(", ")*2"), ("(", ")*2"))
    chosen = rng.choices(kinds, k=depth)
    closing = "".join(end for _, end in reversed(chosen))
    return "".join(begin for begin, _ in chosen) + "relu" + closing[: rng.choice((None, -1))]


def large(rng: random.Random) -> str:
    """Numbers and repeats as large as they may be, and larger."""
    size = str(rng.choice((999, 99_999, 999_999_999, 10**9, 10**12)))
    word = rng.choice(SENSIBLE).rstrip("0123456789") + size
    text = rng.choice((word, f"({word})*{rng.choice((2, 50, 100_001, 10**9))}", f"[{word}]^{size}"))
    return (
        rng.choice(("", "3x32x32: ", f"{size}x9x{size}: ", "3x1x999999999: ")) + text + " conv1s2"
    )


MAKERS: tuple[tuple[Maker, int], ...] = (
    (characters, 20), (tokens, 20), (mutated, 35), (likely, 15), (deep, 5), (large, 5),
)  # fmt: skip


def texts(count: int, seed: int) -> list[tuple[str, str]]:
    """`count` texts with the name of their maker; the same for the same seed."""
    rng = random.Random(seed)
    makers, shares = zip(*MAKERS, strict=True)
    chosen = rng.choices(makers, shares, k=count)
    return [(maker.__name__, maker(rng)) for maker in chosen]


def outcome(text: str) -> str:
    """What became of a text: `bound`, `read`, or the code of its error. Anything unlooked-for is raised."""
    try:
        plan = Plan.read(text)
        if Plan.read(plan.text) != plan:
            raise Wrong(f"{text!r} is not read back")
        return "bound" if plan.given and plan.sheet.table() else "read"
    except PlanError as fault:
        if fault.position is None or not 0 <= fault.position <= len(text) or not fault.where:
            raise Wrong(f"{text!r}: position {fault.position}") from fault
        said = fault.report()
        if len(said) > LONGEST or not said.replace("\n", "").isprintable():
            raise Wrong(f"{text!r}: {said!r}") from fault
        return fault.code


def run(count: int, seed: int = 0) -> Counter[tuple[str, str]]:
    """How often each maker's texts came to each outcome."""
    met: Counter[tuple[str, str]] = Counter()
    for maker, text in texts(count, seed):
        began = time.perf_counter()
        met[maker, outcome(text)] += 1
        took = time.perf_counter() - began
        if took > SLOWEST_S:
            raise Wrong(f"{text!r} took {took:.1f} s")
    return met


def main() -> None:
    """Print the outcomes as a table."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    began = time.perf_counter()
    met: Counter[tuple[str, str]] = Counter()
    for seed, start in enumerate(range(0, count, 50_000)):
        met += run(min(50_000, count - start), seed)
    for (maker, result), times in sorted(met.items()):
        sys.stdout.write(f"{maker:12}{result:8}{times:>9,}\n")
    sys.stdout.write(f"{count:,} texts in {time.perf_counter() - began:.0f} s\n")


if __name__ == "__main__":
    main()
