"""A vocabulary of patches: random windows of the pictures, whitened, and the centres they gather around."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple, final

from striate.features.kinds import Pictures, Table, Tell, blocks, silent
from striate.features.kmeans import kmeans
from striate.features.patches import Whitening, contrasted, every_patch, random_patches, whitening


@final
class Wanted(NamedTuple):
    """How many words, of patches of which side, cut how far apart, learned from how many patches."""

    words: int = 200
    side: int = 6
    stride: int = 1
    learned_from: int = 20_000
    passes: int = 6


WANTED = Wanted()


@final
@dataclass(frozen=True, eq=False)
class Codebook:
    """words: K D, D = side side C, in the space of whitened patches."""

    side: int
    stride: int
    whitening: Whitening
    words: Table

    def patches(self, pictures: Pictures) -> Iterator[tuple[slice, Table]]:
        """Blocks of N H W C pictures, each with its n R S D whitened patches."""
        H, W = pictures.shape[1:3]
        rows, columns = self.grid(H, W)
        each = rows * columns * 4 * (self.words.shape[0] + 3 * self.words.shape[1])
        for some in blocks(len(pictures), each):
            yield (
                some,
                self.whitening(contrasted(every_patch(pictures[some], self.side, self.stride))),
            )

    def grid(self, height: int, width: int) -> tuple[int, int]:
        """R, S: how many patches are below and beside one another."""
        return (height - self.side) // self.stride + 1, (width - self.side) // self.stride + 1

    @property
    def parameters(self) -> int:
        """Of the words and the whitening."""
        return int(self.words.size + self.whitening.mean.size + self.whitening.matrix.size)

    def multiply_adds(self, height: int, width: int) -> int:
        """Of all patches of a picture: whitening, and the distance to every word."""
        rows, columns = self.grid(height, width)
        D = self.words.shape[1]
        return int(rows * columns * D * (D + len(self.words)))


def learn(pictures: Pictures, seed: int, wanted: Wanted = WANTED, tell: Tell = silent) -> Codebook:
    """From N H W C pictures; the same pictures and seed give the same words."""
    found = contrasted(random_patches(pictures, wanted.side, wanted.learned_from, seed))
    made = whitening(found)
    words = kmeans(made(found), wanted.words, seed, wanted.passes, tell)
    return Codebook(wanted.side, wanted.stride, made, words)
