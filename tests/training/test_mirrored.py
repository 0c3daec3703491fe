"""Filters in pairs: a mirrored picture gets the same answer, and teaches as it and its mirror image would."""

from __future__ import annotations

import copy
from typing import Any

import pytest

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402

from striate.errors import CannotTrain  # noqa: E402
from striate.grammar.plan import Plan  # noqa: E402
from striate.training import initialise  # noqa: E402
from striate.training.initialise import seeded, start  # noqa: E402
from striate.training.loop import fit  # noqa: E402
from striate.training.mirrored import CannotMirror, tied  # noqa: E402
from striate.training.recipe import Recipe  # noqa: E402
from striate.training.recipe_parts import StartPart  # noqa: E402
from striate.zoo import striate  # noqa: E402
from tests.training import small  # noqa: E402

# Pools that leave no column out: 17 → 16 → 8 → 4.
OURS = (
    "3x17x17: whiten=(conv2-24 gelu) (conv3p1b0-30 max2 bn gelu conv3p1-30 bn gelu) "
    "(conv3p1b0-41 max2 bn gelu {conv3p1-41 bn gelu conv3p1-41 bn} gelu) gmp fc5"
)
PLAIN = "3x16x16: conv3p1-7 gelu max2 conv5p2-16 bn gelu gap fc8 gelu fc3"


def zoo(name: str) -> str:
    """One of our own, as small pictures see it."""
    return striate.text(name)


def pictures(count: int = 40, side: int = 17, channels: int = 3) -> Any:
    """Coloured and smooth to one side, so that their mirror images are other pictures."""
    drawn = torch.randn(count, channels, side, side, generator=torch.Generator().manual_seed(3))
    drawn = drawn + drawn.roll(1, 3) + 0.5 * drawn.roll((1, 2), (2, 3))
    return drawn + torch.linspace(-1, 1, side)


def built(text: str) -> Any:
    """Always the same of a text."""
    with seeded(0):
        return Plan.read(text).build()


def begun(text: str, images: Any = None) -> tuple[Any, Any]:
    """A network in float64 whose filters come in pairs, with norms that have seen something."""
    network = built(text)
    start(network, StartPart("auto"), images, 0, mirrored=True)
    for one in network.modules():
        if isinstance(one, nn.BatchNorm2d):
            nn.init.normal_(one.weight)
            nn.init.normal_(one.get_buffer("running_mean"))
    network.double()
    pairs = tied(network)
    pairs.weights()
    return network, pairs


@pytest.mark.parametrize("text", [OURS, PLAIN, zoo("striate-xs"), zoo("striate-m")])
def test_a_mirrored_picture_gets_the_same_answer(text: str) -> None:
    side = int(text[2:4])
    network, _ = begun(text, pictures())
    images = pictures(side=side).double()
    network.eval()
    with torch.no_grad():
        found, other = network(images), network(images.flip(-1))
        turned = network(images.flip(-2))
    torch.testing.assert_close(found, other, rtol=0, atol=1e-10)
    assert float((found - turned).abs().max()) > 1e-3, "upside down it is another picture"


@pytest.mark.parametrize("text", [OURS, PLAIN])
def test_a_gradient_is_the_mean_of_a_picture_and_its_mirror_image(text: str) -> None:
    network, pairs = begun(text, pictures())
    images = pictures(side=int(text[2:4])).double()
    labels = torch.arange(len(images)) % 3
    network.eval()  # norms of a batch see one side only
    for one in (images, images.flip(-1)):
        (nn.functional.cross_entropy(network(one), labels) / 2).backward()
    wanted = {n: p.grad.clone() for n, p in network.named_parameters() if p.grad is not None}
    network.zero_grad()
    nn.functional.cross_entropy(network(images), labels).backward()
    alone = {n: p.grad.clone() for n, p in network.named_parameters() if p.grad is not None}
    pairs.gradients()
    for name, one in network.named_parameters():
        if one.grad is not None:
            torch.testing.assert_close(one.grad, wanted[name], rtol=0, atol=1e-12)
    assert any(float((alone[n] - wanted[n]).abs().max()) > 1e-4 for n in wanted)


def test_filters_have_their_pairs_and_what_has_them_is_not_changed() -> None:
    network, pairs = begun(OURS, pictures())
    for conv in (one for one in network.modules() if isinstance(one, nn.Conv2d)):
        rows = {tuple(sorted(one.flatten().tolist())) for one in conv.weight.detach()}
        others = {tuple(sorted(one.flip(-1).flatten().tolist())) for one in conv.weight.detach()}
        assert rows == others
    before = copy.deepcopy(network.state_dict())
    pairs.weights()
    for name, value in network.state_dict().items():
        assert torch.equal(value, before[name])


