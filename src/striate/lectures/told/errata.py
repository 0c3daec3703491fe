"""What is wrong on the slides, and the commands that show what is true."""

from __future__ import annotations

from striate.lectures.told.section import Erratum

_SIX = "3 3 4 4 7 0/9 7 6 5 8 2/6 5 5 6 9 2/7 1 3 2 7 8/0 3 7 1 8 3/4 0 4 3 2 2"

ERRATA = (
    Erratum(
        "padding-corner", "L1", "The corner of the padded example",
        "With padding 1 the first rows of the output begin −10 −13 1 and −9 3 0.",
        "They begin −10 2 1 and −15 3 0. The sizes, 6 to 8 to 6, are right. This kernel changes its sign "
        "when it is flipped, so the example also tells convolution from cross-correlation.",
        (
            f'striate show conv --image "{_SIX}" --kernel "1 0 -1/1 0 -1/1 0 -1" --pad 1 --at 0,1',
            f'striate show conv --image "{_SIX}" --kernel "1 0 -1/1 0 -1/1 0 -1" --pad 1 --flip',
        ),
    ),
    Erratum(
        "equally-often", "L1", "Padding does not use all pixels equally often",
        "Padding makes sure that every pixel is used the same number of times.",
        "With a 3×3 kernel and padding 1 a corner is used 4 times, an edge 6 times and the inside 9 "
        "times. Without padding it is 1, 3 and 9: padding helps the border, and does not make it equal.",
        ("striate show steps --size 6 --pad 1", "striate show steps --size 6"),
    ),
    Erratum(
        "garbled-frame", "L1", "One frame of the sliding kernel shows another picture",
        "In one of the frames rows 2 and 3 of the 5×5 picture are 0 1 1 0 0 and 0 0 1 1 0.",
        "They are 0 1 1 1 0 and 0 0 1 1 1, as in all other frames: only so the output is 4 3 4, 2 4 3, 2 "
        "3 4.",
        (
            'striate show conv --image "1 1 1 0 0/0 1 1 1 0/0 0 1 1 1/0 0 1 1 0/0 1 1 0 0" '
            '--kernel "1 0 1/0 1 0/1 0 1" --at 1,1',
        ),
    ),
    Erratum(
        "dropout-scale", "L4", "What dropout scales by",
        "What is left is scaled up by 1/p, with p the probability to drop a number.",
        "It is 1/(1 − p). With p = 0.2, four of five numbers are left, and 1/0.8 = 1.25 keeps the mean; "
        "1/p would be 5. The two agree at p = 0.5 alone.",
        (
            "striate show dropout --p 0.2",
            'striate show graph "p=0.2 x=8: (1 - p) * (x / (1 - p))"',
        ),
    ),
    Erratum(
        "groups", "L0", "How many groups are two layers side by side",
        "At groups = 1 the layer equals two convolution layers side by side.",
        "That is groups = 2, as L2 has it. At groups = 1 every input channel meets every output channel. "
        "Two groups have half the weights: 8 channels from 4 with 3×3 take 296 parameters, and 152 in two "
        "groups.",
        ('striate plan "4x8x8: conv3p1-8"', 'striate plan "4x8x8: conv3p1g2-8"'),
    ),
    Erratum(
        "whatever-fits", "L2", "F = 5, S = 2, P = whatever fits",
        "For filters of 5×5 with stride 2 some padding will fit.",
        "None fits an even size exactly: a side of 32 gives 14.5, 15.5, 16.5 for P = 0, 1, 2. An odd side "
        "fits with any padding.",
        (
            "striate show steps --size 32 --kernel 5 --stride 2",
            'striate plan "N=32 F=5 S=2 P=?" --fit',
            "striate show steps --size 33 --kernel 5 --stride 2 --pad 2",
        ),
    ),
    Erratum(
        "height-first", "L2, L4", "Which side comes first",
        "L2 writes a kernel as width × height, L4 a picture as W × H.",
        "PyTorch, NumPy and Striate say the height first: (rows, columns). For square ones nobody "
        "notices.",
        ('striate plan "1x10x20: conv3x1"', "striate show steps --size 5,6"),
    ),
    Erratum(
        "imagenet-size", "L4", "How large ImageNet is",
        "ImageNet has 14 million pictures with 1,000 labels.",
        "All of ImageNet has 14 million pictures, of about 22,000 labels. The set with 1,000 classes, "
        "which networks are compared on, has 1.28 million pictures to train on, 1,281,167, and 50,000 to "
        "judge by: 1,331,167 in all.",
        ("striate data list",),
    ),
)  # fmt: skip


def erratum(key: str) -> Erratum:
    """One of them by its key."""
    return next(one for one in ERRATA if one.key == key)


def markdown() -> str:
    """The page docs/lectures/errata.md, which a test compares with this."""
    lines = ["# What is wrong on the slides", ""]
    lines += [
        "Recomputed from the lectures' own examples. Each command shows what is true; none of our tests "
        "holds",
        "a printed value that is wrong.",
        "",
    ]
    for one in ERRATA:
        lines += [f"## {one.lecture}: {one.title}", "", f"Printed: {one.printed}", ""]
        lines += [f"True: {one.true}", "", "```", *one.commands, "```", ""]
    return "\n".join(lines)
