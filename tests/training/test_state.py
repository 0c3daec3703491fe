"""All that changes goes into the state, and nothing else is needed to go on."""

from __future__ import annotations

import json
import math

from striate.training.loop import fit
from striate.training.recipe import Recipe
from tests.training import small


def test_facts_are_json_also_before_anything_was_judged() -> None:
    recipe = Recipe().changed(["epochs=1"])
    here = small.begun(recipe, small.course(recipe))
    _, facts = here.state()
    assert facts["best_loss"] is None
    again = small.begun(recipe, small.course(recipe))
    again.load(*here.state())
    assert math.isinf(again.best_loss)
    assert json.loads(json.dumps(facts, allow_nan=False)) == facts


def test_the_state_of_one_training_loads_into_another_network() -> None:
    recipe = Recipe().changed(["epochs=1", "average.name=ema", "optimiser.name=adamw"])
    here = small.begun(recipe, small.course(recipe))
    for told in fit(here.network, small.batches(recipe), recipe, here.course, training=here):
        if told.step == 4:
            break
    tensors, facts = here.state()
    kept = {k: v.clone() for k, v in tensors.items()}
    there = small.begun(recipe, small.course(recipe), seed=5)
    there.load(kept, facts)
    assert small.equal(kept, there.state()[0])
    assert there.state()[1] == facts
