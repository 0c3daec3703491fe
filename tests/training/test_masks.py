"""Dropout and stochastic depth with an address: the coins of a picture against slow draws, whoever it is
with.
"""

from __future__ import annotations

import copy
import math
from typing import Any

import numpy as np
import pytest

from striate import seeds

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402

from striate.grammar.plan import Plan  # noqa: E402
from striate.training.masks import Dropped, Masks, install  # noqa: E402
from striate.training.recipe_parts import RegularisePart  # noqa: E402

OWN = RegularisePart()
DEEP = RegularisePart(stochastic_depth=0.6)
BLOCK = "{conv3p1-3 bn relu conv3p1-3}"


def network(text: str = "3x4x4: drop0.3 flatten fc6 drop0.5") -> Any:
    """In train mode, the same weights every time."""
    torch.manual_seed(0)
    return Plan.read(text).build()


def slow_coins(seed: int, purpose: str, epoch: int, row: int, count: int) -> np.ndarray:
    """16-bit coins of one picture: its stream begins 2**64 x row blocks into that of the epoch."""
    stream = np.random.Philox(key=seeds.at(seed, purpose, epoch), counter=row * 2**64)
    words = [int(word) for word in stream.random_raw(count)]
    return np.array([word >> shift & 0xFFFF for word in words for shift in (0, 16, 32, 48)][:count])


def of_rows(made: nn.Module, masks: Masks, x: Any, rows: list[int], epoch: int) -> Any:
    """What the network gives for these rows of x, addressed."""
    masks.address(epoch, np.array(rows))
    return made(x[rows])


@pytest.mark.parametrize("p", [0.1, 0.5, 0.95])
def test_what_is_dropped_is_what_slow_draws_say(p: float) -> None:
    made = network()
    masks = install(made, RegularisePart(dropout=p), 7)
    x = torch.randn(5, 3, 4, 4)
    rows = [9, 0, 123_456_789, 3, 7]
    masks.address(2, np.array(rows))
    out = made.get_submodule("drop1")(x)
    least = round(p * 65536)
    for i, row in enumerate(rows):
        coins = slow_coins(7, "dropout drop1", 2, row, 48).reshape(3, 4, 4)
        wanted = np.where(coins >= least, x[i].numpy() * 65536 / (65536 - least), 0)
        assert np.allclose(out[i].numpy(), wanted, rtol=1e-6)


def test_a_picture_loses_the_same_in_any_batch_order_and_micro_batch() -> None:
    made = network(f"3x4x4: drop0.3 {BLOCK} {BLOCK} conv1-2 drop0.2 flatten fc4 drop0.5")
    for one in made.modules():
        if isinstance(one, nn.BatchNorm2d):
            one.eval()  # it alone mixes pictures
    masks = install(made, DEEP, 1)
    x = torch.randn(12, 3, 4, 4)
    whole = of_rows(made, masks, x, list(range(12)), 5)
    for rows in ([3], [11, 0, 4], [5, 4, 3, 2], list(range(11, -1, -1))):
        assert torch.allclose(of_rows(made, masks, x, rows, 5), whole[rows], rtol=1e-5, atol=1e-6)
    assert torch.equal(of_rows(made, masks, x, list(range(12)), 5), whole)


def test_other_epochs_layers_pictures_and_seeds_have_other_coins() -> None:
    made = network("64x4x4: drop0.5 a=(drop0.5) flatten fc6")
    x = torch.ones(4, 64, 4, 4)
    masks = install(made, OWN, 1)

    def kept(layer: str, epoch: int, rows: list[int]) -> Any:
        masks.address(epoch, np.array(rows))
        return made.get_submodule(layer)(x[: len(rows)]) > 0

    first = kept("drop1", 0, [0, 1, 2, 3])
    other_seed = network("64x4x4: drop0.5 a=(drop0.5) flatten fc6")
    install(other_seed, OWN, 2).address(0, np.arange(4))
    others = [
        kept("drop1", 1, [0, 1, 2, 3]), kept("a.drop1", 0, [0, 1, 2, 3]), first.roll(1, 0),
        other_seed.get_submodule("drop1")(x) > 0,
    ]  # fmt: skip
    for other in others:
        share = float((first == other).float().mean())
        assert share == pytest.approx(0.5, abs=0.05), "coins that are no new ones"


@pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
def test_as_many_are_dropped_as_asked_for_and_the_mean_stays(p: float) -> None:
    made = network()
    masks = install(made, RegularisePart(dropout=p), 0)
    masks.address(0, np.arange(100))
    out = made.get_submodule("drop1")(torch.ones(100, 30, 30))
    assert float((out == 0).float().mean()) == pytest.approx(
        p, abs=4 * math.sqrt(p * (1 - p) / 9e4)
    )
    assert float(out.max()) == pytest.approx(1 / (1 - p), rel=1e-3)


def test_a_probability_of_the_recipe_overrides_those_of_the_text() -> None:
    made, own = network(), network()
    masks = install(made, RegularisePart(dropout=0.25), 0)
    assert [m.probability for m in made.modules() if isinstance(m, Dropped)] == [0.25, 0.25]
    assert masks.layers == ("drop1", "drop2")
    install(own, OWN, 0)
    assert [m.probability for m in own.modules() if isinstance(m, Dropped)] == [0.3, 0.5]
    none = network()
    install(none, RegularisePart(dropout=0.0), 0)
    x = torch.randn(2, 3, 4, 4)
    assert none.get_submodule("drop1")(x) is x


def test_dropping_all_leaves_nothing() -> None:
    made = nn.Sequential(nn.Dropout(1.0))
    masks = install(made, OWN, 0)
    masks.address(0, np.arange(2))
    assert made(torch.ones(2, 5)).tolist() == [[0.0] * 5] * 2


def test_what_is_no_number_is_seen_also_where_it_is_dropped() -> None:
    made = nn.Sequential(nn.Dropout(0.5))
    masks = install(made, OWN, 0)
    masks.address(0, np.arange(2))
    assert bool(made(torch.full((2, 9), math.nan)).isnan().all())


def test_in_eval_mode_nothing_happens_and_no_address_is_needed() -> None:
    text = f"3x4x4: {BLOCK} drop0.5 flatten fc4"
    made, plain = network(text).eval(), network(text).eval()
    install(made, DEEP, 0)
    x = torch.randn(3, 3, 4, 4)
    assert not any(m.training for m in made.modules())
    assert torch.equal(made(x), plain(x))


def test_names_of_the_state_and_the_other_layers_stay() -> None:
    text = f"3x4x4: a=(conv3p1-3 drop0.5 {BLOCK}) flatten fc4"
    made, plain = network(text), network(text)
    others = {n: m for n, m in made.named_modules() if n != "a.drop1"}
    install(made, DEEP, 0)
    now = dict(made.named_modules())
    assert all(now[n] is m for n, m in others.items())
    assert list(made.state_dict()) == list(plain.state_dict())
    made.load_state_dict(plain.state_dict())


def test_a_network_without_dropout_stays_untouched() -> None:
    made = network("3x4x4: conv3-4 flatten fc4")
    before = dict(made.named_modules())
    masks = install(made, OWN, 0)
    assert list(dict(made.named_modules()).values()) == list(before.values())
    assert (masks.layers, masks.notes) == ((), ())
    masks.address(0, np.arange(3))
    made(torch.randn(5, 3, 4, 4))


def test_what_is_asked_for_in_vain_is_told() -> None:
    part = RegularisePart(dropout=0.5, stochastic_depth=0.5)
    notes = install(network("3x4x4: conv3-4 flatten fc4"), part, 0).notes
    assert len(notes) == 2
    assert "no dropout" in notes[0]
    assert "no residual block" in notes[1]


@pytest.mark.parametrize("given", [None, 2, 6])
def test_a_batch_without_its_own_address_is_refused(given: int | None) -> None:
    made = network()
    masks = install(made, OWN, 0)
    if given is not None:
        masks.address(0, np.arange(given))
    told = "none was given" if given is None else f"one of {given} was given"
    with pytest.raises(
        ValueError, match=f"a batch of 4 in train mode needs its address, and {told}"
    ):
        made(torch.randn(4, 3, 4, 4))


def test_rows_are_no_negative_numbers_and_a_single_dropout_is_no_network() -> None:
    with pytest.raises(ValueError, match="from 0 on"):
        install(network(), OWN, 0).address(0, np.array([0, -1]))
    with pytest.raises(ValueError, match="one dropout and nothing else"):
        install(nn.Dropout(0.5), OWN, 0)


def test_later_changes_of_the_given_rows_change_no_address() -> None:
    made = network()
    masks, x = install(made, OWN, 0), torch.randn(3, 3, 4, 4)
    rows = np.arange(3)
    masks.address(0, rows)
    first = made(x)
    rows += 5
    assert torch.equal(made(x), first)


