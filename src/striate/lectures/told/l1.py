"""L1, a deck on convolutional networks: the sliding kernel, shared weights, channels, strides, padding."""

from __future__ import annotations

from striate.lectures.told.section import Lecture, Section

_IMAGE, _KERNEL = "1 1 1 0 0/0 1 1 1 0/0 0 1 1 1/0 0 1 1 0/0 1 1 0 0", "1 0 1/0 1 0/1 0 1"
_SIX = "3 3 4 4 7 0/9 7 6 5 8 2/6 5 5 6 9 2/7 1 3 2 7 8/0 3 7 1 8 3/4 0 4 3 2 2"

LECTURE = Lecture(
    "L1",
    "a deck on convolutional networks",
    "the sliding kernel written out, weights that are shared, channels, strides, padding",
    (
        Section(
            "A picture as one row of numbers",
            "A fully connected network wants a vector, so the rows of a picture are put behind one "
            "another: 14×14 pixels become 196 numbers. Which pixels were neighbours is lost on the way. "
            "Every unit then has a weight for every single pixel.",
            ('striate plan "1x14x14: flatten fc10"',),
        ),
        Section(
            "The kernel slides",
            "A kernel of 3×3 weights lies on a patch of the picture. Each weight is multiplied with the "
            "pixel under it, the nine products are summed, and the sum is one number of the output. Then "
            "the kernel moves on by one pixel. Add `-o sliding.gif` to see it move.",
            (
                f'striate show conv --image "{_IMAGE}" --kernel "{_KERNEL}"',
                f'striate show conv --image "{_IMAGE}" --kernel "{_KERNEL}" --at 2,2',
            ),
            ("garbled-frame",),
        ),
        Section(
            "Few connections, shared weights",
            "A number of the output sees one patch only, and every patch is seen with the same weights. "
            "Both save weights: written as a linear layer, most entries of the matrix are zero and the "
            "rest repeat. Letters in the matrix stand for weights, points for zeros.",
            (f'striate show matrix --image "{_IMAGE}" --kernel "{_KERNEL}"',),
        ),
        Section(
            "Backward through shared weights",
            "A weight that is used twice reaches the loss on two paths. The chain rule adds what comes "
            "back along each: that is all that sharing changes. The gradient of the picture has the shape "
            "of the picture.",
            (
                "striate show shared-weights",
                f'striate show conv --image "{_IMAGE}" --kernel "{_KERNEL}" --backward',
            ),
        ),
        Section(
            "Channels",
            "A filter is as deep as its input: for three channels it has three tables of weights, and the "
            "three sums are added. Each filter makes one map. Five filters of 3×3×3 on 3×64×64 make "
            "5×64×64 with 5 · (27 + 1) = 140 parameters.",
            (
                'striate show conv --image "1 2/3 4; 5 6/7 8; 1 0/0 1" --kernel "1 0/0 1; 0 1/1 0; 1 1/1 1"',
                'striate plan "3x64x64: conv3p1-5"',
            ),
        ),
        Section(
            "Two filters over three channels",
            "7×7×3 with its padding, two filters of 3×3×3, and 3×3×2 comes out: that is only possible "
            "with stride 2. The numbers of the deck's own demonstration cannot be recovered, so these are "
            "drawn from a seed. Six filters of 3×5×5 on 3×32×32 make six maps of 28×28 in the same way.",
            ("striate show two-filters", 'striate plan "3x32x32: conv5-6"'),
        ),
        Section(
            "Strides",
            "A stride of 2 leaves out every other place. How many places there are is (N − F)/S + 1. On 7 "
            "pixels a window of 3 takes 5 places with stride 1 and 3 with stride 2; with stride 3 it "
            "would be 2.33, and one row and one column are never seen.",
            (
                "striate show steps --size 7 --kernel 3",
                "striate show steps --size 7 --kernel 3 --stride 2",
                "striate show steps --size 7 --kernel 3 --stride 3",
            ),
        ),
        Section(
            "Padding",
            "A frame of zeros keeps the size: 6 becomes 8 becomes 6 with a 3×3 kernel, and 7 stays 7. In "
            "general P = (F − 1)/2 does it with stride 1. It also lets border pixels be used more often than "
            "without, though still less often than the inside.",
            (
                f'striate show conv --image "{_SIX}" --kernel "1 0 -1/1 0 -1/1 0 -1" --pad 1',
                "striate show steps --size 6 --pad 1",
                "striate show steps --size 7 --kernel 3 --pad 1",
            ),
            ("padding-corner", "equally-often"),
        ),
        Section(
            "Pooling",
            "Pooling keeps one number of each window, the largest or the mean, and learns nothing. Where "
            "exactly in the window the largest one stood is forgotten, so a small shift changes little. "
            "In the backward pass only the winner gets the gradient.",
            (
                "striate show pool --backward",
                'striate plan "1x28x28: conv5-6 relu max2 conv5-16 relu max2 fc10"',
            ),
        ),
    ),
)  # fmt: skip
