"""Many small changes by a table: RandAugment (Cubuk et al. 2019, arXiv 1909.13719) and TrivialAugment
(Müller and Hutter 2021, arXiv 2103.10158).

torchvision's own classes take no generator, so what is random is drawn here, by the address of the
picture, and `torchvision.transforms.v2.functional` carries it out. Ranges are those of torchvision's
`TrivialAugmentWide` and `RandAugment`. A fixed 31 strengths, as there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, final

import numpy as np

from striate.optional import need
from striate.pictures.augment.draws import Draws, Uniform
from striate.pictures.augment.step import Step
from striate.pictures.files import Pixels
from striate.pictures.order import Rows

STRENGTHS = 31
# Name, and the largest value for each table: of factors of a colour, of degrees, of shares of the side.
_WIDE = {
    "identity": 0.0, "shear x": 0.99, "shear y": 0.99, "move x": 32.0, "move y": 32.0, "turn": 135.0,
    "brightness": 0.99, "colour": 0.99, "contrast": 0.99, "sharpness": 0.99, "posterize": 6.0,
    "solarize": 255.0, "stretch": 0.0, "equalize": 0.0,
}  # fmt: skip
_RAND = _WIDE | {
    "shear x": 0.3, "shear y": 0.3, "turn": 30.0, "brightness": 0.9, "colour": 0.9, "contrast": 0.9,
    "sharpness": 0.9, "posterize": 4.0,
}  # fmt: skip
_ONE_SIDED = frozenset({"identity", "posterize", "solarize", "stretch", "equalize"})


@final
@dataclass(frozen=True)
class Policy(Step):
    """`trivial`: one change of any strength. `rand`: `changes` changes, all of one `strength` (0 ... 30)."""

    kind: Literal["trivial", "rand"] = "trivial"
    changes: int = 2
    strength: int = 9
    fill: int = 128

    def draw(self, draws: Draws, slots: Rows, height: int, width: int) -> Uniform:
        """N x changes x 3: which change, its strength, its sign; each 0 ... 1."""
        count = 1 if self.kind == "trivial" else self.changes
        return np.stack([draws.uniform(f"policy {i}", slots)[:, :3] for i in range(count)], 1)

    def apply(self, pictures: Pixels, drawn: Uniform) -> Pixels:
        """Picture by picture: each has its own change."""
        torch = need("torch", to="augment by a policy", extra="train")
        act = need("torchvision.transforms.v2.functional", to="augment by a policy", extra="train")
        table = _WIDE if self.kind == "trivial" else _RAND
        names = tuple(table)
        for i, changes in enumerate(drawn):
            planes = torch.from_numpy(pictures[i].transpose(2, 0, 1).copy())  # C H W
            for which, strength, sign in changes:
                name = names[int(which * len(names))]
                level = int(strength * STRENGTHS) if self.kind == "trivial" else self.strength
                value = table[name] * level / (STRENGTHS - 1)
                if self.kind == "rand" and name.startswith("move"):
                    value = 150 / 331 * pictures.shape[2 if name == "move x" else 1] * level / 30
                if name not in _ONE_SIDED and sign < 0.5:
                    value = -value
                planes = _changed(act, planes, name, value, [float(self.fill)] * len(planes))
            pictures[i] = planes.numpy().transpose(1, 2, 0)
        return pictures


def _changed(act: Any, planes: Any, name: str, value: float, fill: list[float]) -> Any:
    """One change of one picture, C H W uint8."""
    degrees = float(np.degrees(np.arctan(value)))
    modes = need("torchvision.transforms", to="augment by a policy", extra="train")
    nearest = modes.InterpolationMode.NEAREST

    def moved(**how: Any) -> Any:
        given: dict[str, Any] = {
            "angle": 0.0,
            "translate": [0, 0],
            "scale": 1.0,
            "shear": [0.0, 0.0],
        }
        return act.affine(planes, **(given | how), interpolation=nearest, fill=fill)

    ways: dict[str, Callable[[], Any]] = {
        "identity": lambda: planes,
        "shear x": lambda: moved(shear=[degrees, 0.0], center=[0, 0]),
        "shear y": lambda: moved(shear=[0.0, degrees], center=[0, 0]),
        "move x": lambda: moved(translate=[int(value), 0]),
        "move y": lambda: moved(translate=[0, int(value)]),
        "turn": lambda: act.rotate(planes, angle=value, interpolation=nearest, fill=fill),
        "brightness": lambda: act.adjust_brightness(planes, 1 + value),
        "colour": lambda: act.adjust_saturation(planes, 1 + value),
        "contrast": lambda: act.adjust_contrast(planes, 1 + value),
        "sharpness": lambda: act.adjust_sharpness(planes, 1 + value),
        "posterize": lambda: act.posterize(planes, 8 - round(value)),
        "solarize": lambda: act.solarize(planes, 255 - value),
        "stretch": lambda: act.autocontrast(planes),
        "equalize": lambda: act.equalize(planes),
    }
    return ways[name]()
