"""L0, CS231n 2024: what a convolution layer does to shapes, and what it costs."""

from __future__ import annotations

from striate.lectures.told.section import Lecture, Section

LECTURE = Lecture(
    "L0",
    "CS231n, April 2024",
    "from full connection to convolution, a closer look at sizes, pooling, the classic network",
    (
        Section(
            "Fully connected",
            "A picture of 32×32×3 is stretched to 3,072 numbers, and each of ten units takes a dot "
            "product with all of them. Nothing is left of rows and columns. A hidden layer with max(0, ·) "
            "between two such steps makes the two-layer network, which can bend its boundaries.",
            (
                'striate plan "3x32x32: flatten fc10"',
                'striate plan "3x32x32: fc100 relu fc10"',
                "striate show boundaries moons --count 60 --epochs 10",
            ),
        ),
        Section(
            "One filter",
            "A filter of 5×5×3 is as deep as the picture. At each place it takes a dot product of 75 "
            "numbers and adds a bias, so it has 76 parameters. It fits 28 times along a side of 32.",
            ('striate plan "3x32x32: conv5-1"', 'striate show graph "F=5 C=3: F*F*C + 1"'),
        ),
        Section(
            "Six filters, and a batch",
            "Six filters make six maps, stacked to 6×28×28, with 456 parameters. A batch of two pictures "
            "makes 2×6×28×28 with the same parameters: only the activations double.",
            ('striate plan "3x32x32: conv5-6"', 'striate plan "3x32x32: conv5-6" --batch 2'),
        ),
        Section(
            "Layers in a row",
            "Convolutions follow one another, with activations between them. What a unit sees grows with "
            "each. Without the activation two convolutions would be a single one.",
            ('striate plan "3x32x32: conv5-6 relu conv5-10 relu"', "striate show merged"),
        ),
        Section(
            "What filters learn",
            "First filters become edges and opposing colours. AlexNet's 64 filters of 3×11×11 are "
            "torchvision's, with 23,296 parameters; the paper of 2012 has 96. A trained run shows its own "
            "with `striate see RUN filters`.",
            ('striate plan "3x224x224: conv11s4p2-64"', 'striate plan "3x227x227: conv11s4-96"'),
        ),
        Section(
            "Convolution or cross-correlation",
            "The formula with g[x − n₁, y − n₂] turns the kernel by half a turn before it slides. "
            "Libraries do not, and call it convolution all the same. With a kernel that changes when it "
            "is turned, the two differ.",
            (
                'striate show conv --image "1 2 0/0 1 3/2 0 1" --kernel "1 -1/0 2"',
                'striate show conv --image "1 2 0/0 1 3/2 0 1" --kernel "1 -1/0 2" --flip',
            ),
        ),
        Section(
            "A closer look at sizes",
            "A 3×3 filter on 7×7 pixels: stride 1 gives 5×5, stride 2 gives 3×3, and stride 3 does not "
            "fit. PyTorch rounds down and says nothing; `--strict` refuses, as the lecture does. One row "
            "and one column would go unseen.",
            (
                "striate show steps --size 7 --kernel 3",
                "striate show steps --size 7 --kernel 3 --stride 2",
                "striate show steps --size 7 --kernel 3 --stride 3",
            ),
        ),
        Section(
            "Zero padding",
            "A border of one zero keeps 7×7 for a 3×3 filter. P = 1, 2, 3 keep the size for F = 3, 5, 7. "
            "Without it 5×5 filters shrink 32 to 28, 24, 20, 16, 12, 8, 4, and nothing is left for a deep "
            "network. The hints under the last table say so too.",
            (
                "striate show steps --size 7 --kernel 3 --pad 1",
                'striate plan "1x7x7: conv3p1 conv5p2 conv7p3"',
                'striate plan "3x32x32: (conv5-6)*7"',
            ),
        ),
        Section(
            "Parameters of the layer in PyTorch",
            "F·F·C·K weights and K biases. With groups the channels are parted, and each part is a layer "
            "of its own.",
            ('striate plan "4x8x8: conv3p1-8"', 'striate plan "4x8x8: conv3p1g2-8"'),
            ("groups",),
        ),
        Section(
            "Pooling",
            "Each map is made smaller on its own: 2×2 windows with stride 2 keep the largest number, 6 8 "
            "/ 3 4, or the mean, 3.25 5.25 / 2 2. There is nothing to learn.",
            ("striate show pool", "striate show pool --kind average"),
        ),
        Section(
            "The classic architecture",
            "Convolutions with ReLU, a pool, repeated; then full connections and a softmax. The slide's "
            "formula is read as it stands, with numbers for N, M and K; a `?` is with or without, and is "
            "read as with.",
            (
                'striate plan "[(CONV-RELU)^2-POOL?]^3-(FC-RELU)^1,SOFTMAX" --input 3x32x32 --classes 10',
                'striate plan "[(CONV-RELU)*2-POOL?]*3-(FC-RELU)*1,SOFTMAX" --input 3x32x32 --classes 10',
                'striate plan "[(CONV-RELU)^2]^3-(FC-RELU)^1,SOFTMAX" --input 3x32x32 --classes 10',
            ),
        ),
    ),
)  # fmt: skip
