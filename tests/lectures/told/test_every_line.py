"""Each worked example of the lectures, and each mistake on their slides, is shown by a command of a lecture.

A row: what the example says, in our words; the lectures that tell it; the command; what it prints.
"""

from __future__ import annotations

from functools import cache

import pytest

from striate.cli.typed import run
from striate.lectures.told.course import LECTURES
from striate.lectures.told.errata import ERRATA, erratum

DEMO = "1 1 1 0 0/0 1 1 1 0/0 0 1 1 1/0 0 1 1 0/0 1 1 0 0"
LINE = "0 0 0 0 0 0/0 1 0 0 0 0/0 1 1 1 1 1/0 1 0 0 0 0/0 0 0 0 0 0"
SIX = "3 3 4 4 7 0/9 7 6 5 8 2/6 5 5 6 9 2/7 1 3 2 7 8/0 3 7 1 8 3/4 0 4 3 2 2"
BARS = "-1 2 -1/-1 2 -1/-1 2 -1"
SEVEN = "striate show steps --size 7 --kernel 3"
CORNER = f'striate show conv --image "{SIX}" --kernel "1 0 -1/1 0 -1/1 0 -1" --pad 1'

ROWS = [
    ("the cross kernel on the 5×5 picture gives 434 243 234", "L1",
     f'striate show conv --image "{DEMO}" --kernel "1 0 1/0 1 0/1 0 1"', ["4 3 4", "2 4 3", "2 3 4"]),
    ("the vertical line gives 3 −1 0 0 / 5 −2 0 0 / 3 −1 0 0", "L4",
     "striate show matrix", ["3 −1 0 0", "5 −2 0 0"]),
    ("3 × 4 numbers from 5 × 6", "L4",
     f'striate show conv --image "{LINE}" --kernel "{BARS}" --at 0,0',
     ["5×6 with 3×3 gives 3×4", "(5 - 3)/1 + 1 = 3", "(6 - 3)/1 + 1 = 4"]),
    ("element (1, 2) is the patch of rows 1 to 3, columns 2 to 4, and is 0", "L4",
     f'striate show conv --image "{LINE}" --kernel "{BARS}" --at 1,2',
     ["rows 1 to 3 and columns 2 to 4", "= 0"]),
    ("the horizontal line with its minus signs", "L4",
     f'striate show conv --image "{LINE}" --kernel horizontal-line --at 1,2',
     ["0 −1 −3 −3", "2 4 6 6"]),
    ("max pooling gives 6 8 / 3 4", "L0 L2", "striate show pool", ["6 8", "3 4"]),
    ("average pooling gives 3.25 5.25 / 2 2", "L0 L2 L3", "striate show pool --kind average",
     ["3.25 5.25", "2 2"]),
    ("7 with 3 and stride 1 gives 5", "L0 L1", SEVEN, ["(7 - 3)/1 + 1 = 5"]),
    ("7 with 3 and stride 2 gives 3", "L0 L1 L3", f"{SEVEN} --stride 2", ["(7 - 3)/2 + 1 = 3"]),
    ("7 with 3 and stride 3 is 2.33, floored 2×2, one row and column unseen", "L0 L1 L2 L3",
     f"{SEVEN} --stride 3", ["(7 - 3)/3 + 1 = 2.33", "floored 2×2", "one row and one column"]),
    ("pad 1 keeps 7", "L0 L1 L2 L3", f"{SEVEN} --pad 1", ["(7 + 2 - 3)/1 + 1 = 7"]),
    ("P = 1, 2, 3 keep the size for F = 3, 5, 7", "L0", 'striate plan "1x7x7: conv3p1 conv5p2 conv7p3"',
     ["conv1 conv3p1 1x7x7", "conv2 conv5p2 1x7x7", "conv3 conv7p3 1x7x7"]),
    ("5×5 filters shrink 32 to 28, 24, 20, 16, 12, 8, 4", "L0", 'striate plan "3x32x32: (conv5-6)*7"',
     ["6x28x28", "6x24x24", "6x20x20", "6x16x16", "6x12x12", "6x8x8", "6x4x4"]),
    ("ten 5×5 filters with pad 2 keep 32×32 and have 760 parameters", "L2 L3",
     'striate plan "3x32x32: conv5p2-10"', ["10x32x32 760"]),
    ("a filter has 76 parameters and fits 28 times", "L0 L3", 'striate plan "3x32x32: conv5-1"',
     ["1x28x28 76"]),
    ("six 3×5×5 filters give 6×28×28 with 456 parameters", "L0 L1", 'striate plan "3x32x32: conv5-6"',
     ["6x28x28 456"]),
    ("a batch of two", "L0 L3", 'striate plan "3x32x32: conv5-6" --batch 2',
     ["output 2x6x28x28 for 2 pictures", "6x28x28 456"]),
    ("a patch is 75 products and a bias", "L0 L3", 'striate show graph "F=5 C=3: F*F*C + 1"',
     ["25 * 3 = 75", "75 + 1 = 76"]),
    ("C_out · (C_in · K² + 1) parameters of a convolution", "L4",
     'striate show graph "C_out=64 C_in=3 K=11: C_out*(C_in*K^2 + 1)"', ["64 * 364 = 23296"]),
    ("out · (in + 1) parameters of a full connection", "L4",
     'striate show graph "out=12 in=30: out*(in + 1)"', ["12 * 31 = 372"]),
    ("a picture is stretched to 3072", "L0", 'striate plan "3x32x32: flatten fc10"', ["flatten 3072"]),
    ("five filters are 3,920 neurons", "L2", 'striate plan "3x32x32: conv5-5 flatten"',
     ["5x28x28", "flatten 3920"]),
    ("14×14 pixels are 196 numbers", "L1", 'striate plan "1x14x14: flatten fc10"', ["flatten 196"]),
    ("3@64×64 to 5@64×64 with 140 parameters", "L1", 'striate plan "3x64x64: conv3p1-5"', ["5x64x64 140"]),
    ("two 3×3×3 filters on 7×7×3 give 3×3×2 with stride 2 and 56 parameters", "L1",
     "striate show two-filters", ["(7 − 3)/2 + 1 = 3", "= 56 parameters"]),
    ("a histogram of colours", "L2", "striate show hues", ["230,400 numbers become 12"]),
    ("HOG of 320×240 has 10,800 numbers", "L2", "striate show hog", ["30 · 40 · 9 = 10,800"]),
    ("a perceptron on 20×20 has 400 weights", "L2", 'striate plan "1x20x20: fc1b0"', ["fc1b0 1 400"]),
    ("the perceptron's rule w + α(d − y)x", "L2",
     'striate show graph "w=0.5 alpha=0.1 d=1 y=0 x=2: w + alpha*(d - y)*x"', ["= 0.5 + 0.2 = 0.7"]),
    ("372, 120 and 10 parameters", "L4", "striate show matrix",
     ["12·30 + 12 = 372", "12·(9 + 1) = 120", "9 + 1 = 10"]),
    ("372 as a plan", "L4", 'striate plan "1x5x6: fc12"', ["12 372"]),
    ("120 as a plan", "L4", 'striate plan "1x5x6: local3"', ["1x3x4 120"]),
    ("10 as a plan", "L4", 'striate plan "1x5x6: conv3"', ["1x3x4 10"]),
    ("weight decay by subtraction", "L4",
     'striate show graph "theta=2 eta=0.1 lambda=0.01: theta - eta*lambda*theta"', ["= 1.998"]),
    ("weight decay by a factor", "L4",
     'striate show graph "theta=2 eta=0.1 lambda=0.01: (1 - eta*lambda) * theta"', ["= 1.998"]),
    ("500×500 into 1,024 units", "L3", 'striate plan "1x500x500: fc1024"', ["256,001,024", "256,000,000"]),
    ("two 3×3 without an activation are one 5×5", "L0 L3", "striate show merged",
     ["weights: 9 + 9 = 18 become 25", "they differ by 0"]),
    ("the field grows 3, 5, 7, 9", "L2", 'striate show field "1x9x9: (conv3-1)*4"',
     ["3×3", "5×5", "7×7", "9×9", "1 + L(3 − 1)"]),
    ("224 pixels take 112 layers", "L2", 'striate show field "1x224x224: (conv3p1-1)*4"',
     ["seeing all 224 pixels of a side with them alone takes 112 layers"]),
    ("64 first filters of AlexNet have 23,296 parameters", "L0 L4", 'striate plan "3x224x224: conv11s4p2-64"',
     ["23,296"]),
    ("96 first filters in the paper", "L0 L4", 'striate plan "3x227x227: conv11s4-96"', ["96x55x55"]),
    ("the formula with ^", "L0",
     'striate plan "[(CONV-RELU)^2-POOL?]^3-(FC-RELU)^1,SOFTMAX" --input 3x32x32 --classes 10',
     ["max3", "fc2"]),
    ("the formula with *", "L0",
     'striate plan "[(CONV-RELU)*2-POOL?]*3-(FC-RELU)*1,SOFTMAX" --input 3x32x32 --classes 10',
     ["max3", "fc2"]),
    ("the formula without its ?", "L0",
     'striate plan "[(CONV-RELU)^2]^3-(FC-RELU)^1,SOFTMAX" --input 3x32x32 --classes 10',
     ["relu6 relu 64x32x32", "fc1 fc128 128", "flattens 65,536"]),
    ("the classic architecture in brackets", "L3",
     'striate plan "[Conv, ReLU, Pool] x 2, flatten, [FC, ReLU] x 2, FC" --input 3x32x32 --classes 10',
     ["flatten1", "fc3 fc10 10"]),
    ("the architecture in words", "L4",
     'striate plan "convolutional layer + ReLU + max pooling, repeated; flatten; fully connected" '
     "--input 3x32x32 --classes 10", ["flatten1", "fc1 fc10 10"]),
    ("a convolution turns the kernel, a cross-correlation does not", "L0",
     'striate show conv --image "1 2 0/0 1 3/2 0 1" --kernel "1 -1/0 2" --flip', ["−1 1 = −2 3"]),
]  # fmt: skip

