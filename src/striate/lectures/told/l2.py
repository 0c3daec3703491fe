"""L2, CS231n 2023: losses and graphs, features before convnets, sizes, receptive fields."""

from __future__ import annotations

from striate.lectures.told.section import Lecture, Section

LECTURE = Lecture(
    "L2",
    "CS231n, 2023",
    "losses, graphs and optimisers in short, features, a layer's sizes and parameters, receptive fields",
    (
        Section(
            "Loss Functions",
            "Scores become a loss: softmax takes −log of the probability of the right class, the SVM asks "
            "that it leads every other class by 1. Both are the mean over the pictures. Both start the "
            "backward pass.",
            ("striate show softmax", "striate show svm"),
        ),
        Section(
            "Optimisers",
            "SGD follows the slope, momentum keeps some of its speed, RMSProp and Adam give each weight a "
            "step of its own. Adadelta, which the lecture's demonstration in the browser uses, needs no "
            "rate at all in its paper. Here they run down the same surface.",
            ("striate show race", "striate show race saddle"),
        ),
        Section(
            "Linear classifiers are not enough",
            "A linear classifier has one template for each class and one straight boundary. Two layers "
            "bend it.",
            ("striate show boundaries xor --count 60 --epochs 10",),
        ),
        Section(
            "Computation Graph and Backpropagation",
            "A formula is a graph. Forward, each node gets a value; backward, each node multiplies what "
            "comes from above by its local gradient and hands it on. dL/dx has the shape of x, always.",
            (
                'striate show graph "x=2 y=-1 z=3: (x*w + y) max z" --backward',
                'striate show conv --image "1 2 0/0 1 3/2 0 1" --kernel "1 -1/0 2" --backward',
            ),
        ),
        Section(
            "Image Features",
            "Before convnets a picture was described first and classified then. A histogram of hues says "
            "which colours there are, and forgets where. HOG counts edge directions, in 9 bins, in cells of "
            "8×8 pixels: on 320×240 that is 30 · 40 · 9 = 10,800 numbers. A bag of words counts which kinds "
            "of patches there are. `striate baselines DATA` compares all these methods on your pictures.",
            ("striate show hues", "striate show hog", "striate show words"),
        ),
        Section(
            "A bit of history",
            "The perceptron looked at 20×20 pixels with 400 weights, and learned by w ← w + α(d − y)x: it "
            "moves only where its answer y is not the wanted d. The Neocognitron and LeNet-5 already have "
            "the layers of today.",
            (
                'striate plan "1x20x20: fc1b0"',
                'striate show graph "w=0.5 alpha=0.1 d=1 y=0 x=2: w + alpha*(d - y)*x"',
                "striate plan neocognitron",
                "striate plan lenet5",
            ),
        ),
        Section(
            "Spatial dimensions",
            "(N − F)/S + 1: 5, 3 and 2.33 for strides 1, 2, 3 on 7 pixels with F = 3. With padding N "
            "grows by 2P. 32 shrinks by 4 with each 5×5 filter, and shrinking too fast does not work "
            "well.",
            (
                "striate show steps --size 7 --kernel 3 --stride 3",
                "striate show steps --size 7 --kernel 3 --pad 1",
                'striate plan "3x32x32: (conv5-6)*3"',
            ),
        ),
        Section(
            "Ten filters",
            "Ten 5×5 filters with padding 2 on 32×32×3 keep 32×32 and make ten maps. Each has 5·5·3 + 1 = "
            "76 parameters: 760.",
            ('striate plan "3x32x32: conv5p2-10"',),
        ),
        Section(
            "Receptive Fields",
            "A unit of the first 3×3 layer sees 3 pixels along a side, of the second 5, then 7, 9: 1 + "
            "L(K − 1). To see all of 224 pixels that way takes 112 layers. So one makes the maps smaller "
            "on the way, by a stride or a pool.",
            (
                'striate show field "1x9x9: (conv3-1)*4"',
                'striate show field "1x224x224: (conv3p1-1)*4"',
                'striate show field "3x32x32: conv3p1-8 relu conv3p1-8 relu max2 conv3p1-8"',
            ),
        ),
        Section(
            "Common settings",
            "Filters in powers of two; F = 3 with P = 1, F = 5 with P = 2, F = 1 with P = 0. A 1×1 filter "
            "makes sense: it mixes the channels of each pixel.",
            (
                'striate plan "64x56x56: conv1-32"',
                "striate show steps --size 32 --kernel 5 --stride 2",
                'striate plan "N=32 F=5 S=2 P=?" --fit',
            ),
            ("whatever-fits", "height-first"),
        ),
        Section(
            "The neuron's view",
            "Each number of a map is a neuron that sees a small region, and all neurons of a map share "
            "their weights. Five filters make 28×28×5 = 3,920 neurons, five of which look at the same "
            "region.",
            ('striate plan "3x32x32: conv5-5 flatten"',),
        ),
        Section(
            "Pooling and the classic architecture",
            "Max pooling of 2×2 with stride 2 keeps 6 8 / 3 4 of the 4×4 example, average pooling 3.25 "
            "5.25 / 2 2. Then come convolutions, pools and full connections in the order of the formula.",
            (
                "striate show pool",
                "striate show pool --kind average",
                'striate plan "[(CONV-RELU)^2-POOL?]^2-(FC-RELU)^1,SOFTMAX" --input 3x32x32 --classes 10',
            ),
        ),
    ),
)  # fmt: skip
