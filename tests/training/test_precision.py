"""The self-test of bf16: what is right passes, what is wrong is caught, and what is slow is never run."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from striate.errors import CannotTrain
from striate.grammar.plan import Plan
from striate.training import precision
from striate.training.precision import KNOWN_FAULT, QUICK, Verdict, decide
from striate.training.precision_layers import Layer, allowed, compare, layers_of
from striate.training.precision_trial import Trial, Tried

SMALL = "3x12x12: conv2-6 bn relu (conv3p1-8 bn relu)*2 dw3p1 gap drop0.5 fc4"
LAYERS = (
    *QUICK,
    Layer("conv", 8, 16, (9, 11), (3, 3), (2, 2), (1, 1)),
    Layer("conv", 12, 12, (10, 10), (3, 3), padding=(1, 1), groups=12),
    Layer("conv", 6, 8, (13, 9), (3, 5), padding=(2, 0), dilation=(2, 1), bias=False),
    Layer("conv", 3, 8, (16, 16), (4, 4), (4, 4)),
    Layer("linear", 100, 7, (3, 1), bias=False),
)
Conv = Callable[..., Tensor]


def network(text: str = SMALL) -> nn.Module:
    return Plan.read(text).build()


def lower() -> bool:
    """Whether bf16 is what is computed in now."""
    return torch.is_autocast_enabled("cpu")


def wrong_in_bf16(
    monkeypatch: pytest.MonkeyPatch, wrong: Callable[[Conv, Tensor, Tensor], Tensor]
) -> None:
    """Put a convolution in place whose bf16 form does `wrong(right, x, weight)`."""
    real: Conv = functional.conv2d

    def conv(x: Tensor, weight: Tensor, bias: Tensor | None = None, *more: object) -> Tensor:
        if not lower():
            return real(x, weight, bias, *more)
        return wrong(lambda x, weight: real(x, weight, bias, *more), x, weight)

    monkeypatch.setattr(functional, "conv2d", conv)


def one_of_four(right: Conv, x: Tensor, weight: Tensor) -> Tensor:
    """The fault of pytorch issue 163347: four ones are 1."""
    mask = torch.zeros_like(weight)
    mask[..., 0, 0] = 1
    return right(x, weight * mask if weight.shape[-1] == 2 else weight)


@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: layer.label)
def test_bf16_of_this_machine_rounds_as_it_may(layer: Layer) -> None:
    worst, _ = compare(layer, layer.size, 2, "cpu")
    assert 0 < worst.error <= worst.allowed
    assert worst.is_right


def test_the_convolution_that_gave_1_instead_of_4_is_caught(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wrong_in_bf16(monkeypatch, one_of_four)
    ones = torch.ones(1, 1, 2, 2)
    with torch.autocast("cpu", torch.bfloat16):
        assert functional.conv2d(ones, ones).item() == 1
    worst, _ = compare(KNOWN_FAULT, (2, 2), 1, "cpu")
    assert not worst.is_right
    found = decide("auto", network(), (3, 12, 12), 8, seconds=2)
    assert (found.precision, found.is_right) == ("fp32", False)
    assert found.why.startswith("bf16 is wrong here: conv 2x2 ")
    assert "where rounding explains" in found.why


def test_bf16_that_is_asked_for_is_refused_where_it_is_wrong(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wrong_in_bf16(monkeypatch, one_of_four)
    with pytest.raises(
        CannotTrain, match=r"asks for bf16.*cannot be trusted: bf16 is wrong here: conv 2x2"
    ):
        decide("bf16", network(), (3, 12, 12), 8, seconds=2)


@pytest.mark.parametrize("channels", [3, 16, 100])
def test_one_product_lost_of_hundreds_is_seen(
    monkeypatch: pytest.MonkeyPatch, channels: int
) -> None:
    def lose(right: Conv, x: Tensor, weight: Tensor) -> Tensor:
        mask = torch.ones_like(weight)
        mask[:, 0, 0, 0] = 0
        return right(x, weight * mask)

    wrong_in_bf16(monkeypatch, lose)
    layer = Layer("conv", channels, 8, (10, 10), (3, 3), padding=(1, 1))
    assert not compare(layer, layer.size, 2, "cpu")[0].is_right


def test_one_wrong_number_among_thousands_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    def spoil(right: Conv, x: Tensor, weight: Tensor) -> Tensor:
        answer = right(x, weight)
        whole = torch.ones_like(answer)
        whole[0, 0, -1, -1] = -1
        return answer * whole

    wrong_in_bf16(monkeypatch, spoil)
    layer = Layer("conv", 16, 16, (16, 16), (3, 3), padding=(1, 1))
    assert not compare(layer, layer.size, 2, "cpu")[0].is_right


def test_a_gradient_that_is_wrong_is_seen_where_the_answer_is_right(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def slip(right: Conv, x: Tensor, weight: Tensor) -> Tensor:
        return right(x, weight + 0.2 * (weight - weight.detach()))

    wrong_in_bf16(monkeypatch, slip)
    worst, _ = compare(KNOWN_FAULT, (2, 2), 2, "cpu")
    assert (worst.what, worst.is_right) == ("gradient of the weights", False)


def test_an_answer_that_is_no_number_is_wrong_and_can_be_kept_as_json(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wrong_in_bf16(monkeypatch, lambda right, x, weight: right(x, weight) * math.nan)
    found = decide("auto", network(), (3, 12, 12), 8, seconds=2)
    assert found.is_right is False
    assert None in [row["error"] for row in found.numbers]
    json.dumps(found.to_dict(), allow_nan=False)


@pytest.mark.parametrize("products", [4, 27, 100, 2304, 4608])
def test_what_is_allowed_is_what_blocked_sums_in_bf16_do(products: int) -> None:
    """An oracle that adds in plain steps, rounded where the docstring says."""
    drawn = torch.Generator().manual_seed(products)
    x, w = (torch.randn(400, products, generator=drawn).bfloat16().double() for _ in range(2))
    terms = x * w
    scale = terms.square().sum(1).sqrt()

    def added(block: int) -> float:
        total = torch.zeros(400, dtype=torch.float64)
        for start in range(0, products, block):
            total = (total + terms[:, start : start + block].sum(1)).bfloat16().double()
        return float(((total - terms.sum(1)) / scale).square().mean().sqrt())

    once, blocked, each = added(products), added(max(1, math.isqrt(products))), added(1)
    assert once < allowed(products) / 2
    assert once < blocked < allowed(products)
    assert (each > allowed(products)) == (
        products > 1000
    )  # then bf16 accumulators are no longer right


def test_the_layers_of_a_network_are_found_and_counted_without_changing_it() -> None:
    made = network()
    made.train()
    list(made.modules())[1].eval()
    modes = [module.training for module in made.modules()]
    held = {name: tensor.clone() for name, tensor in made.state_dict().items()}
    found = layers_of(made, (3, 12, 12))
    assert found == {
        Layer("conv", 3, 6, (12, 12), (2, 2), bias=False): 1,
        Layer("conv", 6, 8, (11, 11), (3, 3), padding=(1, 1), bias=False): 1,
        Layer("conv", 8, 8, (11, 11), (3, 3), padding=(1, 1), bias=False): 1,
        Layer("conv", 8, 8, (11, 11), (3, 3), padding=(1, 1), groups=8): 1,
        Layer("linear", 8, 4, (1, 1)): 1,
    }
    assert modes == [module.training for module in made.modules()]
    assert all(torch.equal(held[name], tensor) for name, tensor in made.state_dict().items())


def test_a_layer_that_is_used_three_times_counts_three_times() -> None:
    conv = nn.Conv2d(4, 4, 3, padding="same")
    assert list(layers_of(nn.Sequential(conv, conv, conv), (4, 8, 8)).values()) == [3]


@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: layer.label)
def test_a_smaller_layer_still_runs_and_has_less_work(layer: Layer) -> None:
    for share in (0, 1e-3, 0.1, 0.5, 1, 2):
        size = layer.smaller(share * layer.work(layer.size))
        assert min(layer.answer(size)) >= 1
        assert layer.work(size) <= layer.work(layer.size)
        if share >= 1:
            assert size == layer.size


def test_weights_beyond_four_million_are_tested_with_fewer_outputs() -> None:
    thin = Layer("linear", 25088, 4096, (1, 1)).thinner()
    assert thin.given == 25088
    assert 1 << 21 < thin.given * thin.made <= 1 << 22


def test_deciding_changes_neither_the_network_nor_torchs_generator() -> None:
    made = network().train()
    held = {name: tensor.clone() for name, tensor in made.state_dict().items()}
    before = torch.get_rng_state()
    found = decide("auto", made, (3, 12, 12), 4, seconds=2)
    assert found.is_right is not False, found.why
    assert torch.equal(before, torch.get_rng_state())
    assert all(torch.equal(held[name], tensor) for name, tensor in made.state_dict().items())
    assert all(parameter.grad is None for parameter in made.parameters())
    assert all(module.training and not module._forward_hooks for module in made.modules())
    json.dumps(found.to_dict(), allow_nan=False)
    wanted = {"layer", "shape", "what", "error", "allowed", "fp32_ms", "bf16_ms"}
    assert all(set(row) == wanted for row in found.numbers)


def test_where_bf16_is_emulated_the_test_still_ends_and_says_how_slow_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Ten million operations a second: the step alone would take ten minutes."""

    def busy(work: float) -> None:
        end = time.thread_time() + work / 1e7
        while time.thread_time() < end:
            pass

    def slow(right: Conv, x: Tensor, weight: Tensor) -> Tensor:
        answer = right(x, weight)
        busy(2.0 * answer.numel() * weight[0].numel())
        return answer

    wrong_in_bf16(monkeypatch, slow)
    made = network("3x64x64: conv2-24 (conv3p1-64 relu)*4 gap fc10")
    begun = time.perf_counter()
    found = decide("auto", made, (3, 64, 64), 256, seconds=2)
    assert time.perf_counter() - begun < 30  # ends; ten times what it should take, and more
    assert found.precision == "fp32"
    assert "times slower than fp32" in found.why
    assert (found.slower or 0) > 3