@pytest.mark.parametrize(("channels", "filters"), [(3, 24), (1, 8), (3, 30), (3, 12), (1, 11)])
def test_whitening_filters_hold_their_mirror_images(channels: int, filters: int) -> None:
    """Each filter, with left and right exchanged, is one of them."""
    network = built(f"{channels}x9x9: whiten=(conv2-{filters} gelu) conv3p1-4 bn gmp fc2")
    start(network, StartPart("auto"), pictures(200, 9, channels), 0, mirrored=True)
    found = network.whiten[0].weight.detach()
    if (channels, filters) != (1, 11):
        far = torch.cdist(found.flip(-1).flatten(1), found.flatten(1)).min(1).values
        assert float(far.max()) < 1e-3
        tied(network)
    else:  # the last of three random ones is alone
        with pytest.raises(CannotMirror, match="no mirror images among them"):
            tied(network)


def test_mirrored_whitening_whitens_pictures_and_their_mirror_images_together() -> None:
    network = built("3x17x17: whiten=(conv2-24 gelu) conv3p1-4 bn gmp fc2")
    images = pictures(300)
    start(network, StartPart("auto"), images, 0, mirrored=True)
    both = torch.cat([images, images.flip(-1)]).double()
    weight = network.whiten[0].weight.detach().double()[:12]
    made = nn.functional.conv2d(both, weight).transpose(0, 1).flatten(1)
    found = made @ made.T / made.shape[1]
    off = found - torch.diag(found.diag())
    assert float(off.abs().max()) < 1e-4
    assert float(found.diag().min()) > 0.9


def test_pictures_of_which_nothing_varies_still_give_pairs() -> None:
    """Grey pictures in three channels: most directions have a variance of 0, where any basis would do."""
    network = built("3x17x17: whiten=(conv2-24 gelu) conv3p1-4 bn gmp fc2")
    start(network, StartPart("auto"), pictures(60, 17, 1).repeat(1, 3, 1, 1), 0, mirrored=True)
    tied(network)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("3x8x8: dw3p1 conv1-4 gap fc2", "groups or a stride"),
        ("3x8x8: conv3s2p1-4 gap fc2", "groups or a stride"),
        ("3x8x8: conv3p1-4 relu fc2", "reads places"),
        ("3x8x8: conv2same-4 gap fc2", "PaddedConv"),
        ("3x8x8: [conv3p1-4 | conv1-4] gap fc2", "Fork"),
        ("3x8x8: conv3p1-4 {conv3p1-8 bn} gap fc2", "shortcut"),
        ("3x8x8: max2 gap fc2", "reads places"),
    ],
)
def test_what_has_a_side_of_its_own_is_refused_with_the_reason(text: str, why: str) -> None:
    with pytest.raises(CannotMirror, match=why):
        tied(built(text))


@pytest.mark.parametrize(
    "more", [("optimiser.name=muon",), ("optimiser.name=adamw", "average.name=swa")]
)
def test_training_keeps_the_pairs_to_the_bit(more: tuple[str, ...]) -> None:
    recipe = Recipe().changed(("regularise.mirrored=yes", "epochs=1", *more))
    here = small.begun(recipe, small.course(recipe))
    for _ in fit(here.network, small.batches(recipe), recipe, here.course, training=here):
        pass
    for one in tied(here.network).tied:
        value = getattr(one.owner, one.name)
        assert torch.equal(one.mirrored(value), value)
    assert here.pairs is not None


def test_without_the_knob_nothing_is_tied() -> None:
    for value in ("no", "auto"):  # a run from before the knob has no word for it
        recipe = Recipe().changed((f"regularise.mirrored={value}", "epochs=1"))
        assert small.begun(recipe, small.course(recipe)).pairs is None


def test_all_of_space_gives_the_directions_that_a_mirror_knows_nothing_of() -> None:
    weight = torch.zeros(4, 3, 2, 2)
    (all_of_it,) = initialise._sides(weight, False)
    assert torch.equal(all_of_it, torch.eye(12, dtype=torch.float64))
    even, odd = initialise._sides(torch.zeros(4, 3, 3, 3), True)
    basis = torch.cat([even, odd], 1)
    torch.testing.assert_close(basis.T @ basis, torch.eye(27, dtype=torch.float64))
    assert (even.shape[1], odd.shape[1]) == (18, 9)


def test_fit_says_what_to_do_about_a_network_that_has_no_pairs() -> None:
    recipe = Recipe().changed(("regularise.mirrored=yes", "epochs=1"))
    network, course = small.network(text="1x8x8: conv3p1-4 gelu fc10"), small.course(recipe)
    with pytest.raises(CannotTrain, match=r"reads places.*regularise\.mirrored at auto") as fault:
        list(fit(network, small.batches(recipe), recipe, course))
    assert fault.value.code == "T004"
