"""The textbook network is the PyTorch network: weights, outputs and gradients, to 1e-9 in float64."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pytest

from striate.errors import UsageError, WordFault
from striate.grammar.plain import Same
from striate.grammar.plan import Plan
from striate.grammar.vocabulary import WORDS
from striate.textbook.network import Network
from striate.zoo.catalogue import plan_of

torch = pytest.importorskip("torch")

EXAMPLES = [kind.example for kind, _ in WORDS.values() if kind.example != "relu"]
ACTIVATIONS = [name for name, (kind, _) in WORDS.items() if kind.example == "relu"]
MORE = [
    "relu6", "relu4", "leaky0.2", "elu0.5", "se", "se4", "conv4same-6", "conv3s2p1d2g4-8", "conv3x1b0-4",
    "dw3p1-32", "local3s2p1d2-4", "local4same-4", "max3s2p1c", "max2d2", "avg3s2p1c", "avg2s3c", "avgto5x3",
    "maxto5x3", "lrn4", "every3x2-20", "drop0.2", "fc7b0", "bn0.01", "maxout4", "part4i3",
]  # fmt: skip
# PyTorch keeps the slope 1/6 of its hard sigmoid in 32 bits; ours is checked by trying.
ROUNDED = {"hsigmoid", "se16h"}
PLANS = {
    "LeNet-5": "1x32x32: conv5-6 tanh avg2 conv5-16 tanh avg2 conv5-120 tanh fc84 tanh fc10",
    "VGG-like": "3x12x12: (conv3p1-6 relu)*2 max2 (conv3p1-8 bn relu)*2 max2 fc16 relu drop0.5 fc10",
    "residuals": "3x12x12: stem=(conv3p1-8 bn relu) stage1=({conv3s2p1-12 bn relu conv3p1-12 bn} relu "
    "{conv3p1-12 bn relu conv3p1-12 bn} relu) gap fc10",
    "branches": "3x9x9: [conv1-4 relu | conv1-2 conv3p1-4 relu | max3s1p1 conv1-3] bn "
    "[conv3p1-6 + conv1-6 + conv5p2-6] relu gmp fc5",
    "nested": "2x8x8: {[conv3p1-2 + {conv1-2 tanh}] bn} (conv3p1-4 silu {dw3p1 bn hswish conv1-4})*2 "
    "flatten fc3",
    "groups": "4x9x9: {conv1g2-8 relu shuffle2 dw3p1 conv1g2-4} relu [part2i1 id | part2i2 conv3p1] se2 "
    "gap fc4",
    "softmax inside": "3x6x6: softmax conv3-4 maxout2 lrn3 avgto2 fc3 softmax",
}  # fmt: skip


def twins(text: str) -> tuple[Any, Network]:
    """Both builds, with the weights of the PyTorch one."""
    plan = Plan.read(text)
    theirs, ours = plan.build(softmax=True).double(), plan.build("textbook", softmax=True)
    with torch.no_grad():
        # So that scales, slopes and running means are no round numbers.
        for tensor in theirs.state_dict().values():
            if tensor.is_floating_point():
                tensor.add_(0.1 * torch.randn_like(tensor))
    state = {name: tensor.numpy() for name, tensor in theirs.state_dict().items()}
    assert set(ours.state) == set(state)
    ours.load(state)
    return theirs, ours


def apart(text: str, *, training: bool) -> dict[str, float]:
    """How far outputs, gradients and buffers are apart, each in parts of its largest number."""
    theirs, ours = twins(text)
    theirs.train(training)
    ours.set(training=training)
    shape = Plan.read(text)[0].given
    given = torch.randn(3, *shape[:3], dtype=torch.float64, requires_grad=True)
    out = theirs(given)
    upstream = torch.randn_like(out)
    out.backward(upstream)
    pairs = {"output": (ours.forward(given.detach().numpy()), out.detach())}
    pairs["input"] = (ours.backward(upstream.numpy()), given.grad)
    pairs |= {n: (ours.gradients[n], p.grad) for n, p in theirs.named_parameters()}
    pairs |= {f"buffer {n}": (ours.state[n], b) for n, b in theirs.named_buffers()}
    found = {}
    for name, (mine, tensor) in pairs.items():
        assert mine.shape == tuple(tensor.shape), name
        wanted = tensor.numpy()
        # Gradients of deep networks can be small or large altogether; what is 0 in truth is noise in both.
        size = max(np.abs(wanted).max(), 1e-3)
        found[name] = float(np.abs(mine - wanted).max() / size)
    return found


@pytest.mark.parametrize("word", [*EXAMPLES, *ACTIVATIONS, *MORE])
def test_a_word_has_the_outputs_and_gradients_of_the_pytorch_build(word: str) -> None:
    found = apart(f"16x13x11: {word}", training=not word.startswith("drop"))
    limit = 1e-7 if word in ROUNDED else 1e-9
    assert max(found.values()) < limit, found


@pytest.mark.parametrize("training", [False, True], ids=["in use", "in training"])
@pytest.mark.parametrize("name", PLANS)
def test_a_network_has_the_outputs_and_gradients_of_the_pytorch_build(
    name: str, training: bool
) -> None:
    text = PLANS[name].replace("drop0.5 ", "" if training else "drop0.5 ")
    found = apart(text, training=training)
    assert max(found.values()) < 1e-9, found


@pytest.mark.parametrize(
    "name", ["lenet5", "neocognitron", "convnetjs-cifar10", "resnet20-cifar", "shufflenet_v2_x0_5"]
)
def test_a_network_of_the_zoo_is_that_of_the_pytorch_build(name: str) -> None:
    found = apart(plan_of(name).text, training=False)
    assert max(found.values()) < 1e-9, found


@pytest.mark.parametrize(
    "word", ["bn", "relu", "prelu", "maxout2", "drop0.5", "softmax", "scale0.5", "id"]
)
def test_a_word_on_a_vector_is_that_of_the_pytorch_build(word: str) -> None:
    found = apart(f"2x3x3: fc6 {word} fc4", training=word != "drop0.5")
    assert max(found.values()) < 1e-9, found


def test_dropout_drops_in_training_and_at_its_own_address() -> None:
    network = Plan.read("1x10x10: drop0.5 drop0.5").build("textbook")
    network.set(training=True, address=(0, 1))
    made = network.forward(np.ones((4, 1, 10, 10)))
    assert set(np.unique(made)) == {0.0, 4.0}
    assert abs((made > 0).mean() - 0.25) < 0.1  # the two do not drop the same numbers


def test_first_weights_come_from_the_seed() -> None:
    plan = Plan.read("3x8x8: conv3-4 bn relu conv3-4 fc10")
    one, again, other = (plan.build("textbook", seed=seed).weights for seed in (0, 0, 1))
    assert all((again[name] == array).all() for name, array in one.items())
    assert (other["conv1.weight"] != one["conv1.weight"]).all()
    assert set(one["fc1.bias"]) == {0.0}
    assert "conv1.bias" not in one  # a norm follows
    assert sum(array.size for array in one.values()) == plan.parameters


def test_a_final_softmax_is_left_to_the_loss_unless_it_is_asked_for() -> None:
    plan = Plan.read("3x4x4: head=(fc5 softmax)")
    assert list(plan.build("textbook").root.parts["head"].parts) == ["fc1_flatten", "fc1"]
    asked = plan.build("textbook", softmax=True).forward(np.ones((2, 3, 4, 4)))
    assert np.allclose(asked.sum(axis=1), 1)


@dataclass(frozen=True, kw_only=True)
class _Blur(Same):
    """A word that somebody added and the textbook does not have."""

    name: ClassVar[str] = "blur"
    example: ClassVar[str] = "blur"


def test_a_word_without_a_layer_is_refused_at_its_place() -> None:
    read = Plan.read("3x8x8: conv3-4 relu")
    plan = Plan((*read.items, _Blur(at=20)), read.given, read.text + " blur")
    with pytest.raises(WordFault, match="the textbook has no layer for this word") as met:
        plan.build("textbook")
    assert "plan.build()" in met.value.hint
    assert "column 21" in met.value.where


def test_there_are_two_builds_and_no_third() -> None:
    with pytest.raises(UsageError, match="built as `torch` or as `textbook`; got 'paper'"):
        Plan.read("3x4x4: fc5").build("paper")  # type: ignore[call-overload]


def test_the_textbook_network_needs_no_torch(child) -> None:
    code = (
        "from striate.grammar.plan import Plan; Plan.read('1x5x5: conv3-2 fc2').build('textbook')"
    )
    done = child("-c", code + "; import sys; assert 'torch' not in sys.modules")
    assert done.returncode == 0, done.stderr
