"""The zoo against torchvision (parameters, outputs, gradients), against the papers' numbers, and
its tables as golden files.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from striate.errors import UnknownModel
from striate.grammar.plan import Plan
from striate.verbs.plan import plan
from striate.zoo.catalogue import CATALOGUE, find, plan_of

Golden = Callable[[str, str], None]
TWINS = [name for name, network in CATALOGUE.items() if network.weights]
# seeing.md 5.1: parameters and multiply-adds at 224 (Inception at 299), without auxiliary heads
REFERENCE = {
    "alexnet": (61_100_840, 0.7142),
    "vgg16": (138_357_544, 15.4703),
    "googlenet": (6_624_904, 1.4984),
    "inception_v3": (23_834_568, 5.7132),
    "resnet18": (11_689_512, 1.8141),
    "resnet50": (25_557_032, 4.0892),
    "mobilenet_v2": (3_504_872, 0.3008),
}
FIELDS = {
    "alexnet": 195, "vgg16": 212, "googlenet": 379, "inception_v3": 1311, "resnet18": 435, "resnet34": 899,
    "resnet50": 427, "resnet101": 971, "resnet152": 1451, "mobilenet_v1": 315, "mobilenet_v2": 491,
}  # fmt: skip
PAPERS = {
    "lenet5": 61_706,
    "alexnet-2012": 60_965_224,
    "allconv": 1_369_738,
    "mobilenet_v1": 4_231_976,
}


@pytest.mark.parametrize("name", CATALOGUE)
def test_a_network_of_the_zoo_survives_writing_and_reading(name: str) -> None:
    plan = plan_of(name)
    assert Plan.read(plan.text) == plan


@pytest.mark.parametrize("name", CATALOGUE)
def test_the_table_of_a_network_is_its_golden_file(name: str, golden: Golden) -> None:
    golden(f"zoo/{name}.out", str(plan_of(name)))


@pytest.mark.parametrize("name", REFERENCE)
def test_parameters_and_multiply_adds_are_the_reference_ones(name: str) -> None:
    plan = plan_of(name)
    parameters, giga = REFERENCE[name]
    assert plan.parameters == parameters
    assert round(plan.macs / 1e9, 4) == giga
    assert plan.flops == 2 * plan.macs


@pytest.mark.parametrize("name", FIELDS)
def test_receptive_fields_are_the_reference_ones(name: str) -> None:
    assert plan_of(name).receptive_field == (FIELDS[name], FIELDS[name])


@pytest.mark.parametrize("name", PAPERS)
def test_networks_that_torchvision_lacks_have_the_papers_parameters(name: str) -> None:
    assert plan_of(name).parameters == PAPERS[name]


@pytest.mark.parametrize("name", TWINS)
def test_torchvision_states_the_same_parameters_and_operations(name: str) -> None:
    models = pytest.importorskip("torchvision.models")
    network = find(name)
    assert network.weights is not None
    meta = models.get_weight(network.weights.enum).meta
    plan = plan_of(name)
    assert round(plan.macs / 1e9, 3) == meta["_ops"]
    if name != "inception_v3":  # torchvision counts its auxiliary head here
        assert plan.parameters == meta["num_params"]


@pytest.mark.parametrize("name", [n for n in TWINS if not n.startswith("vgg")])
def test_torchvisions_weights_give_torchvisions_outputs_and_gradients(name: str) -> None:
    torch = pytest.importorskip("torch")
    from tests.zoo import parity

    torch.manual_seed(0)
    plan = plan_of(name)
    twin = parity.torchvision_twin(name)
    parity.stir(twin)
    ours = plan.build().eval()
    parity.copy_in_order(twin, ours)
    assert sum(p.numel() for p in ours.parameters()) == plan.parameters
    # The smallest picture that every layer takes: the sizes do not matter for equality, the time
    # does.
    side = 75 if name == "inception_v3" else 64
    given = torch.randn(2, 3, side, side)
    left, right = given.clone().requires_grad_(), given.clone().requires_grad_()
    expected, got = twin(left), ours(right)
    scale = expected.abs().max().clamp(min=1)
    assert (expected - got).abs().max() <= 1e-5 * scale
    expected.square().mean().backward()
    got.square().mean().backward()
    pairs = [(left.grad, right.grad)]
    pairs += [(a.grad, b.grad) for a, b in zip(twin.parameters(), ours.parameters(), strict=True)]
    for a, b in pairs:
        assert (a - b).abs().max() <= 1e-4 * max(1.0, float(a.abs().max()))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["vgg16", "vgg16_bn", "vgg19", "vgg19_bn"])
def test_the_widest_networks_equal_torchvisions_too(name: str) -> None:
    pytest.importorskip("torch")
    test_torchvisions_weights_give_torchvisions_outputs_and_gradients(name)


@pytest.mark.parametrize("name", CATALOGUE)
def test_a_built_network_has_the_parts_its_table_names(name: str) -> None:
    torch = pytest.importorskip("torch")

    plan = plan_of(name)
    with torch.device("meta"):
        network = plan.build()
    parts = dict(network.named_modules())
    softmax = [layer for layer in plan if layer.word == "softmax"]
    for layer in plan:
        if layer not in softmax:
            own = sum(p.numel() for p in parts[layer.name].parameters()) if layer.kind else 0
            assert own == layer.parameters, layer.name


def test_a_miss_lists_the_nearest_names() -> None:
    with pytest.raises(UnknownModel, match=r"no network is called 'resnet51'") as caught:
        find("resnet51")
    assert "`resnet50`" in caught.value.hint


def test_the_lectures_rule_refuses_alexnet_and_every_resnet_and_mobilenet(golden: Golden) -> None:
    """`--strict` at 224 pixels: which networks fit exactly, and why the others do not."""
    lines = []
    for name in CATALOGUE:
        try:
            plan_of(name).check_exact()
            lines.append(f"{name}: fits")
        except Exception as refusal:  # noqa: BLE001 the class is checked by the golden text
            lines.append(f"{name}: {type(refusal).__name__}: {refusal}")
    golden("zoo/strict.out", "\n".join(lines))
    refused = [line for line in lines if not line.endswith(": fits")]
    assert all(re.search(r"Remainder: .* does not fit ", line) for line in refused)
    families = ("alexnet:", "resnet", "mobilenet")
    assert all(
        not line.endswith(": fits")
        for line in lines
        if line.startswith(families) and "cifar" not in line
    )


@pytest.mark.parametrize("name", ["striate-xs", "striate-s", "striate-m", "striate-l"])
def test_our_own_have_a_first_filter_and_its_opposite_for_each_number_of_a_patch(name: str) -> None:
    for channels, filters in ((3, 24), (1, 8)):
        first = plan(name, (channels, 28, 28)).layers[0]
        assert first.output.channels == filters == 2 * channels * 2 * 2
    # All but that layer and what it gives to the next are the same.
    coloured, grey = (plan(name, (c, 28, 28)).layers for c in (3, 1))
    assert [one.output for one in grey[2:]] == [one.output for one in coloured[2:]]
