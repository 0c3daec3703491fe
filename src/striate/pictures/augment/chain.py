"""Augmentations in a row, and the presets people name.

    none        nothing
    light       flip in turns, shifted by up to a sixteenth of the side
    digits      shifted by up to a fourteenth, never mirrored: digits, text, signs
    thumbnails  flip in turns, shifted by up to an eighth: small pictures such as CIFAR's
    covered     as thumbnails, and of every second picture a box of 4 to 20 % is covered
    photos      random resized crop, flip, colour
    strong      random resized crop, flip, TrivialAugment, erase, mixup or cutmix

Where a mirrored picture means something else (`Dataset.mirror` is False), every step that mirrors is
left out, and `Chain.notes` says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from striate.errors import UsageError
from striate.pictures.augment.colour import Colour
from striate.pictures.augment.crop import ShiftedCrop
from striate.pictures.augment.draws import Draws
from striate.pictures.augment.erase import Erase
from striate.pictures.augment.flip import Flip
from striate.pictures.augment.mix import Mix
from striate.pictures.augment.policies import Policy
from striate.pictures.augment.resized_crop import ResizedCrop
from striate.pictures.augment.step import Step, Stretched
from striate.pictures.files import Pixels
from striate.pictures.order import Rows

PRESETS = ("none", "light", "digits", "thumbnails", "covered", "photos", "strong")


@final
@dataclass(frozen=True)
class Chain:
    """Steps one after the other, and at the end two pictures mixed, or not."""

    steps: tuple[Step, ...] = ()
    mix: Mix | None = None
    notes: tuple[str, ...] = ()

    def size(self, height: int, width: int) -> tuple[int, int]:
        """Of what comes out."""
        for step in self.steps:
            height, width = step.size(height, width)
        return height, width

    @property
    def cuts_boxes(self) -> bool:
        """Whether boxes are cut out and resized, for which there should be a whole picture."""
        return any(isinstance(step, ResizedCrop) for step in self.steps)

    def apply(
        self, pictures: Pixels, draws: Draws, slots: Rows, stretched: Stretched | None = None
    ) -> Pixels:
        """All steps but the mixing, which needs to know the whole batch; `pictures` may be written to."""
        for step in self.steps:
            pictures = step(pictures, draws, slots, stretched)
        return pictures


NOTHING = Chain()


def preset(
    name: str, size: tuple[int, int], mirror: bool = True, to: tuple[int, int] | None = None
) -> Chain:
    """The chain of a preset for prepared pictures of this size; `to` is the size wanted from those that
    resize.
    """
    side = min(size)
    moved = (Flip(in_turns=True), ShiftedCrop(max(1, side // 8)))
    rows: dict[str, tuple[tuple[Step, ...], Mix | None]] = {
        "none": ((), None),
        "light": ((Flip(in_turns=True), ShiftedCrop(max(1, side // 16))), None),
        "digits": ((ShiftedCrop(max(1, side // 14)),), None),
        "thumbnails": (moved, None),
        "covered": ((*moved, Erase(0.5, (0.04, 0.2))), None),
        "photos": ((ResizedCrop(to), Flip(), Colour(0.2, 0.2, 0.2)), None),
        "strong": ((ResizedCrop(to, (0.2, 1.0)), Flip(), Policy(), Erase()), Mix("either")),
    }
    if name not in rows:
        raise UsageError(
            f'"{name}" is no preset of augmentation', f"they are: {', '.join(PRESETS)}"
        )
    steps, mix = rows[name]
    kept = tuple(step for step in steps if mirror or not step.mirrors)
    note = "pictures are not mirrored: mirrored ones would mean something else here"
    return Chain(kept, mix, (note,) if len(kept) < len(steps) else ())