MISTAKES = [
    ("padding-corner", f"{CORNER} --at 0,1", ["−10 2 1", "−15 3 0"]),
    ("padding-corner", f"{CORNER} --flip", ["10 −2 −1", "15 −3 0"]),
    (
        "equally-often",
        "striate show steps --size 6 --pad 1",
        ["4 at the corner", "6 at the", "9 in the middle"],
    ),
    (
        "garbled-frame",
        f'striate show conv --image "{DEMO}" --kernel "1 0 1/0 1 0/1 0 1" --at 1,1',
        ["2 4 3"],
    ),
    ("dropout-scale", "striate show dropout --p 0.2", ["1 / (1 − 0.2) = 1.25"]),
    ("groups", 'striate plan "4x8x8: conv3p1-8"', ["296"]),
    ("groups", 'striate plan "4x8x8: conv3p1g2-8"', ["152"]),
    (
        "whatever-fits",
        "striate show steps --size 32 --kernel 5 --stride 2",
        ["= 14.5", "= 15.5", "= 16.5"],
    ),
    (
        "whatever-fits",
        'striate plan "N=32 F=5 S=2 P=?" --fit',
        ["= 14.5", "= 15.5", "= 16.5", "no padding fits"],
    ),
    (
        "height-first",
        "striate show steps --size 5,6",
        ["(5 - 3)/1 + 1 = 3; (6 - 3)/1 + 1 = 4 fits: 3×4"],
    ),
    ("height-first", 'striate plan "1x10x20: conv3x1"', ["1x8x20"]),
    ("imagenet-size", "striate data list", ["imagenet 1,331,167 1,000"]),
]


@cache
def said(command: str) -> str:
    """What a command prints, with single blanks and no signs between tables."""
    done = run(command)
    assert done.code == 0, done.err
    return " ".join(done.out.split())


def commands_of(name: str) -> set[str]:
    """All commands of a lecture."""
    (told,) = [one for one in LECTURES if one.name == name]
    return {line for section in told.sections for line in section.commands}


@pytest.mark.parametrize(
    ("about", "names", "command", "prints"), ROWS, ids=[row[0] for row in ROWS]
)
def test_a_worked_example_is_told_in_its_lectures_and_shown(about, names, command, prints) -> None:
    for name in names.split():
        assert command in commands_of(name), f"{name} does not tell: {about}"
    for words in prints:
        assert words in said(command)


@pytest.mark.parametrize(
    ("key", "command", "prints"), MISTAKES, ids=[f"{key}: {line}" for key, line, _ in MISTAKES]
)
def test_a_mistake_on_the_slides_is_answered_by_a_command(key, command, prints) -> None:
    assert command in erratum(key).commands
    for words in prints:
        assert words in said(command)


def test_every_mistake_has_a_row() -> None:
    assert {key for key, *_ in MISTAKES} == {one.key for one in ERRATA}
