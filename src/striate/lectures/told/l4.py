"""L4, USC CSCI 467: regularisation, features by convolution, what a layer costs, the whole network."""

from __future__ import annotations

from striate.lectures.told.section import Lecture, Section

_IMAGE = "0 0 0 0 0 0/0 1 0 0 0 0/0 1 1 1 1 1/0 1 0 0 0 0/0 0 0 0 0 0"

LECTURE = Lecture(
    "L4",
    "USC CSCI 467, Fall 2023",
    "weight decay and dropout, lines found by convolution, what sharing saves, a whole network",
    (
        Section(
            "Weight decay",
            "Half of λ times the squared weights is added to the loss. Its gradient is λθ, so each step "
            "takes ηλθ away: the weight is multiplied by 1 − ηλ. With η = 0.1, λ = 0.01 and θ = 2 that "
            "leaves 1.998, by either way of writing it.",
            (
                'striate show graph "theta=2 eta=0.1 lambda=0.01: theta - eta*lambda*theta"',
                'striate show graph "theta=2 eta=0.1 lambda=0.01: (1 - eta*lambda) * theta"',
            ),
        ),
        Section(
            "Dropout",
            "In training each number is set to zero with probability p, so that no unit can rely on "
            "another. The rest is scaled up, so that the mean stays and nothing has to be done in use.",
            ("striate show dropout",),
            ("dropout-scale",),
        ),
        Section(
            "Is there a moose here?",
            "A classifier that was made for a small region can be slid over a larger picture, one region "
            "after the other. The answers form a grid of scores, and this is already a convolution. Here "
            "a cross and an X are looked for in place of a moose.",
            ("striate show head",),
        ),
        Section(
            "A vertical line",
            "The kernel −1 2 −1, three times, answers strongly where a column is bright and its "
            "neighbours are dark. On 5×6 pixels it gives (5 − 3 + 1) × (6 − 3 + 1) = 3 × 4 numbers. "
            "Element (1, 2) comes from rows 1 to 3 and columns 2 to 4, which Python writes [1:4, 2:5], "
            "and is 0.",
            (
                f'striate show conv --image "{_IMAGE}" --kernel "-1 2 -1/-1 2 -1/-1 2 -1" --at 0,0',
                f'striate show conv --image "{_IMAGE}" --kernel "-1 2 -1/-1 2 -1/-1 2 -1" --at 1,2',
            ),
            ("height-first",),
        ),
        Section(
            "A horizontal line",
            "A second kernel looks for rows. On the slide its minus signs were lost in print; with them, "
            "the row of ones stands out in the middle of the output.",
            (f'striate show conv --image "{_IMAGE}" --kernel horizontal-line --at 1,2',),
        ),
        Section(
            "Convolution and full connection",
            "From 30 numbers to 12: fully connected that takes 30 · 12 + 12 = 372 parameters. If each "
            "place sees only its patch, 12 · (9 + 1) = 120 are left, and if all places share them, 9 + 1 "
            "= 10. It stays a linear layer: the matrix says so.",
            (
                "striate show matrix",
                'striate plan "1x5x6: fc12"',
                'striate plan "1x5x6: local3"',
                'striate plan "1x5x6: conv3"',
            ),
        ),
        Section(
            "Channels and parameters",
            "C_out filters of C_in × K × K weights and a bias each: C_out · (C_in · K² + 1). A full "
            "connection has out · (in + 1). The first layer of AlexNet has 64 filters of 3×11×11 in "
            "torchvision; the paper of 2012 has 96.",
            (
                'striate plan "3x224x224: conv11s4p2-64"',
                'striate plan "3x227x227: conv11s4-96"',
                'striate show graph "C_out=64 C_in=3 K=11: C_out*(C_in*K^2 + 1)"',
                'striate show graph "out=12 in=30: out*(in + 1)"',
            ),
            ("imagenet-size",),
        ),
        Section(
            "Shifts",
            "If the picture moves by one pixel, the output of a convolution moves by one pixel. Pooling "
            "then makes the answer care less about where exactly. Compare the two outputs: the columns "
            "moved one to the right.",
            (
                f'striate show conv --image "{_IMAGE}" --kernel vertical-line',
                'striate show conv --image "0 0 0 0 0 0/0 0 1 0 0 0/0 0 1 1 1 1/0 0 1 0 0 0/0 0 0 0 0 0" '
                "--kernel vertical-line",
            ),
        ),
        Section(
            "The whole network",
            "Convolution, ReLU and pooling repeat; then the maps are flattened and connected fully. Every "
            "pool widens what a later unit sees. The slide's own words are a text that can be planned.",
            (
                'striate plan "convolutional layer + ReLU + max pooling, repeated; flatten; fully connected" '
                "--input 3x32x32 --classes 10",
                'striate plan "1x32x32: conv3-10 relu max2 conv3-10 relu max2 flatten fc64 relu fc10"',
            ),
        ),
        Section(
            "Backward",
            "The gradient says for every number whether the loss falls when it grows or when it shrinks. "
            "At each node, upstream × local = downstream, and where paths meet they are summed.",
            ('striate show graph "w=2 x=-1 b=-3: sigmoid(w*x + b)" --backward',),
        ),
    ),
)  # fmt: skip