def test_fp32_that_is_asked_for_needs_no_test(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precision, "Trial", None)
    found = decide("fp32", network(), (3, 12, 12), 4)
    assert found == Verdict("fp32", "fp32 as the recipe says; nothing was tested")


def test_fp16_is_not_offered() -> None:
    with pytest.raises(CannotTrain, match="auto, fp32 or bf16, not 'fp16'; fp16 is not offered"):
        decide("fp16", network(), (3, 12, 12), 4)


def trial(step_ms: dict[str, float], ran_s: tuple[float, float] = (0.1, 0.2)) -> Trial:
    """A trial whose measurements are made up."""
    made = Trial(8, "cpu")
    worst, _ = compare(KNOWN_FAULT, (2, 2), 1, "cpu")
    made.tried[KNOWN_FAULT] = Tried((1, 1, 2, 2), worst, 24.0, 0.1, 0.2, 0.3, 0.2)
    made.ran_s = {"fp32": ran_s[0], "bf16": ran_s[1]}
    made.step_ms, made.pictures = step_ms, 64
    return made


@pytest.mark.parametrize(
    ("step_ms", "wanted", "says"),
    [
        (
            {"bf16": 50, "fp32": 100},
            "bf16",
            "and 2 times as fast as fp32 (50 and 100 ms for a step of 64",
        ),
        ({"bf16": 97, "fp32": 100}, "fp32", "but no faster than fp32 (97 and 100 ms"),
        ({"bf16": 3800, "fp32": 100}, "fp32", "but 38 times slower than fp32"),
    ],
)
def test_the_whole_step_decides_and_the_sentence_has_its_numbers(
    step_ms: dict[str, float], wanted: str, says: str
) -> None:
    found = precision._judged(trial(step_ms))
    assert (found.precision, found.is_right) == (wanted, True)
    assert says in found.why
    assert "1 kinds of layers" in found.why


