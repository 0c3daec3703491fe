"""The rate as a factor over the steps: a function of the step alone, so there is no state to save.

At step t of T, t = 0 ... T - 1, the curves are taken at t / T: they begin at 1 and are still above
`final` at the last step, which so moves the weights. A share of the steps is rounded to whole steps.
"""

from __future__ import annotations

import math

from striate.training.recipe_parts import SchedulePart

UP = 0.3  # how much of one-cycle goes up where warm_up does not say


def factor(part: SchedulePart, step: int, steps: int) -> float:
    """What the rate is multiplied by at step 0 ... steps - 1.

    linear falls evenly from 1 to `final`; cosine along half a wave (Loshchilov and Hutter 2016, arXiv
    1608.03983); step is times `step_factor` each `step_every` of the steps, and never below `final`. Their
    warm-up multiplies on the first steps, (t + 1) / (steps of warm-up), so that no step is at 0. one-cycle
    (Smith and Topin 2017, arXiv 1708.07120) goes up first, on `warm_up` of the steps or 30 %, and then
    down along half a wave to `final`.

    >>> [factor(SchedulePart(), t, 4) for t in range(4)]
    [1.0, 0.75, 0.5, 0.25]
    """
    if not 0 <= step < steps:
        raise ValueError(f"step {step} is none of the steps 0 to {steps - 1}")
    rising = _rising(part, step, steps)
    match part.name:
        case "constant":
            return rising
        case "linear":
            return rising * _from_1_to(part.final, 1 - step / steps)
        case "cosine":
            return rising * _from_1_to(part.final, _half_wave(step / steps))
        case "step":
            drops = math.floor(step / steps / part.step_every + 1e-9)  # 0.3 / 0.1 is below 3
            return rising * max(part.final, part.step_factor**drops)
        case "one-cycle":
            up = _warm_steps(part, steps)
            if step < up:
                return rising
            return _from_1_to(part.final, _half_wave((step - up) / (steps - up)))
        case name:
            raise ValueError(f"no schedule is called {name!r}")


def _warm_steps(part: SchedulePart, steps: int) -> int:
    share = max(0.0, part.warm_up)
    if part.name == "one-cycle" and not share:
        share = UP
    return round(share * steps)


def _rising(part: SchedulePart, step: int, steps: int) -> float:
    """From above 0 to 1 over the steps of the warm-up, then 1."""
    return min(1.0, (step + 1) / max(1, _warm_steps(part, steps)))


def _half_wave(done: float) -> float:
    """1 to 0 along half a cosine."""
    return (1 + math.cos(math.pi * done)) / 2


def _from_1_to(final: float, left: float) -> float:
    """What is `left`, 1 to 0, of the way from 1 to `final`."""
    return final + (1 - final) * left