def test_an_empty_batch_passes() -> None:
    made = network()
    install(made, OWN, 0).address(0, np.arange(0))
    assert tuple(made(torch.randn(0, 3, 4, 4)).shape) == (0, 6)


# --- stochastic depth -----------------------------------------------------------------------------


def test_a_block_loses_its_body_for_some_pictures_as_slow_draws_say() -> None:
    made = network(f"3x4x4: {BLOCK} {BLOCK} {BLOCK}")
    bodies = [m.body for m in made.children()]
    for one in made.modules():
        if isinstance(one, nn.BatchNorm2d):
            one.eval()
    x, rows, plain = torch.randn(40, 3, 4, 4), np.arange(40) * 3, []
    for body in bodies:
        with torch.no_grad():
            plain.append(body(x))
    masks = install(made, DEEP, 4)
    masks.address(6, rows)
    lost = 0
    for index, body in enumerate(bodies):
        least = round((index + 1) / 3 * 0.6 * 65536)
        out = body(x)
        for i, row in enumerate(rows.tolist()):
            stays = slow_coins(4, "stochastic depth", 6, row, 3)[index] >= least
            wanted = plain[index][i] * (65536 / (65536 - least) if stays else 0)
            assert torch.allclose(out[i], wanted, atol=1e-6)
            lost += not stays
    assert 30 < lost < 66  # 48 are expected
    assert masks.layers == ("res1.body", "res2.body", "res3.body")


def test_a_block_without_its_body_hands_on_its_input() -> None:
    made = network(f"3x4x4: {BLOCK}")
    masks = install(made, RegularisePart(stochastic_depth=0.9), 0)
    masks.address(0, np.arange(50))
    x = torch.randn(50, 3, 4, 4)
    out = made(x)
    passed = (out == x).flatten(1).all(1)
    assert 30 < int(passed.sum()) < 50


def test_deeper_blocks_lose_more_and_the_mean_stays() -> None:
    made = network(f"3x4x4: {BLOCK} {BLOCK} {BLOCK} {BLOCK}")
    masks = install(made, RegularisePart(stochastic_depth=0.8), 0)
    masks.address(0, np.arange(4000))
    for index, block in enumerate(made.children()):
        hook = next(iter(block.body._forward_hooks.values()))
        out = hook(block.body, (), torch.ones(4000, 1))
        chance = 0.2 * (index + 1)
        assert float((out == 0).float().mean()) == pytest.approx(chance, abs=0.03)
        assert float(out.mean()) == pytest.approx(1, abs=0.1)


# --- company --------------------------------------------------------------------------------------


def test_a_copy_goes_by_the_same_address_and_a_backward_pass_sees_the_same_coins() -> None:
    made = network(f"3x4x4: {BLOCK} drop0.3 flatten fc6 drop0.5")
    masks = install(made, DEEP, 0)
    twin = copy.deepcopy(made)
    x = torch.randn(6, 3, 4, 4, requires_grad=True)
    masks.address(3, np.arange(6))
    out = made(x)
    assert torch.equal(out, twin(x))
    dropped = made.get_submodule("drop1")(x)
    dropped.sum().backward()
    assert torch.allclose(x.grad == 0, dropped == 0)


@pytest.mark.filterwarnings("ignore:The .grad attribute")  # of PyTorch's compiler about itself
def test_a_compiled_network_drops_the_same() -> None:
    made = nn.Sequential(nn.Flatten(), nn.Linear(12, 16), nn.Dropout(0.5), nn.Linear(16, 4))
    masks = install(made, OWN, 0)
    compiled = torch.compile(made, backend="eager")
    x = torch.randn(6, 3, 2, 2)
    for epoch in (0, 1, 0):
        masks.address(epoch, np.arange(6))
        assert torch.equal(compiled(x), made(x))


def test_attention_that_drops_in_its_own_kernel_drops_nothing_and_so_is_the_same_every_time() -> (
    None
):
    # As transformers of timm ask for it: the layer is never called, only its probability is read.
    class Attention(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.attn_drop = nn.Dropout(0.5)

        def forward(self, x: Any) -> Any:
            chance = self.attn_drop.p if self.training else 0.0
            return nn.functional.scaled_dot_product_attention(x, x, x, dropout_p=chance)

    made, x = Attention().train(), torch.randn(2, 1, 5, 4)
    assert not torch.equal(made(x), made(x)), "with draws of PyTorch's own"
    wanted = copy.deepcopy(made).eval()(x)
    install(made, OWN, 7)
    assert torch.equal(made.train()(x), wanted)