def test_layers_alone_do_not_bring_bf16() -> None:
    found = precision._judged(trial({}, ran_s=(0.2, 0.1)))
    assert found.precision == "fp32"
    assert "a whole step could not be timed in 8 s, so it is not used" in found.why
    assert precision._judged(trial({}, ran_s=(0.2, 0.1)), by_layers=True).precision == "bf16"


def test_channels_come_first_where_that_is_clearly_faster_in_fp32() -> None:
    first = {"bf16": 300.0, "fp32": 100.0, "fp32, channels first": 80.0}
    assert not precision._judged(trial(first)).channels_last
    assert precision._judged(trial({**first, "fp32, channels first": 95.0})).channels_last
    assert precision._judged(trial({**first, "bf16": 50.0})).channels_last


def test_bf16_that_is_asked_for_and_slow_is_used_and_said_so() -> None:
    found = precision._pinned("bf16", precision._judged(trial({"bf16": 900, "fp32": 100})))
    assert found.precision == "bf16"
    assert found.why.startswith("bf16 as the recipe says; bf16 is right here, but 9 times slower")


def test_a_step_that_bf16_cannot_do_leaves_fp32() -> None:
    class Odd(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            if lower():
                raise RuntimeError("no kernel for BFloat16")
            return x.mean((1, 2, 3))

    made = nn.Sequential(nn.Conv2d(3, 4, 3), Odd())
    test = Trial(30, "cpu")
    with pytest.raises(RuntimeError, match="no kernel"):
        test.step(made, (3, 8, 8), 4)
    test.broken = "RuntimeError: no kernel for BFloat16"
    found = precision._judged(test)
    assert (found.precision, found.is_right) == ("fp32", False)
    assert found.why == "bf16 could not be tried here: RuntimeError: no kernel for BFloat16"


def test_a_network_that_does_not_fit_the_pictures_says_so_itself() -> None:
    with pytest.raises(RuntimeError, match="channels"):
        decide("auto", network(), (1, 12, 12), 4, seconds=1)


def test_other_devices_stay_with_fp32() -> None:
    found = decide("auto", network(), (3, 12, 12), 4, device="mps")
    assert found.why == "bf16 was not tried: the self-test knows cpu and cuda, not mps"
    with pytest.raises(CannotTrain, match="knows cpu and cuda, not mps"):
        decide("bf16", network(), (3, 12, 12), 4, device="mps")


def test_the_quick_test_looks_at_two_convolutions_and_a_product() -> None:
    before = torch.get_rng_state()
    found = precision.quick(2)
    assert torch.equal(before, torch.get_rng_state())
    assert found.is_right is not False, found.why
    assert {row["layer"] for row in found.numbers} <= {layer.label for layer in QUICK}


@pytest.mark.parametrize(("slower", "wanted"), [(0.5, True), (0.99, False), (60.0, False)])
def test_bf16_promises_something_where_its_products_are_faster(
    slower: float, wanted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def products(self: Trial) -> None:
        self.product_s = {"fp32": 1.0, "bf16": slower}

    monkeypatch.setattr(Trial, "products", products)
    assert precision.promises.__wrapped__("cpu") is wanted


def test_bf16_promises_nothing_where_there_is_no_kernel_for_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def products(self: Trial) -> None:
        raise RuntimeError("no kernel for BFloat16")

    monkeypatch.setattr(Trial, "products", products)
    assert not precision.promises.__wrapped__("cpu")
    assert not precision.promises.__wrapped__("mps")


def test_a_card_is_tested_in_the_same_way() -> None:
    if not torch.cuda.is_available():
        pytest.skip("needs a CUDA device, and torch finds none")
    found = decide("auto", network().cuda(), (3, 12, 12), 8, device="cuda", seconds=4)
    assert found.is_right is not False or "has none" in found.why
