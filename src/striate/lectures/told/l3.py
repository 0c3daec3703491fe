"""L3, UIUC CS 446: why full connection is too much, stacked convolutions, which network to take."""

from __future__ import annotations

from striate.lectures.told.section import Lecture, Section

LECTURE = Lecture(
    "L3",
    "UIUC CS 446 / ECE 449, 2024",
    "full connection against convolution, stacking, strides and padding, which network to take",
    (
        Section(
            "Backpropagation",
            "Every node gets an upstream gradient, multiplies it by its local one and passes the product "
            "down. Sums copy it, products swap their factors, max lets it through to the winner.",
            ('striate show graph "x=-2 y=5 z=-4: (x + y) * z" --backward',),
        ),
        Section(
            "A picture into a perceptron",
            "500×500 pixels into 1,024 units take 256,000,000 weights and 1,024 biases. A shift by one "
            "pixel meets other weights everywhere, so the units may answer quite differently.",
            ('striate plan "1x500x500: fc1024"',),
        ),
        Section(
            "The layers of a network",
            "Full connection, activation, convolution and pooling are all there is. A full connection on "
            "32×32×3 takes dot products of 3,072 numbers, a 5×5 filter of 75.",
            (
                "striate show relu",
                "striate show fc",
                'striate plan "3x32x32: fc10"',
                'striate plan "3x32x32: conv5-1"',
                'striate show graph "F=5 C=3: F*F*C + 1"',
            ),
        ),
        Section(
            "Filters and a batch",
            "Six filters of 3×5×5 turn 3×32×32 into 6×28×28, and a batch of two into 2×6×28×28. The bias "
            "is a vector of six.",
            ('striate plan "3x32x32: conv5-6" --batch 2',),
        ),
        Section(
            "Stacking Convolutions",
            "Two linear steps in a row are one linear step. So two 3×3 convolutions without an activation "
            "between them are one 5×5 convolution, whose kernel is the convolution of the two kernels. "
            "`striate plan` gives a hint where that happens.",
            ("striate show merged", 'striate plan "1x9x9: (conv3)*2"', 'striate plan "1x9x9: conv5"'),
        ),
        Section(
            "Pooling and stride",
            "Both make maps smaller. 7×7 with 3×3 gives 5×5 with stride 1, 3×3 with stride 2, and does "
            "not fit with stride 3.",
            (
                "striate show pool --kind average",
                "striate show steps --size 7 --kernel 3 --stride 2",
                "striate show steps --size 7 --kernel 3 --stride 3",
            ),
        ),
        Section(
            "Padding",
            "A border of one zero keeps 7×7 for a 3×3 filter. (32 + 2·2 − 5)/1 + 1 = 32: ten 5×5 filters "
            "with padding 2 keep the size and have 76 · 10 = 760 parameters.",
            (
                "striate show steps --size 7 --kernel 3 --pad 1",
                'striate plan "3x32x32: conv5p2-10"',
                "striate show steps --size 32 --kernel 5 --pad 2",
            ),
        ),
        Section(
            "Classic architecture",
            "Convolution, ReLU and pool N times, flatten, full connection and ReLU N times, a last full "
            "connection. LeNet-5 is of this kind.",
            (
                'striate plan "[Conv, ReLU, Pool] x 2, flatten, [FC, ReLU] x 2, FC" '
                "--input 3x32x32 --classes 10",
                "striate plan lenet5",
            ),
        ),
        Section(
            "CNN Architectures",
            "AlexNet, VGG, GoogLeNet and ResNet took ImageNet's error down year by year. VGG is deep and "
            "heavy, GoogLeNet light, ResNet deep and light enough.",
            (
                "striate models alexnet",
                "striate models vgg",
                "striate models googlenet",
                "striate models resnet",
            ),
        ),
        Section(
            "Which architecture should I use?",
            "Take one that has proven itself, and start from trained weights. For accuracy ResNet-50 or "
            "ResNet-101; where it must be quick or small, a MobileNet or ShuffleNet.",
            ("striate models mobilenet", "striate models shufflenet", "striate models resnet50"),
        ),
    ),
)  # fmt: skip
